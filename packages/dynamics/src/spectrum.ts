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
  const { samples } = kernelEntries('kernelSpectrum', K);
  const { values, vectors } = eigh(K);
  const largest = samples > 0 ? values[samples - 1] : 0;
  if (samples > 0 && values[0] < -ROUNDING[K.dtype] * samples * Math.max(largest, 0)) {
    throw new NumericalError({
      where: 'kernelSpectrum',
      found: `K is not positive semidefinite: its smallest eigenvalue is ${values[0].toExponential(3)}, its largest ${largest.toExponential(3)}`,
      fix: `check the kernel, or add a jitter of ${(-values[0]).toExponential(1)} to its diagonal`,
      details: { smallest: values[0], largest },
    });
  }
  return { K, values: values.map((value) => Math.max(0, value)), Q: vectors, samples };
}
