import { ArgumentError, checkNonNegative } from '@sntk/errors';
import { statesThroughModes } from './gradient-flow.ts';
import type { DualEnsemble } from './kernel-sgd.ts';
import { flowOfMode } from './modes.ts';
import type { KernelSpectrum } from './spectrum.ts';

/**
 * Gradient flow on the mean squared loss at many times at once, MATH (13): what `gradientFlow` gives for each, by two matrix
 * products for all of them. A column is a time, so that `predict` takes `alpha` as it is.
 *
 * Source: Jacot, Gabriel and Hongler, "Neural Tangent Kernel".
 *
 * @param r0 `f_0(X) − y`, `[N]`
 * @returns `alpha` and `residual` `[N, T]`, with `paths` the number of times `T`
 * @throws ArgumentError when `r0` does not have one finite entry per training point, and for times that are negative, not
 * finite, or none.
 * @throws NumericalError when the residual overflows.
 * @example
 * ```ts
 * import { gradientFlowPath, kernelSpectrum } from '@sntk/dynamics';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 *
 * const spectrum = kernelSpectrum(tensor([[2]], { backend: ndarrayBackend() }));
 * const { residual } = gradientFlowPath(spectrum, new Float64Array([1]), { times: [0, 0.5, 1] });
 * console.log([...residual].map((r) => r.toFixed(3))); // [ '1.000', '0.368', '0.135' ]
 * ```
 */
export function gradientFlowPath(
  spectrum: KernelSpectrum,
  r0: Float64Array,
  options: { readonly times: readonly number[] },
): DualEnsemble {
  const where = 'gradientFlowPath';
  const { times } = options;
  const { samples: N } = spectrum;
  const T = times.length;
  if (T === 0)
    throw new ArgumentError({ where, argument: 'options.times', wanted: 'one time or more', got: [] });
  times.forEach((time, t) => {
    checkNonNegative(where, `options.times[${t}]`, time);
  });
  return statesThroughModes(where, spectrum, r0, {
    count: T,
    mode: (value, t) => flowOfMode(value, times[t] / N),
  });
}
