// biome-ignore-all lint/style/noParameterAssign: parameters are pointers, and they walk.
/*
 * Forward passes and gradient steps of affine maps h = s W a + t β, float32 and float64.
 *
 * A vector has L lanes, four in float32 and two in float64. Weights are stored in panels of four rows, a vector of each row in
 * turn: `[outputs/4][inputs/L][4 rows][L lanes]`. Everything indexed by unit and batch row (a, h, δ) is stored as
 * `[units/L][stride][L lanes]`, where `stride ≥ rows` is the distance of two groups of units in vectors. So weights are read as
 * one stream, the batch rows of a group of units are neighbours, and four sums over a panel make one vector of results, or two
 * in float64. Units are filled up with zeros to a multiple of four.
 */
import { take } from './chain-rule';
import { madd } from './madd';

/** Batch rows that pass over a panel of weights before the next panel is fetched. */
const BATCH: usize = 32;
/** Groups of inputs times batch rows that a gradient step handles at a time: 24 KB of a and ∂a in the first-level cache. */
const REACH: usize = 768;
/** Bytes of a panel's step: one vector for each of four rows. */
const STEP: usize = 64;

export function chainForward32(
  panels: usize,
  groups: usize,
  rows: usize,
  stride: usize,
  w: usize,
  beta: usize,
  a: usize,
  h: usize,
  scale: f32,
  biasScale: f32,
  relu: bool,
): void {
  forward<f32>(panels, groups, rows, stride, w, beta, a, h, scale, biasScale, relu);
}

export function chainForward64(
  panels: usize,
  groups: usize,
  rows: usize,
  stride: usize,
  w: usize,
  beta: usize,
  a: usize,
  h: usize,
  scale: f64,
  biasScale: f64,
  relu: bool,
): void {
  forward<f64>(panels, groups, rows, stride, w, beta, a, h, scale, biasScale, relu);
}

export function chainDescend32(
  panels: usize,
  groups: usize,
  rows: usize,
  stride: usize,
  w: usize,
  beta: usize,
  a: usize,
  delta: usize,
  da: usize,
  step: f32,
  biasStep: f32,
  rule: usize,
): void {
  descend<f32>(panels, groups, rows, stride, w, beta, a, delta, da, step, biasStep, rule);
}

export function chainDescend64(
  panels: usize,
  groups: usize,
  rows: usize,
  stride: usize,
  w: usize,
  beta: usize,
  a: usize,
  delta: usize,
  da: usize,
  step: f64,
  biasStep: f64,
  rule: usize,
): void {
  descend<f64>(panels, groups, rows, stride, w, beta, a, delta, da, step, biasStep, rule);
}

export function chainSignal32(count: usize, delta: usize, a: usize, scale: f32, relu: bool): void {
  signal<f32>(count, delta, a, scale, relu);
}

export function chainSignal64(count: usize, delta: usize, a: usize, scale: f64, relu: bool): void {
  signal<f64>(count, delta, a, scale, relu);
}

/** Vectors that the four rows of a panel fill. */
function parts<T>(): usize {
  return sizeof<T>() / 4;
}

/** `h = s W a + t β` for `rows` batch rows, with `max(0, ·)` when `relu` is set. */
function forward<T>(
  panels: usize,
  groups: usize,
  rows: usize,
  stride: usize,
  w: usize,
  beta: usize,
  a: usize,
  h: usize,
  scale: T,
  biasScale: T,
  relu: bool,
): void {
  const scales = v128.splat<T>(scale);
  const biasScales = v128.splat<T>(biasScale);
  const floor = v128.splat<T>(relu ? <T>0 : <T>-Infinity);
  const line = stride * 16;
  for (let start: usize = 0; start < rows; start += BATCH) {
    const stop = min(rows, start + BATCH);
    for (let panel: usize = 0; panel < panels; panel++) {
      const weights = w + panel * groups * STEP;
      const to = h + panel * parts<T>() * line;
      let j = start;
      for (; j + 2 <= stop; j += 2) dotTwo<T>(groups, weights, a + j * 16, line, to + j * 16);
      if (j < stop) dotOne<T>(groups, weights, a + j * 16, line, to + j * 16);
      for (let part: usize = 0; part < parts<T>(); part++) {
        const bias = v128.mul<T>(biasScales, v128.load(beta + (panel * parts<T>() + part) * 16));
        const from = to + part * line;
        for (let at = from + start * 16; at < from + stop * 16; at += 16) {
          v128.store(at, v128.max<T>(floor, v128.add<T>(bias, v128.mul<T>(scales, v128.load(at)))));
        }
      }
    }
  }
}

