import { eigh, type Tensor } from '@sntk/linalg';
import { kernelEigenvalues } from '@sntk/linalg/extending';
import { kernelEntries } from './checks.ts';

/** A training kernel with its eigendecomposition `K = Q diag(values) Qᵀ`. */
export interface KernelSpectrum {
  /** `[N, N]`, symmetric. */
  readonly K: Tensor;
  /** Eigenvalues, ascending; rounding below zero is cut to zero. */
  readonly values: Float64Array;
  /** Eigenvectors in the columns, `[N, N]`. */
  readonly Q: Tensor;
  readonly samples: number;
}

/**
 * Decomposes a kernel on the training points, MATH (18). Mode `j` of gradient flow decays at rate `values[j]/N`.
 *
 * @throws ArgumentError when `K` is not square, symmetric and finite.
 * @throws NumericalError when `K` has an eigenvalue further below zero than rounding explains.
 */
export function kernelSpectrum(K: Tensor): KernelSpectrum {
  const { samples } = kernelEntries('kernelSpectrum', K);
  const { values, vectors } = eigh(K);
  return { K, values: kernelEigenvalues('kernelSpectrum', values, K.dtype).values, Q: vectors, samples };
}
