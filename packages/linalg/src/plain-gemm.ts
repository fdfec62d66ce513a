import type { GemmKernel } from './cpu-backend.ts';
import { transposeLoop } from './elementwise.ts';

/** Rows of `B` that stay in the first-level cache while a block of rows of `A` passes over them. */
const BLOCK_K = 64;

/**
 * `C = op(A) op(B)` by row updates: the innermost loop runs along rows of `B` and `C`, four rows of `B` at a time.
 */
export const plainGemm: GemmKernel = (m, n, k, a, transposeA, b, transposeB, c) => {
  const A = transposeA ? transposeLoop(a, k, m) : a;
  const B = transposeB ? transposeLoop(b, n, k) : b;
  c.fill(0);
  for (let p0 = 0; p0 < k; p0 += BLOCK_K) {
    const p1 = Math.min(k, p0 + BLOCK_K);
    for (let i = 0; i < m; i++) {
      const row = i * n;
      let p = p0;
      for (; p + 4 <= p1; p += 4) {
        const a0 = A[i * k + p];
        const a1 = A[i * k + p + 1];
        const a2 = A[i * k + p + 2];
        const a3 = A[i * k + p + 3];
        const b0 = p * n;
        const b1 = b0 + n;
        const b2 = b1 + n;
        const b3 = b2 + n;
        for (let j = 0; j < n; j++) {
          c[row + j] += a0 * B[b0 + j] + a1 * B[b1 + j] + a2 * B[b2 + j] + a3 * B[b3 + j];
        }
      }
      for (; p < p1; p++) {
        const ap = A[i * k + p];
        const bp = p * n;
        for (let j = 0; j < n; j++) c[row + j] += ap * B[bp + j];
      }
    }
  }
};
