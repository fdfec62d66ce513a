import { ArgumentError, checkFinite, checkNonNegative, NumericalError, UnavailableError } from '@sntk/errors';
import type { Backend, FactorKernels } from './backend.ts';
import { adopt } from './create.ts';
import { checkOn, checkRank, toArray, toFloat64 } from './ops.ts';
import { type FloatArray, showShape, type Tensor } from './tensor.ts';

/** Rows and columns of a matrix and its mirror image that are visited together, so that both stay in the cache. */
const BLOCK = 32;

/** What a factorization did beyond what was asked. */
export interface FactorInfo {
  /** Added to the diagonal. */
  readonly jitter: number;
  /** Factorizations compute in float64; true when the entries came in as float32. */
  readonly promoted: boolean;
  /** The device that the entries were read from, when the factorization ran elsewhere for it. */
  readonly movedFrom?: string;
}

export interface CholeskyResult {
  /** Lower triangular `L` with `A + jitter·I = L Lᵀ`, float64. */
  readonly L: Tensor;
  readonly info: FactorInfo;
}

/**
 * Cholesky factor of a symmetric positive definite matrix; reads the lower triangle.
 *
 * @throws ArgumentError for a matrix that is not square or has entries that are not finite.
 * @throws NumericalError at a pivot that is not positive or overflows, with its index and value.
 * @example
 * ```ts
 * import { cholesky, ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 *
 * const A = tensor([[4, 2], [2, 5]], { backend: ndarrayBackend() });
 * console.log(toArray(cholesky(A).L)); // Float64Array [2, 0, 1, 2]
 * ```
 */
export function cholesky(a: Tensor, options: { readonly jitter?: number } = {}): CholeskyResult {
  const { n, kernels, entries } = enter('cholesky', 'a', a);
  const jitter = checkNonNegative('cholesky', 'options.jitter', options.jitter ?? 0);
  const copy = new Float64Array(entries);
  for (let i = 0; i < n; i++) copy[i * n + i] += jitter;
  const failed = kernels.cholesky(n, copy);
  // What overflows in a row ends up in its pivot, which not every LAPACK looks at.
  const bad = failed >= 0 ? failed : firstOverflow(n, copy);
  if (bad >= 0) {
    const value = copy[bad * n + bad];
    throw new NumericalError({
      where: 'cholesky',
      found: `pivot ${bad} is ${value}`,
      fix: Number.isFinite(value)
        ? 'the matrix is not positive definite: pass { jitter }'
        : 'numbers overflow on the way to it: scale the matrix down',
      details: { pivot: bad, value },
    });
  }
  return {
    L: adopt(copy, a.backend, [n, n]),
    info: { jitter, promoted: a.dtype === 'float32' },
  };
}

/** The first diagonal entry that is NaN or infinite, or −1. */
function firstOverflow(n: number, l: Float64Array): number {
  for (let i = 0; i < n; i++) if (!Number.isFinite(l[i * n + i])) return i;
  return -1;
}

/**
 * Solves `L X = B` (or `Lᵀ X = B`) for a lower triangular `L` `[n, n]` and `B` `[n, p]`; the result is float64.
 *
 * @throws ArgumentError for shapes that do not fit, entries that are not finite, or tensors of two backends.
 * @throws NumericalError for a zero on the diagonal of `L`.
 */
export function solveTriangular(
  L: Tensor,
  B: Tensor,
  options: { readonly transpose?: boolean } = {},
): Tensor {
  const { n, kernels } = enter('solveTriangular', 'L', L);
  checkRank('solveTriangular', 'B', B, 2);
  checkOn('solveTriangular', 'B', B, L.backend, 'L');
  if (B.shape[0] !== n) {
    throw new ArgumentError({
      where: 'solveTriangular',
      argument: 'B',
      wanted: `${n} rows, as many as L ${showShape(L.shape)} has`,
      got: showShape(B.shape),
    });
  }
  checkFinite('solveTriangular', 'B', toArray(B));
  const l = toFloat64(L);
  for (let i = 0; i < n; i++) {
    if (l[i * n + i] === 0) {
      throw new NumericalError({
        where: 'solveTriangular',
        found: `pivot ${i} is 0`,
        fix: 'L is singular; as a Cholesky factor take cholesky(A, { jitter }).L',
      });
    }
  }
  const out = new Float64Array(toArray(B));
  kernels.solveLower(n, B.shape[1], l, out, options.transpose === true);
  const overflow = out.findIndex((x) => !Number.isFinite(x));
  if (overflow >= 0) {
    throw new NumericalError({
      where: 'solveTriangular',
      found: `the solution overflows at position ${overflow}`,
      fix: 'the matrix is singular to working precision: factor it with { jitter }',
    });
  }
  return adopt(out, B.backend, B.shape);
}

/**
 * Solves `A X = B` `[n, p]` from the Cholesky factor of `A` (of `A + jitter·I` when a jitter was passed).
 *
 * @throws ArgumentError and NumericalError as `solveTriangular` does.
 * @example
 * ```ts
 * import { cholesky, ndarrayBackend, solveCholesky, tensor, toArray } from '@sntk/linalg';
 *
 * const backend = ndarrayBackend();
 * const A = tensor([[4, 2], [2, 5]], { backend });
 * const B = tensor([[8], [12]], { backend });
 * console.log(toArray(solveCholesky(cholesky(A), B))); // Float64Array [1, 2]
 * ```
 */
export function solveCholesky(factor: CholeskyResult, B: Tensor): Tensor {
  return solveTriangular(factor.L, solveTriangular(factor.L, B), { transpose: true });
}

