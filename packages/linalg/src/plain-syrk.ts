import type { GemmKernel } from './cpu-backend.ts';
import { emptyLike, transposeLoop } from './elementwise.ts';
import type { FloatArray } from './tensor.ts';

/** Rows of a slab: enough for a matrix product at full speed, few enough that little above the diagonal is computed. */
const SLAB = 192;

/**
 * The lower triangle of `C = A Aᵀ` for `A` `[n, k]`, or of `Aᵀ A` for `A` `[k, n]` when `transposed`, by products of slabs of rows with the rows
 * above them.
 */
export function slabSyrk(
  gemm: GemmKernel,
  n: number,
  k: number,
  a: FloatArray,
  transposed: boolean,
  c: FloatArray,
): void {
  const A = transposed ? transposeLoop(a, k, n) : a;
  for (let i = 0; i < n; i += SLAB) {
    const end = Math.min(n, i + SLAB);
    const slab = emptyLike(c, (end - i) * end);
    gemm(end - i, end, k, A.subarray(i * k, end * k), false, A.subarray(0, end * k), true, slab);
    for (let row = i; row < end; row++) {
      const from = (row - i) * end;
      c.set(slab.subarray(from, from + row + 1), row * n);
    }
  }
}

/** Columns that are written together: a cache line of float64 numbers. */
const LINE = 8;

/** Copies the lower triangle of a row-major `[n, n]` to the upper one, some rows of it to a cache line of each row above. */
export function mirrorLower(n: number, c: FloatArray): void {
  for (let i0 = 0; i0 < n; i0 += LINE) {
    const i1 = Math.min(n, i0 + LINE);
    for (let j = 0; j < i1 - 1; j++) {
      for (let i = Math.max(i0, j + 1); i < i1; i++) c[j * n + i] = c[i * n + j];
    }
  }
}
