import type { GemmKernel } from './cpu-backend.ts';
import { emptyLike, transposeLoop } from './elementwise.ts';
import type { FloatArray } from './tensor.ts';

/** Rows of a slab: enough for a matrix product at full speed, few enough that little above the diagonal is computed. */
const SLAB = 192;

/**
 * `C = A Aᵀ` for `A` `[n, k]`, or `Aᵀ A` for `A` `[k, n]` when `transposed`, by products of slabs of rows with the rows
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
  mirrorLower(n, c);
}

/** Copies the lower triangle of a row-major `[n, n]` to the upper one, in blocks, so that both sides stay in the cache. */
export function mirrorLower(n: number, c: FloatArray): void {
  const block = 32;
  for (let i0 = 0; i0 < n; i0 += block) {
    const i1 = Math.min(n, i0 + block);
    for (let j0 = 0; j0 <= i0; j0 += block) {
      for (let i = i0; i < i1; i++) {
        const j1 = Math.min(i, j0 + block);
        for (let j = j0; j < j1; j++) c[j * n + i] = c[i * n + j];
      }
    }
  }
}
