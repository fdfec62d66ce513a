// biome-ignore-all lint/style/noParameterAssign: parameters are pointers, and they walk.
/*
 * Gradient steps of the affine maps of `chain.ts`, whose layout this is. A step is cut along the inputs: the weights of some groups
 * of inputs, in all panels, and ∂a of those groups need nothing of the others. Sums run in the same order however it is cut.
 */
import { parts, STEP } from './chain';
import { advance } from './chain-rule';
import { madd } from './madd';

/** Groups of inputs times batch rows that a gradient step handles at a time: 24 KB of a and ∂a in the first-level cache. */
const REACH: usize = 768;

export function chainDescend32(
  panels: usize,
  groups: usize,
  first: usize,
  count: usize,
  rows: usize,
  stride: usize,
  w: usize,
  a: usize,
  delta: usize,
  da: usize,
  step: f32,
  rule: usize,
  work: usize,
): void {
  descend<f32>(panels, groups, first, count, rows, stride, w, a, delta, da, step, rule, work);
}

export function chainDescend64(
  panels: usize,
  groups: usize,
  first: usize,
  count: usize,
  rows: usize,
  stride: usize,
  w: usize,
  a: usize,
  delta: usize,
  da: usize,
  step: f64,
  rule: usize,
  work: usize,
): void {
  descend<f64>(panels, groups, first, count, rows, stride, w, a, delta, da, step, rule, work);
}

export function chainBiases32(
  count: usize,
  rows: usize,
  stride: usize,
  beta: usize,
  delta: usize,
  step: f32,
  rule: usize,
  work: usize,
): void {
  biases<f32>(count, rows, stride, beta, delta, step, rule, work);
}

export function chainBiases64(
  count: usize,
  rows: usize,
  stride: usize,
  beta: usize,
  delta: usize,
  step: f64,
  rule: usize,
  work: usize,
): void {
  biases<f64>(count, rows, stride, beta, delta, step, rule, work);
}

export function chainSignal32(count: usize, delta: usize, a: usize, scale: f32, relu: bool): void {
  signal<f32>(count, delta, a, scale, relu);
}

export function chainSignal64(count: usize, delta: usize, a: usize, scale: f64, relu: bool): void {
  signal<f64>(count, delta, a, scale, relu);
}

/** Groups of inputs that are handled at a time; their gradients take `STEP` bytes of work space each. */
export function chainReach(rows: usize): usize {
  return max(REACH / rows, 2);
}

/**
 * One pass over the weights of `count` groups of inputs from `first` on, which both gathers `da = Wᵀ δ` from the old weights,
 * unless `da` is 0, and takes the step `W ← W − step Σ δ aᵀ`: weights are the one operand that does not fit a cache. With a
 * `rule`, `step Σ δ aᵀ` are the gradients that it is given, by way of the work space.
 */
function descend<T>(
  panels: usize,
  groups: usize,
  first: usize,
  count: usize,
  rows: usize,
  stride: usize,
  w: usize,
  a: usize,
  delta: usize,
  da: usize,
  step: T,
  rule: usize,
  work: usize,
): void {
  const line = stride * 16;
  if (da !== 0) memory.fill(da + first * line, 0, count * line);
  const reach = chainReach(rows);
  for (const end = first + count; first < end; first += reach) {
    const some = min(reach, end - first);
    const skip = first * line;
    for (let panel: usize = 0; panel < panels; panel++) {
      const weights = w + (panel * groups + first) * STEP;
      const from = delta + panel * parts<T>() * line;
      const apart = rule === 0 ? 0 : work - weights;
      if (da === 0) update<T>(some, rows, line, weights, a + skip, from, step, apart);
      else if (rule === 0) sweep<T>(some, rows, line, weights, a + skip, from, da + skip, step);
      else sweepAside<T>(some, rows, line, weights, a + skip, from, da + skip, step, apart);
      if (rule !== 0) advance<T>(weights, some * (STEP / 16), work, rule);
    }
  }
}

/** The step of `count` vectors of biases, `β ← β − step Σ δ`, or what `rule` makes of `step Σ δ`. */
function biases<T>(
  count: usize,
  rows: usize,
  stride: usize,
  beta: usize,
  delta: usize,
  step: T,
  rule: usize,
  work: usize,
): void {
  const rate = v128.splat<T>(step);
  for (const end = beta + count * 16; beta < end; beta += 16, delta += stride * 16) {
    let sum = v128.splat<T>(<T>0);
    for (let at = delta; at < delta + rows * 16; at += 16) sum = v128.add<T>(sum, v128.load(at));
    put<T>(beta, v128.load(beta), v128.mul<T>(rate, sum), rule === 0 ? 0 : work - beta);
    if (rule !== 0) advance<T>(beta, 1, work, rule);
  }
}

/** Stores `x − g` at `at`, or the gradient `g` itself `apart` bytes further on if that is not 0. */
// @ts-ignore: a decorator of AssemblyScript, which copies the body before anything is optimized.
@inline
function put<T>(at: usize, x: v128, g: v128, apart: usize): void {
  if (apart === 0) v128.store(at, v128.sub<T>(x, g));
  else v128.store(at + apart, g);
}

