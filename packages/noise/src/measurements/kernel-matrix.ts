import { ArgumentError, checkFinite } from '@sntk/errors';
import { eigh, type FloatArray, showShape, type Tensor, toArray } from '@sntk/linalg';
import { kernelEigenvalues } from '@sntk/linalg/extending';

/** Differences of an entry and its mirror up to this share of the largest entry are rounding. */
const ASYMMETRY = { float64: 1e-8, float32: 1e-5 } as const;
/**
 * A kernel of points with themselves, `[N, N]`.
 *
 * @param least the least there may be on the diagonal: `'positive'` where angles are asked for
 * @throws ArgumentError when it is not square, finite and symmetric (by how much is told), has a diagonal that is not
 * positive where it must be, or is zero.
 */
export function readKernel(
  where: string,
  K: Tensor,
  least: 'positive' | 'any' = 'positive',
): { readonly N: number; readonly k: FloatArray } {
  const N = K.shape[0];
  if (K.shape.length !== 2 || K.shape[1] !== N || N === 0) {
    throw new ArgumentError({ where, argument: 'K', wanted: 'a square matrix', got: showShape(K.shape) });
  }
  const k = toArray(K);
  checkFinite(where, 'K', k);
  let largest = 0;
  let asymmetry = { size: 0, at: [0, 0] };
  for (let i = 0; i < N; i++) {
    if (least === 'positive' && !(k[i * N + i] > 0)) {
      throw new ArgumentError({
        where,
        argument: 'K',
        wanted: 'positive on the diagonal',
        got: `${k[i * N + i]} at position ${i}`,
      });
    }
    for (let j = 0; j <= i; j++) {
      largest = Math.max(largest, Math.abs(k[i * N + j]));
      const size = Math.abs(k[i * N + j] - k[j * N + i]);
      if (size > asymmetry.size) asymmetry = { size, at: [i, j] };
    }
  }
  if (largest === 0) {
    throw new ArgumentError({
      where,
      argument: 'K',
      wanted: 'a kernel that is not zero',
      got: 'zeros alone',
    });
  }
  if (asymmetry.size > ASYMMETRY[K.dtype] * largest) {
    throw new ArgumentError({
      where,
      argument: 'K',
      wanted: 'a symmetric matrix',
      got: `entries at (${asymmetry.at.join(', ')}) and its mirror that differ by ${asymmetry.size.toExponential(2)}, where the largest is ${largest.toExponential(2)}`,
      fix: 'take (K + Kᵀ)/2 when that is rounding; else check that rows and columns are the same points',
    });
  }
  return { N, k };
}

/** Eigenvalues, ascending, and eigenvectors of a kernel. */
export interface KernelEigen {
  readonly N: number;
  readonly values: Float64Array;
  /** How far eigenvalues may be off, from the rounding of the entries. */
  readonly rounding: number;
  /** In columns, `[N, N]`. */
  readonly vectors: Tensor;
}

/**
 * The eigenvalues of a kernel, rounding below zero cut to zero.
 *
 * @throws ArgumentError as `readKernel`.
 * @throws NumericalError when an eigenvalue is further below zero than rounding explains.
 */
export function readSpectrum(where: string, K: Tensor): KernelEigen {
  const { N } = readKernel(where, K, 'any');
  const { values, vectors } = eigh(K);
  return { N, vectors, ...kernelEigenvalues(where, values, K.dtype) };
}