/**
 * Products of a panel of weights with two batch rows: eight sums of a vector. Taller tiles would run out of registers.
 */
function dotTwo<T>(groups: usize, w: usize, a: usize, stride: usize, to: usize): void {
  let s00 = v128.splat<T>(<T>0);
  let s10 = s00;
  let s20 = s00;
  let s30 = s00;
  let s01 = s00;
  let s11 = s00;
  let s21 = s00;
  let s31 = s00;
  for (const end = w + groups * STEP; w < end; w += STEP, a += stride) {
    const a0 = v128.load(a);
    const a1 = v128.load(a, 16);
    const w0 = v128.load(w);
    const w1 = v128.load(w, 16);
    const w2 = v128.load(w, 32);
    const w3 = v128.load(w, 48);
    s00 = madd<T>(s00, w0, a0);
    s10 = madd<T>(s10, w1, a0);
    s20 = madd<T>(s20, w2, a0);
    s30 = madd<T>(s30, w3, a0);
    s01 = madd<T>(s01, w0, a1);
    s11 = madd<T>(s11, w1, a1);
    s21 = madd<T>(s21, w2, a1);
    s31 = madd<T>(s31, w3, a1);
  }
  storeSums<T>(to, stride, s00, s10, s20, s30);
  storeSums<T>(to + 16, stride, s01, s11, s21, s31);
}

/** The same for a single batch row, with sums of their own for even and odd groups so that additions overlap. */
function dotOne<T>(groups: usize, w: usize, a: usize, stride: usize, to: usize): void {
  let even0 = v128.splat<T>(<T>0);
  let even1 = even0;
  let even2 = even0;
  let even3 = even0;
  let odd0 = even0;
  let odd1 = even0;
  let odd2 = even0;
  let odd3 = even0;
  const end = w + groups * STEP;
  for (; w + STEP < end; w += 2 * STEP, a += 2 * stride) {
    const a0 = v128.load(a);
    const a1 = v128.load(a + stride);
    even0 = madd<T>(even0, v128.load(w), a0);
    even1 = madd<T>(even1, v128.load(w, 16), a0);
    even2 = madd<T>(even2, v128.load(w, 32), a0);
    even3 = madd<T>(even3, v128.load(w, 48), a0);
    odd0 = madd<T>(odd0, v128.load(w, 64), a1);
    odd1 = madd<T>(odd1, v128.load(w, 80), a1);
    odd2 = madd<T>(odd2, v128.load(w, 96), a1);
    odd3 = madd<T>(odd3, v128.load(w, 112), a1);
  }
  if (w < end) {
    const a0 = v128.load(a);
    even0 = madd<T>(even0, v128.load(w), a0);
    even1 = madd<T>(even1, v128.load(w, 16), a0);
    even2 = madd<T>(even2, v128.load(w, 32), a0);
    even3 = madd<T>(even3, v128.load(w, 48), a0);
  }
  even0 = v128.add<T>(even0, odd0);
  even1 = v128.add<T>(even1, odd1);
  even2 = v128.add<T>(even2, odd2);
  even3 = v128.add<T>(even3, odd3);
  storeSums<T>(to, stride, even0, even1, even2, even3);
}

/** Stores the sums of the lanes of four vectors, units of one group or, `line` bytes apart, of two. */
function storeSums<T>(to: usize, line: usize, x: v128, y: v128, z: v128, u: v128): void {
  if (sizeof<T>() === 4) {
    v128.store(to, sumLanes(x, y, z, u));
  } else {
    v128.store(to, f64x2.add(v128.shuffle<f64>(x, y, 0, 2), v128.shuffle<f64>(x, y, 1, 3)));
    v128.store(to + line, f64x2.add(v128.shuffle<f64>(z, u, 0, 2), v128.shuffle<f64>(z, u, 1, 3)));
  }
}

