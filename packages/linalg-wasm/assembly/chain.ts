// biome-ignore-all lint/style/noParameterAssign: parameters are pointers, and they walk.
/*
 * Forward passes of affine maps h = s W a + t β, float32 and float64; `chain-descend.ts` has their gradient steps.
 *
 * A vector has L lanes, four in float32 and two in float64. Weights are stored in panels of four rows, a vector of each row in
 * turn: `[outputs/4][inputs/L][4 rows][L lanes]`. Everything indexed by unit and batch row (a, h, δ) is stored as
 * `[units/L][stride][L lanes]`, where `stride ≥ rows` is the distance of two groups of units in vectors. So weights are read as
 * one stream, the batch rows of a group of units are neighbours, and four sums over a panel make one vector of results, or two
 * in float64. Units are filled up with zeros to a multiple of four.
 */
import { madd } from './madd';

/** Batch rows that pass over a panel of weights before the next panel is fetched. */
const BATCH: usize = 32;
/** Bytes of a panel's step: one vector for each of four rows. */
export const STEP: usize = 64;

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

/** Vectors that the four rows of a panel fill. */
export function parts<T>(): usize {
  return sizeof<T>() / 4;
}

/**
 * `h = s W a + t β` for `rows` batch rows, with `max(0, ·)` when `relu` is set. Panels do not depend on each other: calls for some
 * of them each give the same as one for all.
 */
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
