// biome-ignore-all lint/style/noParameterAssign: parameters are pointers, and they walk.
/*
 * Forward passes and gradient steps of affine maps h = s W a + t β, float32.
 *
 * Weights are stored in panels of four rows, a vector of each row in turn: `[outputs/4][inputs/4][4 rows][4 lanes]`.
 * Everything indexed by unit and batch row (a, h, δ) is stored as `[units/4][stride][4 lanes]`, where `stride ≥ rows` is
 * the distance of two groups of units in vectors. So weights are read as one stream, the batch rows of a group of units are
 * neighbours, and four sums over a panel make one vector of results. Units are filled up with zeros to whole vectors.
 */
import { madd } from './madd';

/** Batch rows that pass over a panel of weights before the next panel is fetched. */
const BATCH: usize = 32;
/** Groups of inputs times batch rows that a gradient step handles at a time: 24 KB of a and ∂a in the first-level cache. */
const REACH: usize = 768;
/** Bytes of a panel's step: one vector for each of four rows. */
const STEP: usize = 64;

/** `h = s W a + t β` for `rows` batch rows, with `max(0, ·)` when `relu` is set. */
export function chainForward(
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
  const scales = f32x4.splat(scale);
  const biasScales = f32x4.splat(biasScale);
  const floor = f32x4.splat(relu ? 0 : -Infinity);
  for (let start: usize = 0; start < rows; start += BATCH) {
    const stop = min(rows, start + BATCH);
    for (let panel: usize = 0; panel < panels; panel++) {
      const weights = w + panel * groups * STEP;
      const to = h + panel * stride * 16;
      const bias = f32x4.mul(biasScales, v128.load(beta + panel * 16));
      let j = start;
      for (; j + 2 <= stop; j += 2) chainDotTwo(groups, weights, a + j * 16, stride * 16, to + j * 16);
      if (j < stop) chainDotOne(groups, weights, a + j * 16, stride * 16, to + j * 16);
      for (let at = to + start * 16; at < to + stop * 16; at += 16) {
        v128.store(at, f32x4.max(floor, f32x4.add(bias, f32x4.mul(scales, v128.load(at)))));
      }
    }
  }
}

/**
 * Products of a panel of weights with two batch rows: eight sums of four lanes. Taller tiles would run out of registers.
 */
export function chainDotTwo(groups: usize, w: usize, a: usize, stride: usize, to: usize): void {
  let s00 = f32x4.splat(0);
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
    s00 = madd<f32>(s00, w0, a0);
    s10 = madd<f32>(s10, w1, a0);
    s20 = madd<f32>(s20, w2, a0);
    s30 = madd<f32>(s30, w3, a0);
    s01 = madd<f32>(s01, w0, a1);
    s11 = madd<f32>(s11, w1, a1);
    s21 = madd<f32>(s21, w2, a1);
    s31 = madd<f32>(s31, w3, a1);
  }
  v128.store(to, sumLanes(s00, s10, s20, s30));
  v128.store(to, sumLanes(s01, s11, s21, s31), 16);
}

/** The same for a single batch row, with sums of their own for even and odd groups so that additions overlap. */
export function chainDotOne(groups: usize, w: usize, a: usize, stride: usize, to: usize): void {
  let even0 = f32x4.splat(0);
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
    even0 = madd<f32>(even0, v128.load(w), a0);
    even1 = madd<f32>(even1, v128.load(w, 16), a0);
    even2 = madd<f32>(even2, v128.load(w, 32), a0);
    even3 = madd<f32>(even3, v128.load(w, 48), a0);
    odd0 = madd<f32>(odd0, v128.load(w, 64), a1);
    odd1 = madd<f32>(odd1, v128.load(w, 80), a1);
    odd2 = madd<f32>(odd2, v128.load(w, 96), a1);
    odd3 = madd<f32>(odd3, v128.load(w, 112), a1);
  }
  if (w < end) {
    const a0 = v128.load(a);
    even0 = madd<f32>(even0, v128.load(w), a0);
    even1 = madd<f32>(even1, v128.load(w, 16), a0);
    even2 = madd<f32>(even2, v128.load(w, 32), a0);
    even3 = madd<f32>(even3, v128.load(w, 48), a0);
  }
  even0 = f32x4.add(even0, odd0);
  even1 = f32x4.add(even1, odd1);
  even2 = f32x4.add(even2, odd2);
  even3 = f32x4.add(even3, odd3);
  v128.store(to, sumLanes(even0, even1, even2, even3));
}