/** The sums of the lanes of four float32 vectors, in one vector: a transpose by halves. */
function sumLanes(x: v128, y: v128, z: v128, u: v128): v128 {
  const xy = f32x4.add(v128.shuffle<f32>(x, y, 0, 4, 1, 5), v128.shuffle<f32>(x, y, 2, 6, 3, 7));
  const zu = f32x4.add(v128.shuffle<f32>(z, u, 0, 4, 1, 5), v128.shuffle<f32>(z, u, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(xy, zu, 0, 1, 4, 5), v128.shuffle<f32>(xy, zu, 2, 3, 6, 7));
}

/**
 * One pass over the weights that both gathers `da = Wᵀ δ` from the old weights, unless `da` is 0, and takes the step
 * `W ← W − step Σ δ aᵀ`, `β ← β − biasStep Σ δ`: weights are the one operand that does not fit a cache. With a `rule`,
 * `step Σ δ aᵀ` and `biasStep Σ δ` are the gradients that it is given. Biases stay as they are when `biasStep` is 0.
 */
function descend<T>(
  panels: usize,
  groups: usize,
  rows: usize,
  stride: usize,
  w: usize,
  beta: usize,
  a: usize,
  delta: usize,
  da: usize,
  step: T,
  biasStep: T,
  rule: usize,
): void {
  if (da !== 0) memory.fill(da, 0, groups * stride * 16);
  const line = stride * 16;
  const reach = max(REACH / rows, 2);
  for (let group: usize = 0; group < groups; group += reach) {
    const count = min(reach, groups - group);
    const skip = group * line;
    for (let panel: usize = 0; panel < panels; panel++) {
      const weights = w + (panel * groups + group) * STEP;
      const from = delta + panel * parts<T>() * line;
      if (da !== 0) sweep<T>(count, rows, line, weights, a + skip, from, da + skip, step, rule);
      else update<T>(count, rows, line, weights, a + skip, from, step, rule);
    }
  }
  if (biasStep === 0) return;
  const rates = v128.splat<T>(biasStep);
  for (let part: usize = 0; part < panels * parts<T>(); part++) {
    const from = delta + part * line;
    let sum = v128.splat<T>(<T>0);
    for (let at = from; at < from + rows * 16; at += 16) sum = v128.add<T>(sum, v128.load(at));
    take<T>(beta + part * 16, v128.load(beta + part * 16), v128.mul<T>(rates, sum), rule);
  }
}

/**
 * Four rows of weights and one vector of inputs at a time: the weights and the sums of their gradient stay in eight
 * registers while the batch rows pass.
 */
function sweep<T>(
  count: usize,
  rows: usize,
  stride: usize,
  w: usize,
  a: usize,
  delta: usize,
  da: usize,
  step: T,
  rule: usize,
): void {
  const rate = v128.splat<T>(step);
  const beyond = delta + (sizeof<T>() === 4 ? 8 : stride);
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
      const d2 = v128.load_splat<T>(beyond + j);
      const d3 = v128.load_splat<T>(beyond + j, sizeof<T>());
      const aj = v128.load(a + j);
      const lower = v128.add<T>(v128.mul<T>(d0, w0), v128.mul<T>(d1, w1));
      const upper = v128.add<T>(v128.mul<T>(d2, w2), v128.mul<T>(d3, w3));
      v128.store(da + j, v128.add<T>(v128.load(da + j), v128.add<T>(lower, upper)));
      g0 = madd<T>(g0, d0, aj);
      g1 = madd<T>(g1, d1, aj);
      g2 = madd<T>(g2, d2, aj);
      g3 = madd<T>(g3, d3, aj);
    }
    take<T>(w, w0, v128.mul<T>(rate, g0), rule);
    take<T>(w + 16, w1, v128.mul<T>(rate, g1), rule);
    take<T>(w + 32, w2, v128.mul<T>(rate, g2), rule);
    take<T>(w + 48, w3, v128.mul<T>(rate, g3), rule);
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
  rule: usize,
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
    take<T>(w, v128.load(w), v128.mul<T>(rate, g0), rule);
    take<T>(w + 16, v128.load(w, 16), v128.mul<T>(rate, g1), rule);
    take<T>(w + 32, v128.load(w, 32), v128.mul<T>(rate, g2), rule);
    take<T>(w + 48, v128.load(w, 48), v128.mul<T>(rate, g3), rule);
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