/** Part of a panel: its share of the signal, and the step. */
function sweep<T>(
  count: usize,
  rows: usize,
  stride: usize,
  w: usize,
  a: usize,
  delta: usize,
  da: usize,
  step: T,
): void {
  sweepTo<T>(count, rows, stride, w, a, delta, da, step, 0);
}

/** Part of a panel: its share of the signal, and its gradient `apart` bytes from the weights. */
function sweepAside<T>(
  count: usize,
  rows: usize,
  stride: usize,
  w: usize,
  a: usize,
  delta: usize,
  da: usize,
  step: T,
  apart: usize,
): void {
  sweepTo<T>(count, rows, stride, w, a, delta, da, step, apart);
}

/**
 * Four rows of weights and one vector of inputs at a time: the weights and the sums of their gradient stay in eight
 * registers while the batch rows pass. Copied with `apart` known, as a branch in the loop costs a tenth of the time.
 */
// @ts-ignore: see above.
@inline
function sweepTo<T>(
  count: usize,
  rows: usize,
  stride: usize,
  w: usize,
  a: usize,
  delta: usize,
  da: usize,
  step: T,
  apart: usize,
): void {
  const rate = v128.splat<T>(step);
  // The third and fourth row's δ are in the same vector, or in the next one of float64.
  const beyond = delta + stride;
  for (const end = w + count * STEP; w < end; w += STEP, a += stride, da += stride) {
    const w0 = v128.load(w);
    const w1 = v128.load(w, 16);
    const w2 = v128.load(w, 32);
    const w3 = v128.load(w, 48);
    let g0 = v128.splat<T>(<T>0);
    let g1 = g0;
    let g2 = g0;
    let g3 = g0;
    for (let j: usize = 0; j < rows * 16; j += 16) {
      const d0 = v128.load_splat<T>(delta + j);
      const d1 = v128.load_splat<T>(delta + j, sizeof<T>());
      const d2 = sizeof<T>() === 4 ? v128.load_splat<T>(delta + j, 8) : v128.load_splat<T>(beyond + j);
      const d3 = sizeof<T>() === 4 ? v128.load_splat<T>(delta + j, 12) : v128.load_splat<T>(beyond + j, 8);
      const aj = v128.load(a + j);
      const lower = madd<T>(v128.mul<T>(d0, w0), d1, w1);
      const upper = madd<T>(v128.mul<T>(d2, w2), d3, w3);
      v128.store(da + j, v128.add<T>(v128.load(da + j), v128.add<T>(lower, upper)));
      g0 = madd<T>(g0, d0, aj);
      g1 = madd<T>(g1, d1, aj);
      g2 = madd<T>(g2, d2, aj);
      g3 = madd<T>(g3, d3, aj);
    }
    put<T>(w, w0, v128.mul<T>(rate, g0), apart);
    put<T>(w + 16, w1, v128.mul<T>(rate, g1), apart);
    put<T>(w + 32, w2, v128.mul<T>(rate, g2), apart);
    put<T>(w + 48, w3, v128.mul<T>(rate, g3), apart);
  }
}

/** The step without the signal to the layer below, for the first layer. */
function update<T>(
  count: usize,
  rows: usize,
  stride: usize,
  w: usize,
  a: usize,
  delta: usize,
  step: T,
  apart: usize,
): void {
  const rate = v128.splat<T>(step);
  const beyond = delta + (sizeof<T>() === 4 ? 8 : stride);
  for (const end = w + count * STEP; w < end; w += STEP, a += stride) {
    let g0 = v128.splat<T>(<T>0);
    let g1 = g0;
    let g2 = g0;
    let g3 = g0;
    for (let j: usize = 0; j < rows * 16; j += 16) {
      const aj = v128.load(a + j);
      g0 = madd<T>(g0, v128.load_splat<T>(delta + j), aj);
      g1 = madd<T>(g1, v128.load_splat<T>(delta + j, sizeof<T>()), aj);
      g2 = madd<T>(g2, v128.load_splat<T>(beyond + j), aj);
      g3 = madd<T>(g3, v128.load_splat<T>(beyond + j, sizeof<T>()), aj);
    }
    put<T>(w, v128.load(w), v128.mul<T>(rate, g0), apart);
    put<T>(w + 16, v128.load(w, 16), v128.mul<T>(rate, g1), apart);
    put<T>(w + 32, v128.load(w, 32), v128.mul<T>(rate, g2), apart);
    put<T>(w + 48, v128.load(w, 48), v128.mul<T>(rate, g3), apart);
  }
}

/** δ ← s ∂a over `count` vectors, where `relu` is set only at units with a > 0. */
function signal<T>(count: usize, delta: usize, a: usize, scale: T, relu: bool): void {
  const scales = v128.splat<T>(scale);
  const zero = v128.splat<T>(<T>0);
  for (const end = delta + count * 16; delta < end; delta += 16, a += 16) {
    const scaled = v128.mul<T>(scales, v128.load(delta));
    v128.store(delta, relu ? v128.and(scaled, v128.gt<T>(v128.load(a), zero)) : scaled);
  }
}