/** Natural logarithm of the determinant of `A`, from its Cholesky factor. */
export function logDeterminant(factor: CholeskyResult): number {
  const n = factor.L.shape[0];
  const l = toFloat64(factor.L);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.log(l[i * n + i]);
  return 2 * sum;
}

export interface EighResult {
  /** Eigenvalues in ascending order. */
  readonly values: Float64Array;
  /** Eigenvectors in the columns, float64. */
  readonly vectors: Tensor;
  readonly info: FactorInfo;
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix, `A = Q diag(values) Qᵀ`.
 *
 * @throws ArgumentError for a matrix that is not square, not symmetric (by how much is told) or not finite.
 * @throws NumericalError when an eigenvalue overflows.
 * @example
 * ```ts
 * import { eigh, ndarrayBackend, tensor } from '@sntk/linalg';
 *
 * const A = tensor([[2, 0], [0, -1]], { backend: ndarrayBackend() });
 * console.log(eigh(A).values); // Float64Array [-1, 2]
 * ```
 */
export function eigh(a: Tensor): EighResult {
  const { n, kernels, copy } = symmetricEntries('eigh', 'a', a);
  const { values, vectors } = kernels.eigh(n, copy);
  const overflow = values.find((value) => !Number.isFinite(value));
  if (overflow !== undefined) {
    throw new NumericalError({
      where: 'eigh',
      found: `an eigenvalue is ${overflow}`,
      fix: 'eigenvalues overflow: scale the matrix down',
    });
  }
  return {
    values,
    vectors: adopt(vectors, a.backend, [n, n]),
    info: { jitter: 0, promoted: a.dtype === 'float32' },
  };
}

/** A copy of a symmetric matrix for a factorization, with what factors it; throws when it is not square, finite and symmetric. */
export function symmetricEntries(
  where: string,
  argument: string,
  a: Tensor,
): { n: number; kernels: FactorKernels; copy: Float64Array } {
  const n = checkSquare(where, argument, a);
  const kernels = factorKernels(where, argument, a.backend);
  const entries = toArray(a);
  const asymmetry = checkSymmetric(where, n, entries, argument);
  const copy = new Float64Array(entries);
  // Backends read different triangles; the mean of the two is one matrix for all.
  if (asymmetry > 0) averageTriangles(n, copy);
  return { n, kernels, copy };
}

function averageTriangles(n: number, a: Float64Array): void {
  for (let i0 = 0; i0 < n; i0 += BLOCK) {
    for (let j0 = 0; j0 <= i0; j0 += BLOCK) {
      for (let i = i0; i < Math.min(n, i0 + BLOCK); i++) {
        for (let j = j0; j < Math.min(i, j0 + BLOCK); j++) {
          const mean = a[i * n + j] / 2 + a[j * n + i] / 2;
          a[i * n + j] = mean;
          a[j * n + i] = mean;
        }
      }
    }
  }
}

/**
 * Throws unless a square row-major matrix is finite, and symmetric to 1e-8 (float32: 1e-5) of its largest entry. Returns the
 * largest difference of an entry and its mirror image. `argument` is what the caller's caller calls the matrix.
 */
export function checkSymmetric(where: string, n: number, a: FloatArray, argument = 'a'): number {
  let largest = 0;
  let worst = 0;
  for (let i0 = 0; i0 < n; i0 += BLOCK) {
    for (let j0 = 0; j0 <= i0; j0 += BLOCK) {
      for (let i = i0; i < Math.min(n, i0 + BLOCK); i++) {
        for (let j = j0; j < Math.min(i + 1, j0 + BLOCK); j++) {
          largest = Math.max(largest, Math.abs(a[i * n + j]), Math.abs(a[j * n + i]));
          worst = Math.max(worst, Math.abs(a[i * n + j] - a[j * n + i]));
        }
      }
    }
  }
  // A maximum keeps what is not a number, so that one pass is enough.
  if (!Number.isFinite(largest)) checkFinite(where, argument, a);
  if (worst > (a instanceof Float64Array ? 1e-8 : 1e-5) * largest) {
    throw new ArgumentError({
      where,
      argument,
      wanted: 'a symmetric matrix',
      got: `entries that differ from their mirror images by up to ${worst.toExponential(2)}`,
      fix: 'average the matrix with its transpose if that is meant',
    });
  }
  return worst;
}

function enter(
  where: string,
  argument: string,
  a: Tensor,
): { n: number; kernels: FactorKernels; entries: FloatArray } {
  const n = checkSquare(where, argument, a);
  return { n, ...factorable(where, argument, a) };
}

function checkSquare(where: string, argument: string, a: Tensor): number {
  checkRank(where, argument, a, 2);
  const [rows, columns] = a.shape;
  if (rows !== columns) {
    throw new ArgumentError({ where, argument, wanted: 'a square matrix', got: showShape(a.shape) });
  }
  return rows;
}

/** The entries of a matrix and what factors it; throws when they are not finite or its backend factors nothing. */
export function factorable(
  where: string,
  argument: string,
  a: Tensor,
): { kernels: FactorKernels; entries: FloatArray } {
  const kernels = factorKernels(where, argument, a.backend);
  const entries = toArray(a);
  checkFinite(where, argument, entries);
  return { kernels, entries };
}

function factorKernels(where: string, argument: string, { factor, name }: Backend): FactorKernels {
  if (factor) return factor;
  throw new UnavailableError(
    where,
    `backend ${name} has no factorizations; move the tensor with await toBackend(${argument}, ndarrayBackend()), or use onCpu of @sntk/linalg/devices`,
  );
}
