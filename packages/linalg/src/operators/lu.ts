/**
 * Solves `A X = B` for row-major `a` `[n, n]` and `b` `[n, n]` in place of `b`, by Gaussian elimination with partial
 * pivoting; `a` is overwritten. Returns −1, or the first column without a pivot.
 */
export function solveInPlace(n: number, a: Float64Array, b: Float64Array): number {
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]) > Math.abs(a[pivot * n + k])) pivot = i;
    if (!(Math.abs(a[pivot * n + k]) > 0)) return k;
    if (pivot !== k) {
      swapRows(n, a, k, pivot);
      swapRows(n, b, k, pivot);
    }
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k] / a[k * n + k];
      if (factor === 0) continue;
      for (let j = k + 1; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
      for (let j = 0; j < n; j++) b[i * n + j] -= factor * b[k * n + j];
    }
  }
  for (let k = n - 1; k >= 0; k--) {
    for (let j = 0; j < n; j++) b[k * n + j] /= a[k * n + k];
    for (let i = 0; i < k; i++) {
      const factor = a[i * n + k];
      for (let j = 0; j < n; j++) b[i * n + j] -= factor * b[k * n + j];
    }
  }
  return -1;
}

function swapRows(n: number, a: Float64Array, i: number, j: number): void {
  const row = a.slice(i * n, i * n + n);
  a.copyWithin(i * n, j * n, j * n + n);
  a.set(row, j * n);
}
