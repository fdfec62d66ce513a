// biome-ignore-all lint/style/noParameterAssign: parameters are pointers, and they walk.
/*
 * Householder reduction of a symmetric matrix to tridiagonal form, float64, from the last row up; `src/tridiagonalize.ts` leads
 * through the rows.
 *
 * Only the lower triangle is read, along rows. Reflectors come in blocks of 32: within a block a row is brought up to date
 * when its turn comes, and the product with the matrix, which is bound by reading it, sees it as it was before the block
 * and is corrected; then one update of rank 64 by tiles catches up (Dongarra, Sorensen, Hammarling: Block reduction of
 * matrices to condensed forms for eigenvalue computations). The vectors v are left in their rows of the matrix, and w, row
 * after row, in `work`.
 */
import { madd } from './madd';
import { dot, PANEL_STEP } from './panel';

/** Squared norms below this, in a matrix whose largest entry is about 1, count as 0: they have lost digits to underflow. */
const NEGLIGIBLE: f64 = 1e-280;

/**
 * Brings row `last − index` up to date with the `index` reflectors before it in the block, and makes it a reflector itself;
 * `a` points to row `last`. The diagonal entry goes to `d`, the coupling with the row above to `e`. Returns τ.
 */
export function reflectRow(
  last: usize,
  index: usize,
  a: usize,
  stride: usize,
  d: usize,
  e: usize,
  work: usize,
): f64 {
  const i = last - index;
  const v = a - index * stride;
  for (let p: usize = 0; p < index; p++) {
    const earlierV = a - p * stride;
    const earlierW = work + p * stride;
    addTwo(i + 1, -load<f64>(earlierV + i * 8), earlierW, -load<f64>(earlierW + i * 8), earlierV, v);
  }
  store<f64>(d + i * 8, load<f64>(v + i * 8));
  memory.fill(v + i * 8, 0, stride - i * 8);
  return reflector(i, v, e + (i - 1) * 8);
}

/**
 * w = τ A v − ½ τ² (vᵀ A v) v of that row. The product A v comes in `parts` vectors, `stride` bytes apart, that are to be
 * added in this order.
 */
export function finishRow(
  last: usize,
  index: usize,
  a: usize,
  stride: usize,
  work: usize,
  factor: f64,
  products: usize,
  parts: usize,
): void {
  const i = last - index;
  const v = a - index * stride;
  const w = work + index * stride;
  memory.copy(w, products, i * 8);
  for (let part: usize = 1; part < parts; part++) addTo(i, products + part * stride, w);
  for (let p: usize = 0; p < index; p++) {
    const earlierV = a - p * stride;
    const earlierW = work + p * stride;
    addTwo(i, -dot(i, earlierW, v), earlierV, -dot(i, earlierV, v), earlierW, w);
  }
  const shift = -0.5 * factor * dot(i, w, v);
  for (let at: usize = 0; at < i * 8; at += 8) {
    store<f64>(w + at, factor * (load<f64>(w + at) + shift * load<f64>(v + at)));
  }
}

/**
 * Makes row `v` of length `n` a Householder vector with last entry 1 that carries the row to a multiple of the last unit
 * vector, which goes to `beta`. Returns τ, 0 when there is nothing to carry.
 */
function reflector(n: usize, v: usize, beta: usize): f64 {
  const end = v + (n - 1) * 8;
  const head = load<f64>(end);
  const rest = dot(n - 1, v, v);
  if (rest < NEGLIGIBLE) {
    store<f64>(beta, head);
    memory.fill(v, 0, (n - 1) * 8);
    store<f64>(end, 1);
    return 0;
  }
  const norm = Math.sqrt(head * head + rest);
  const image = head > 0 ? -norm : norm;
  store<f64>(beta, image);
  const scale = 1 / (head - image);
  for (; v < end; v += 8) store<f64>(v, load<f64>(v) * scale);
  store<f64>(end, 1);
  return (image - head) / image;
}

/** z += x u + y v */
function addTwo(n: usize, x: f64, u: usize, y: f64, v: usize, z: usize): void {
  const xs = f64x2.splat(x);
  const ys = f64x2.splat(y);
  const end = z + n * 8;
  for (; z + 16 <= end; z += 16, u += 16, v += 16) {
    const sum = f64x2.add(f64x2.mul(xs, v128.load(u)), f64x2.mul(ys, v128.load(v)));
    v128.store(z, f64x2.add(v128.load(z), sum));
  }
  if (z < end) store<f64>(z, load<f64>(z) + (x * load<f64>(u) + y * load<f64>(v)));
}

/** z += x */
function addTo(n: usize, x: usize, z: usize): void {
  const end = z + n * 8;
  for (; z + 16 <= end; z += 16, x += 16) v128.store(z, f64x2.add(v128.load(z), v128.load(x)));
  if (z < end) store<f64>(z, load<f64>(z) + load<f64>(x));
}

