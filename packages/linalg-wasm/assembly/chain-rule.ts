// biome-ignore-all lint/style/noParameterAssign: parameters are pointers, and they walk.
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

/** What `rule` makes of `count` vectors of parameters at `at` by their gradients at `g`; their averages are moved on. */
export function advance<T>(at: usize, count: usize, g: usize, rule: usize): void {
  const kind = load<u32>(rule);
  const distance = load<u32>(rule, 4);
  if (kind === DECAY) decay<T>(at, count, g, rule);
  else if (kind <= NESTEROV) momentum<T>(at, count, g, distance, rule, kind === NESTEROV);
  else adam<T>(at, count, g, distance, rule);
}

function decay<T>(at: usize, count: usize, g: usize, rule: usize): void {
  const rate = setting<T>(rule, 0);
  const decay = setting<T>(rule, 1);
  for (const end = at + count * 16; at < end; at += 16, g += 16) {
    const x = v128.load(at);
    const decayed = v128.add<T>(v128.load(g), v128.mul<T>(decay, x));
    v128.store(at, v128.sub<T>(x, v128.mul<T>(rate, decayed)));
  }
}

function momentum<T>(at: usize, count: usize, g: usize, distance: usize, rule: usize, nesterov: bool): void {
  const rate = setting<T>(rule, 0);
  const decay = setting<T>(rule, 1);
  const momentum = setting<T>(rule, 2);
  for (const end = at + count * 16; at < end; at += 16, g += 16) {
    const x = v128.load(at);
    const decayed = v128.add<T>(v128.load(g), v128.mul<T>(decay, x));
    const v = settled<T>(v128.add<T>(v128.mul<T>(momentum, v128.load(at + distance)), decayed));
    v128.store(at + distance, v);
    const step = nesterov ? v128.add<T>(decayed, v128.mul<T>(momentum, v)) : v;
    v128.store(at, v128.sub<T>(x, v128.mul<T>(rate, step)));
  }
}

/** The settings correct the averages: η/(1 − β₁ᵏ), η λ, β₁, 1 − β₁, β₂, 1 − β₂, 1/√(1 − β₂ᵏ), ε. */
function adam<T>(at: usize, count: usize, g: usize, distance: usize, rule: usize): void {
  const rate = setting<T>(rule, 0);
  const decay = setting<T>(rule, 1);
  const kept = setting<T>(rule, 2);
  const fresh = setting<T>(rule, 3);
  const keptSquare = setting<T>(rule, 4);
  const freshSquare = setting<T>(rule, 5);
  const correction = setting<T>(rule, 6);
  const epsilon = setting<T>(rule, 7);
  for (const end = at + count * 16; at < end; at += 16, g += 16) {
    const x = v128.load(at);
    const slope = v128.load(g);
    const first = at + distance;
    const second = first + distance;
    const m = settled<T>(v128.add<T>(v128.mul<T>(kept, v128.load(first)), v128.mul<T>(fresh, slope)));
    const square = v128.mul<T>(freshSquare, v128.mul<T>(slope, slope));
    const v = settled<T>(v128.add<T>(v128.mul<T>(keptSquare, v128.load(second)), square));
    v128.store(first, m);
    v128.store(second, v);
    const size = v128.add<T>(v128.mul<T>(correction, v128.sqrt<T>(v)), epsilon);
    const step = v128.add<T>(v128.div<T>(v128.mul<T>(rate, m), size), v128.mul<T>(decay, x));
    v128.store(at, v128.sub<T>(x, step));
  }
}
