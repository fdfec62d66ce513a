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
  return spectrumOf('kernelSpectrum', K);
}

/** `kernelSpectrum` with errors in the name of the function that a user called. */
export function spectrumOf(where: string, K: Tensor): KernelSpectrum {
  const { samples } = kernelEntries(where, K);
  const { values, vectors } = eigh(K);
  return { K, values: kernelEigenvalues(where, values, K.dtype).values, Q: vectors, samples };
}

/** Whether a kernel comes with its eigenvectors. */
export function isSpectrum(kernel: Tensor | KernelSpectrum): kernel is KernelSpectrum {
  return 'Q' in kernel;
}