/**
 * What the rows `from … to` (`from` a multiple of 4, `to` too unless it is `n`) of the lower triangle of A `[n, n]` add to
 * y = A x: every entry below the diagonal is read once and used twice, four rows at a time.
 */
export function multiplySymmetric(
  n: usize,
  from: usize,
  to: usize,
  a: usize,
  stride: usize,
  x: usize,
  y: usize,
): void {
  memory.fill(y, 0, n * 8);
  for (let i = from; i < to; i += 4) {
    const row = a + i * stride;
    const rows = min(4, to - i);
    if (rows === 4) multiplyFour(i, row, stride, x, y);
    else
      for (let r: usize = 0; r < rows; r++)
        multiplyRow(i, row + r * stride, x, load<f64>(x + (i + r) * 8), y, r);
    // The triangle on the diagonal.
    for (let r: usize = 0; r < rows; r++) {
      const entries = row + r * stride;
      const own = load<f64>(x + (i + r) * 8);
      let sum = load<f64>(entries + (i + r) * 8) * own;
      for (let j = i; j < i + r; j++) {
        const entry = load<f64>(entries + j * 8);
        sum += entry * load<f64>(x + j * 8);
        store<f64>(y + j * 8, load<f64>(y + j * 8) + entry * own);
      }
      store<f64>(y + (i + r) * 8, load<f64>(y + (i + r) * 8) + sum);
    }
  }
}

/** The columns left of a multiple of four, `n`, for four rows: y of the rows starts there, y of the columns grows. */
function multiplyFour(n: usize, a: usize, stride: usize, x: usize, y: usize): void {
  const x0 = v128.load64_splat(x + n * 8);
  const x1 = v128.load64_splat(x + n * 8, 8);
  const x2 = v128.load64_splat(x + n * 8, 16);
  const x3 = v128.load64_splat(x + n * 8, 24);
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let a1 = a + stride;
  let a2 = a1 + stride;
  let a3 = a2 + stride;
  const own = y + n * 8;
  for (const end = a + n * 8; a < end; a += 16, a1 += 16, a2 += 16, a3 += 16, x += 16, y += 16) {
    const e0 = v128.load(a);
    const e1 = v128.load(a1);
    const e2 = v128.load(a2);
    const e3 = v128.load(a3);
    const xs = v128.load(x);
    const upper = f64x2.add(f64x2.mul(e0, x0), f64x2.mul(e1, x1));
    const lower = f64x2.add(f64x2.mul(e2, x2), f64x2.mul(e3, x3));
    v128.store(y, f64x2.add(v128.load(y), f64x2.add(upper, lower)));
    s0 = madd<f64>(s0, e0, xs);
    s1 = madd<f64>(s1, e1, xs);
    s2 = madd<f64>(s2, e2, xs);
    s3 = madd<f64>(s3, e3, xs);
  }
  store<f64>(own, f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1));
  store<f64>(own, f64x2.extract_lane(s1, 0) + f64x2.extract_lane(s1, 1), 8);
  store<f64>(own, f64x2.extract_lane(s2, 0) + f64x2.extract_lane(s2, 1), 16);
  store<f64>(own, f64x2.extract_lane(s3, 0) + f64x2.extract_lane(s3, 1), 24);
}

/** The same for one row, the `r`-th after the multiple of four. */
function multiplyRow(n: usize, a: usize, x: usize, own: f64, y: usize, r: usize): void {
  const owns = f64x2.splat(own);
  let sums = f64x2.splat(0);
  const to = y + (n + r) * 8;
  for (const end = a + n * 8; a < end; a += 16, x += 16, y += 16) {
    const entries = v128.load(a);
    v128.store(y, f64x2.add(v128.load(y), f64x2.mul(entries, owns)));
    sums = madd<f64>(sums, entries, v128.load(x));
  }
  store<f64>(to, f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1));
}

/**
 * Panels over `n` coordinates of the block's v and w, to be multiplied as (v w)(w v)ᵀ: the second set, after the first, has
 * the two exchanged. Row `p` of v is `p` rows above `v`, row `p` of w `p` rows below `w`.
 */
export function gatherPanels(n: usize, size: usize, v: usize, stride: usize, w: usize, to: usize): void {
  const half = size * PANEL_STEP;
  const second = ((n + 7) & ~7) * size * 16;
  for (let j: usize = 0; j < n; j += 8, to += 2 * half) {
    for (let p: usize = 0; p < size; p++) {
      const fromV = v - p * stride + j * 8;
      const fromW = w + p * stride + j * 8;
      const at = to + p * PANEL_STEP;
      for (let lane: usize = 0; lane < PANEL_STEP; lane += 16) {
        const vs = v128.load(fromV + lane);
        const ws = v128.load(fromW + lane);
        v128.store(at + lane, vs);
        v128.store(at + lane + half, ws);
        v128.store(at + lane + second, ws);
        v128.store(at + lane + second + half, vs);
      }
    }
  }
}
