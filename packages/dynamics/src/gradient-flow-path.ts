import { ArgumentError, checkInteger, checkNonNegative } from '@sntk/errors';
import type { Tensor } from '@sntk/linalg';
import { statesThroughModes } from './gradient-flow.ts';
import { kernelFlow } from './kernel-flow.ts';
import type { DualEnsemble } from './kernel-sgd.ts';
import { flowOfMode } from './modes.ts';
import { isSpectrum, type KernelSpectrum, spectrumOf } from './spectrum.ts';

/**
 * Gradient flow on the mean squared loss at many times at once, MATH (13): what `gradientFlow` gives for each. A column is a
 * time, so that `predict` takes `alpha` as it is.
 *
 * From a kernel of many points it needs no eigenvectors, in about half of their time: `K` is reduced to tridiagonal form, and
 * a rational approximation of the exponential costs `O(N)` a time. Residuals are right to a few 1e-14 of `r0`, to which
 * rounding of `t K/N` comes as with eigenvectors. Those are computed after all where that rounding decides (`t λ_max/N` above
 * 1e12) or has to be cut (`K` from single precision), and where they cost less (`N²` below 1000 times and outputs). From a
 * spectrum it is two matrix products for all times.
 *
 * Source: Jacot, Gabriel and Hongler, "Neural Tangent Kernel".
 *
 * @param kernel a kernel on the training points, `[N, N]`, or its `kernelSpectrum`
 * @param r0 `f_0(X) − y`, `[N]`, or `[N, O]`
 * @param options `outputs` `O`, all with the kernel `K`; 1 unless told
 * @returns `alpha` and `residual` `[N, T]`, or `[N, O, T]`, with `paths` the number of times `T`
 * @throws ArgumentError when `r0` does not have one finite entry per training point, and for times that are negative, not
 * finite, or none; for a kernel that is not square, symmetric and finite.
 * @throws NumericalError when the residual overflows, or a kernel is not positive semidefinite to rounding.
 * @example
 * ```ts
 * import { gradientFlowPath } from '@sntk/dynamics';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 *
 * const K = tensor([[2]], { backend: ndarrayBackend() });
 * const { residual } = gradientFlowPath(K, new Float64Array([1]), { times: [0, 0.5, 1] });
 * console.log([...residual].map((r) => r.toFixed(3))); // [ '1.000', '0.368', '0.135' ]
 * ```
 */
export function gradientFlowPath(
  kernel: Tensor | KernelSpectrum,
  r0: Float64Array,
  options: { readonly times: readonly number[]; readonly outputs?: number },
): DualEnsemble {
  const where = 'gradientFlowPath';
  const { times } = options;
  const T = times.length;
  if (T === 0)
    throw new ArgumentError({ where, argument: 'options.times', wanted: 'one time or more', got: [] });
  times.forEach((time, t) => {
    checkNonNegative(where, `options.times[${t}]`, time);
  });
  const outputs = checkInteger(where, 'options.outputs', options.outputs ?? 1, 1);
  if (!isSpectrum(kernel)) {
    const states = kernelFlow(where, kernel, r0, { times, outputs });
    return states ?? gradientFlowPath(spectrumOf(where, kernel), r0, options);
  }
  return statesThroughModes(where, kernel, r0, {
    count: T,
    outputs,
    mode: (value, t) => flowOfMode(value, times[t] / kernel.samples),
  });
}
