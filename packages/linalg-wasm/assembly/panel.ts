// biome-ignore-all lint/style/noParameterAssign: parameters are pointers, and they walk.
/*
 * What float64 factorizations share: panels of eight columns, `[depth][8]`, four vectors to a step, and updates of a lower
 * triangle by them on the 2 × 4 vector tile of `tile.ts`. The left factor is read as splats, from rows or from panels.
 */
import { madd } from './madd';
import { spare } from './scratch';

/** Bytes of a panel's step. */
export const PANEL_STEP: usize = 64;

/**
 * `C −= A B` in the columns `from … to` (multiples of 8, or `n`) of the lower triangle of `C` `[n, n]`, rows `stride` bytes
 * apart and filled up to a multiple of 8 numbers. `a` and `b` are panels over the rows and the columns. Up to the next panel,
 * what is right of the diagonal is overwritten.
 */
export function subtractLower(
  n: usize,
  c: usize,
  stride: usize,
  depth: usize,
  a: usize,
  b: usize,
  from: usize,
  to: usize,
): void {
  for (let j = from; j < to; j += 8) {
    const right = b + j * depth * 8;
    for (let i = j; i < n; i += 2) {
      const left = a + (i & ~7) * depth * 8 + (i & 7) * 8;
      const at = c + i * stride + j * 8;
      subtractTile(depth, left, PANEL_STEP, left + 8, right, at, i + 1 < n ? stride : spare - at);
    }
  }
}

/**
 * `C −= A B` for two rows of `C`, `stride` bytes apart, and a panel `b`. The rows of `A` start at `a0` and `a1`, their
 * numbers `step` bytes apart.
 */
export function subtractTile(
  depth: usize,
  a0: usize,
  step: usize,
  a1: usize,
  b: usize,
  c: usize,
  stride: usize,
): void {
  let c00 = f64x2.splat(0);
  let c01 = c00;
  let c02 = c00;
  let c03 = c00;
  let c10 = c00;
  let c11 = c00;
  let c12 = c00;
  let c13 = c00;
  for (const end = b + depth * PANEL_STEP; b < end; a0 += step, a1 += step, b += PANEL_STEP) {
    const x0 = v128.load64_splat(a0);
    const x1 = v128.load64_splat(a1);
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = v128.load(b, 32);
    const b3 = v128.load(b, 48);
    c00 = madd<f64>(c00, x0, b0);
    c01 = madd<f64>(c01, x0, b1);
    c02 = madd<f64>(c02, x0, b2);
    c03 = madd<f64>(c03, x0, b3);
    c10 = madd<f64>(c10, x1, b0);
    c11 = madd<f64>(c11, x1, b1);
    c12 = madd<f64>(c12, x1, b2);
    c13 = madd<f64>(c13, x1, b3);
  }
  v128.store(c, f64x2.sub(v128.load(c), c00));
  v128.store(c, f64x2.sub(v128.load(c, 16), c01), 16);
  v128.store(c, f64x2.sub(v128.load(c, 32), c02), 32);
  v128.store(c, f64x2.sub(v128.load(c, 48), c03), 48);
  c += stride;
  v128.store(c, f64x2.sub(v128.load(c), c10));
  v128.store(c, f64x2.sub(v128.load(c, 16), c11), 16);
  v128.store(c, f64x2.sub(v128.load(c, 32), c12), 32);
  v128.store(c, f64x2.sub(v128.load(c, 48), c13), 48);
}

export function dot(n: usize, x: usize, y: usize): f64 {
  let even = f64x2.splat(0);
  let odd = f64x2.splat(0);
  const end = x + n * 8;
  for (; x + 32 <= end; x += 32, y += 32) {
    even = madd<f64>(even, v128.load(x), v128.load(y));
    odd = madd<f64>(odd, v128.load(x, 16), v128.load(y, 16));
  }
  const both = f64x2.add(even, odd);
  let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  for (; x < end; x += 8, y += 8) sum += load<f64>(x) * load<f64>(y);
  return sum;
}
