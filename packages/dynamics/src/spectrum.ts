import { NumericalError } from '@sntk/errors';
import { eigh, type Tensor } from '@sntk/linalg';
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

/** Negative eigenvalues up to this share of the largest, for each row, are rounding of the kernel's entries. */
const ROUNDING = { float64: 1e-13, float32: 1.2e-7 } as const;

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
  if (samples > 0) checkSemidefinite(where, K, { smallest: values[0], largest: values[samples - 1] });
  return { K, values: values.map((value) => Math.max(0, value)), Q: vectors, samples };
}

/** Whether a kernel comes with its eigenvectors. */
export function isSpectrum(kernel: Tensor | KernelSpectrum): kernel is KernelSpectrum {
  return 'Q' in kernel;
}

/** Refuses a kernel whose smallest eigenvalue is further below zero than the rounding of its entries explains. */
export function checkSemidefinite(
  where: string,
  K: Tensor,
  { smallest, largest }: { readonly smallest: number; readonly largest: number },
): void {
  if (smallest >= -ROUNDING[K.dtype] * K.shape[0] * Math.max(largest, 0)) return;
  throw new NumericalError({
    where,
    found: `K is not positive semidefinite: its smallest eigenvalue is ${smallest.toExponential(3)}, its largest ${largest.toExponential(3)}`,
    fix: `check the kernel, or add a jitter of ${(-smallest).toExponential(1)} to its diagonal`,
    details: { smallest, largest },
  });
}