/** The sums of the lanes of four vectors, in one vector: a transpose by halves. */
function sumLanes(x: v128, y: v128, z: v128, u: v128): v128 {
  const xy = f32x4.add(v128.shuffle<f32>(x, y, 0, 4, 1, 5), v128.shuffle<f32>(x, y, 2, 6, 3, 7));
  const zu = f32x4.add(v128.shuffle<f32>(z, u, 0, 4, 1, 5), v128.shuffle<f32>(z, u, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(xy, zu, 0, 1, 4, 5), v128.shuffle<f32>(xy, zu, 2, 3, 6, 7));
}

/**
 * One pass over the weights that both gathers `da = Wᵀ δ` from the old weights, unless `da` is 0, and takes the step
 * `W ← W − step Σ δ aᵀ`, `β ← β − biasStep Σ δ`: weights are the one operand that does not fit a cache.
 */
export function chainDescend(
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
): void {
  if (da !== 0) memory.fill(da, 0, groups * stride * 16);
  const reach = max(REACH / rows, 2);
  for (let group: usize = 0; group < groups; group += reach) {
    const count = min(reach, groups - group);
    const skip = group * stride * 16;
    for (let panel: usize = 0; panel < panels; panel++) {
      const weights = w + (panel * groups + group) * STEP;
      const signal = delta + panel * stride * 16;
      if (da !== 0) chainSweep(count, rows, stride * 16, weights, a + skip, signal, da + skip, step);
      else chainUpdate(count, rows, stride * 16, weights, a + skip, signal, step);
    }
  }
  for (let panel: usize = 0; panel < panels; panel++) {
    let sum = f32x4.splat(0);
    const signal = delta + panel * stride * 16;
    for (let at = signal; at < signal + rows * 16; at += 16) sum = f32x4.add(sum, v128.load(at));
    v128.store(
      beta + panel * 16,
      f32x4.sub(v128.load(beta + panel * 16), f32x4.mul(f32x4.splat(biasStep), sum)),
    );
  }
}

/**
 * Four rows of weights and one vector of inputs at a time: the weights and the sums of their gradient stay in eight
 * registers while the batch rows pass.
 */
export function chainSweep(
  count: usize,
  rows: usize,
  stride: usize,
  w: usize,
  a: usize,
  delta: usize,
  da: usize,
  step: f32,
): void {
  const rate = f32x4.splat(step);
  for (const end = w + count * STEP; w < end; w += STEP, a += stride, da += stride) {
    const w0 = v128.load(w);
    const w1 = v128.load(w, 16);
    const w2 = v128.load(w, 32);
    const w3 = v128.load(w, 48);
    let g0 = f32x4.splat(0);
    let g1 = g0;
    let g2 = g0;
    let g3 = g0;
    for (let j: usize = 0; j < rows * 16; j += 16) {
      const d0 = v128.load32_splat(delta + j);
      const d1 = v128.load32_splat(delta + j, 4);
      const d2 = v128.load32_splat(delta + j, 8);
      const d3 = v128.load32_splat(delta + j, 12);
      const aj = v128.load(a + j);
      const lower = f32x4.add(f32x4.mul(d0, w0), f32x4.mul(d1, w1));
      const upper = f32x4.add(f32x4.mul(d2, w2), f32x4.mul(d3, w3));
      v128.store(da + j, f32x4.add(v128.load(da + j), f32x4.add(lower, upper)));
      g0 = madd<f32>(g0, d0, aj);
      g1 = madd<f32>(g1, d1, aj);
      g2 = madd<f32>(g2, d2, aj);
      g3 = madd<f32>(g3, d3, aj);
    }
    v128.store(w, f32x4.sub(w0, f32x4.mul(rate, g0)));
    v128.store(w, f32x4.sub(w1, f32x4.mul(rate, g1)), 16);
    v128.store(w, f32x4.sub(w2, f32x4.mul(rate, g2)), 32);
    v128.store(w, f32x4.sub(w3, f32x4.mul(rate, g3)), 48);
  }
}

/** The step without the signal to the layer below, for the first layer. */
export function chainUpdate(
  count: usize,
  rows: usize,
  stride: usize,
  w: usize,
  a: usize,
  delta: usize,
  step: f32,
): void {
  const rate = f32x4.splat(step);
  for (const end = w + count * STEP; w < end; w += STEP, a += stride) {
    let g0 = f32x4.splat(0);
    let g1 = g0;
    let g2 = g0;
    let g3 = g0;
    for (let j: usize = 0; j < rows * 16; j += 16) {
      const aj = v128.load(a + j);
      g0 = madd<f32>(g0, v128.load32_splat(delta + j), aj);
      g1 = madd<f32>(g1, v128.load32_splat(delta + j, 4), aj);
      g2 = madd<f32>(g2, v128.load32_splat(delta + j, 8), aj);
      g3 = madd<f32>(g3, v128.load32_splat(delta + j, 12), aj);
    }
    v128.store(w, f32x4.sub(v128.load(w), f32x4.mul(rate, g0)));
    v128.store(w, f32x4.sub(v128.load(w, 16), f32x4.mul(rate, g1)), 16);
    v128.store(w, f32x4.sub(v128.load(w, 32), f32x4.mul(rate, g2)), 32);
    v128.store(w, f32x4.sub(v128.load(w, 48), f32x4.mul(rate, g3)), 48);
  }
}

/** δ ← s ∂a over `count` vectors, where `relu` is set only at units with a > 0. */
export function chainSignal(count: usize, delta: usize, a: usize, scale: f32, relu: bool): void {
  const scales = f32x4.splat(scale);
  const zero = f32x4.splat(0);
  for (const end = delta + count * 16; delta < end; delta += 16, a += 16) {
    const signal = f32x4.mul(scales, v128.load(delta));
    v128.store(delta, relu ? v128.and(signal, f32x4.gt(v128.load(a), zero)) : signal);
  }
}
