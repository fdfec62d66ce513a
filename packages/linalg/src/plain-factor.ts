import type { EighArrays, FactorKernels, TridiagonalArrays } from './backend.ts';
import { accumulateReflectors, applyReflectors, reduceToTridiagonal } from './plain-tridiagonal.ts';
import { tridiagonalQl } from './tridiagonal-ql.ts';

/** Lower Cholesky factor by rows, so that every inner loop runs along two contiguous rows. */
function cholesky(n: number, a: Float64Array): number {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j];
      for (let p = 0; p < j; p++) sum -= a[i * n + p] * a[j * n + p];
      if (i === j) {
        if (!(sum > 0)) {
          a[i * n + i] = sum;
          return i;
        }
        a[i * n + i] = Math.sqrt(sum);
      } else {
        a[i * n + j] = sum / a[j * n + j];
      }
    }
    a.fill(0, i * n + i + 1, (i + 1) * n);
  }
  return -1;
}

function solveLower(n: number, p: number, l: Float64Array, b: Float64Array, transpose: boolean): void {
  for (let step = 0; step < n; step++) {
    const i = transpose ? n - 1 - step : step;
    const row = i * p;
    for (let done = 0; done < step; done++) {
      const j = transpose ? n - 1 - done : done;
      const factor = transpose ? l[j * n + i] : l[i * n + j];
      if (factor === 0) continue;
      const from = j * p;
      for (let q = 0; q < p; q++) b[row + q] -= factor * b[from + q];
    }
    const pivot = l[i * n + i];
    for (let q = 0; q < p; q++) b[row + q] /= pivot;
  }
}

/** Brings the largest entry near 1. Gives the unit that was divided by, a power of two, so that scaling rounds nothing. */
function scaleToUnit(n: number, a: Float64Array): number {
  let largest = 0;
  for (let p = 0; p < n * n; p++) largest = Math.max(largest, Math.abs(a[p]));
  const unit = largest > 0 ? 2 ** Math.min(1023, Math.floor(Math.log2(largest))) : 1;
  for (let p = 0; p < n * n; p++) a[p] /= unit;
  return unit;
}

function tridiagonalize(n: number, a: Float64Array): TridiagonalArrays {
  const unit = scaleToUnit(n, a);
  const { diagonal, offDiagonal, betas } = reduceToTridiagonal(n, a);
  return {
    diagonal: diagonal.map((entry) => unit * entry),
    offDiagonal: offDiagonal.subarray(0, Math.max(0, n - 1)).map((entry) => unit * entry),
    multiply: (p, b, transpose) => applyReflectors(n, a, betas, p, b, transpose),
  };
}

function eigh(n: number, a: Float64Array): EighArrays {
  const unit = scaleToUnit(n, a);
  const { diagonal, offDiagonal, betas } = reduceToTridiagonal(n, a);
  const q = accumulateReflectors(n, a, betas);
  tridiagonalQl(n, diagonal, offDiagonal, q);
  // `q` holds eigenvectors in rows; the public form has them in columns, in ascending order of eigenvalue.
  const order = Array.from(diagonal.keys()).sort((i, j) => diagonal[i] - diagonal[j]);
  const values = new Float64Array(n);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    values[to] = unit * diagonal[from];
    for (let i = 0; i < n; i++) vectors[i * n + to] = q[from * n + i];
  });
  return { values, vectors };
}

/** Factorizations in plain JavaScript: the oracle, and what a CPU backend falls back to. */
export const plainFactorKernels: FactorKernels = { cholesky, solveLower, eigh, tridiagonalize };
