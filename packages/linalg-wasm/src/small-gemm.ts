import type { FloatArray } from '@sntk/linalg';
import type { GemmKernel } from '@sntk/linalg/extending';

/** `C = op(A) op(B)` for factors so small that copying them to WASM memory would take longer. Sums are float64. */
export const smallGemm: GemmKernel = (m, n, k, a, transposeA, b, transposeB, c) => {
  const [rowA, stepA] = transposeA ? [1, m] : [k, 1];
  const [columnB, stepB] = transposeB ? [k, 1] : [1, n];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0, x = i * rowA, y = j * columnB; p < k; p++, x += stepA, y += stepB) sum += a[x] * b[y];
      c[i * n + j] = sum;
    }
  }
};

/** `y = op(A) x` with `op(A)` `[m, k]`: bound by reading `A` once, which a copy would double. Sums are float64. */
export function matrixVector(
  m: number,
  k: number,
  a: FloatArray,
  transposed: boolean,
  x: FloatArray,
  y: FloatArray,
): void {
  if (!transposed) {
    for (let i = 0; i < m; i++) y[i] = dot(a, i * k, x, k);
    return;
  }
  const sums = new Float64Array(m);
  for (let p = 0; p < k; p++) {
    const xp = x[p];
    const row = p * m;
    for (let i = 0; i < m; i++) sums[i] += xp * a[row + i];
  }
  y.set(sums);
}

/** Four sums side by side, since one alone waits for each addition to finish. */
function dot(a: FloatArray, start: number, x: FloatArray, length: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let p = 0;
  for (; p + 4 <= length; p += 4) {
    s0 += a[start + p] * x[p];
    s1 += a[start + p + 1] * x[p + 1];
    s2 += a[start + p + 2] * x[p + 2];
    s3 += a[start + p + 3] * x[p + 3];
  }
  for (; p < length; p++) s0 += a[start + p] * x[p];
  return s0 + s1 + (s2 + s3);
}
