/*
 * Optimizers that keep running averages. A rule in memory is its kind, the distance in bytes from a parameter to its first
 * average and from there to its second, and from `NUMBERS` on its settings, in the parameters' format: η, η λ or λ, then those
 * of the kind.
 */

/** Plain steps with weight decay: no averages. */
const DECAY: u32 = 1;
const MOMENTUM: u32 = 2;
const NESTEROV: u32 = 3;
const NUMBERS: usize = 8;

// @ts-ignore: a decorator of AssemblyScript, which copies the body before anything is optimized.
@inline
function setting<T>(rule: usize, i: usize): v128 {
  return v128.load_splat<T>(rule + NUMBERS + i * sizeof<T>());
}

/** `x` with numbers too small for full precision as 0: averages of units that are dead would come to them, and they are slow. */
// @ts-ignore: see above.
@inline
function settled<T>(x: v128): v128 {
  const least = v128.splat<T>(sizeof<T>() === 4 ? <T>1.1754943508222875e-38 : <T>2.2250738585072014e-308);
  return v128.andnot(x, v128.lt<T>(v128.abs<T>(x), least));
}

/** Stores `x − g` at `at`, or what `rule` makes of the parameters `x` there and their gradient `g`. */
// @ts-ignore: see above.
@inline
export function take<T>(at: usize, x: v128, g: v128, rule: usize): void {
  v128.store(at, rule === 0 ? v128.sub<T>(x, g) : advance<T>(at, x, g, rule));
}

/** What the parameters `x` at `at` become by their gradient `g`; their averages are moved on. */
function advance<T>(at: usize, x: v128, g: v128, rule: usize): v128 {
  const kind = load<u32>(rule);
  const first = at + load<u32>(rule, 4);
  const rate = setting<T>(rule, 0);
  const decay = setting<T>(rule, 1);
  if (kind <= NESTEROV) {
    const decayed = v128.add<T>(g, v128.mul<T>(decay, x));
    if (kind === DECAY) return v128.sub<T>(x, v128.mul<T>(rate, decayed));
    const momentum = setting<T>(rule, 2);
    const v = settled<T>(v128.add<T>(v128.mul<T>(momentum, v128.load(first)), decayed));
    v128.store(first, v);
    const step = kind === MOMENTUM ? v : v128.add<T>(decayed, v128.mul<T>(momentum, v));
    return v128.sub<T>(x, v128.mul<T>(rate, step));
  }
  // Adam, with its correction of the averages in the settings: η/(1 − β₁ᵏ), η λ, β₁, 1 − β₁, β₂, 1 − β₂, 1/√(1 − β₂ᵏ), ε.
  const second = first + load<u32>(rule, 4);
  const m = settled<T>(
    v128.add<T>(v128.mul<T>(setting<T>(rule, 2), v128.load(first)), v128.mul<T>(setting<T>(rule, 3), g)),
  );
  const square = v128.mul<T>(setting<T>(rule, 5), v128.mul<T>(g, g));
  const v = settled<T>(v128.add<T>(v128.mul<T>(setting<T>(rule, 4), v128.load(second)), square));
  v128.store(first, m);
  v128.store(second, v);
  const size = v128.add<T>(v128.mul<T>(setting<T>(rule, 6), v128.sqrt<T>(v)), setting<T>(rule, 7));
  const step = v128.add<T>(v128.div<T>(v128.mul<T>(rate, m), size), v128.mul<T>(decay, x));
  return v128.sub<T>(x, step);
}
