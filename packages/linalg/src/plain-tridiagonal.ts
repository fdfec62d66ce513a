import { NEGLIGIBLE } from './scaling.ts';

/** `A = Q T Qᵀ` with `T` tridiagonal and `Q = H_0 H_1 …` a product of reflectors `H_k = I − betas[k] v vᵀ`. */
export interface Reduction {
  readonly diagonal: Float64Array;
  /** `offDiagonal[i]` couples `i` and `i + 1`; the last entry is 0. */
  readonly offDiagonal: Float64Array;
  /** 0 where there was nothing to reflect. */
  readonly betas: Float64Array;
}

/**
 * Householder reduction of a symmetric matrix to tridiagonal form (Golub and Van Loan, Matrix Computations, 8.3).
 * Overwrites `a`, whose largest entry is to be of order 1: the vector of `H_k` is left in row `k`, right of the diagonal.
 */
export function reduceToTridiagonal(n: number, a: Float64Array): Reduction {
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  const betas = new Float64Array(n);
  const p = new Float64Array(n);

  for (let k = 0; k < n - 2; k++) {
    // The reflector acts on rows k+1 … n−1; it is kept in row k of `a`, right of the diagonal.
    const row = k * n;
    let scale = 0;
    for (let i = k + 1; i < n; i++) scale = Math.max(scale, Math.abs(a[row + i]));
    if (scale < NEGLIGIBLE) continue;
    let norm = 0;
    for (let i = k + 1; i < n; i++) norm += (a[row + i] / scale) ** 2;
    norm = scale * Math.sqrt(norm);
    const head = a[row + k + 1];
    const alpha = head > 0 ? -norm : norm;
    // v = x − alpha e₁, normalized so that v₁ = 1.
    const v1 = head - alpha;
    for (let i = k + 2; i < n; i++) a[row + i] /= v1;
    a[row + k + 1] = 1;
    const beta = -v1 / alpha;
    betas[k] = beta;
    offDiagonal[k] = alpha;

    // p = β A v over the trailing block, of which both halves are kept, then A ← A − v wᵀ − w vᵀ.
    let vp = 0;
    for (let i = k + 1; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += a[i * n + j] * a[row + j];
      p[i] = beta * sum;
      vp += p[i] * a[row + i];
    }
    const half = (beta * vp) / 2;
    for (let i = k + 1; i < n; i++) p[i] -= half * a[row + i];
    for (let i = k + 1; i < n; i++) {
      const vi = a[row + i];
      const wi = p[i];
      for (let j = k + 1; j < n; j++) a[i * n + j] -= vi * p[j] + wi * a[row + j];
    }
  }
  if (n > 1) offDiagonal[n - 2] = a[(n - 2) * n + n - 1];
  for (let i = 0; i < n; i++) diagonal[i] = a[i * n + i];

  return { diagonal, offDiagonal, betas };
}

/** `b ← Q b`, or `Qᵀ b`, for `b` of `[n, p]`, from the reflectors in `a`. */
export function applyReflectors(
  n: number,
  a: Float64Array,
  betas: Float64Array,
  p: number,
  b: Float64Array,
  transpose: boolean,
): void {
  const sums = new Float64Array(p);
  for (let step = 0; step < n - 2; step++) {
    const k = transpose ? step : n - 3 - step;
    if (betas[k] === 0) continue;
    const row = k * n;
    sums.fill(0);
    for (let i = k + 1; i < n; i++) {
      for (let q = 0; q < p; q++) sums[q] += a[row + i] * b[i * p + q];
    }
    for (let i = k + 1; i < n; i++) {
      const factor = betas[k] * a[row + i];
      for (let q = 0; q < p; q++) b[i * p + q] -= factor * sums[q];
    }
  }
}

/** The columns of `Q` in rows: the reflectors applied to the identity, where most of their work is on zeros. */
export function accumulateReflectors(n: number, a: Float64Array, betas: Float64Array): Float64Array {
  const q = new Float64Array(n * n);
  for (let i = 0; i < n; i++) q[i * n + i] = 1;
  for (let k = n - 3; k >= 0; k--) {
    const beta = betas[k];
    if (beta === 0) continue;
    const row = k * n;
    // Only the trailing block differs from the identity so far. Rows of `q` hold columns of the product.
    for (let i = k + 1; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += q[i * n + j] * a[row + j];
      sum *= beta;
      if (sum === 0) continue;
      for (let j = k + 1; j < n; j++) q[i * n + j] -= sum * a[row + j];
    }
  }
  return q;
}
