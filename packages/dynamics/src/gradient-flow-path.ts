import { ArgumentError, checkFinite, checkLength, checkNonNegative } from '@sntk/errors';
import { matmul, tensor, toFloat64 } from '@sntk/linalg';
import { flowOfMode } from './gradient-flow.ts';
import type { DualEnsemble } from './kernel-sgd.ts';
import { toModes } from './modes.ts';
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
  const { Q, values, samples: N } = spectrum;
  const T = times.length;
  if (T === 0)
    throw new ArgumentError({ where, argument: 'options.times', wanted: 'one time or more', got: [] });
  times.forEach((time, t) => {
    checkNonNegative(where, `options.times[${t}]`, time);
  });
  checkLength(where, 'r0', r0, N, 'one per training point');
  checkFinite(where, 'r0', r0);
  const c = toModes(spectrum, r0, 1);
  const [kept, gathered] = [new Float64Array(N * T), new Float64Array(N * T)];
  for (let j = 0; j < N; j++) {
    for (let t = 0; t < T; t++) {
      const mode = flowOfMode(values[j], times[t] / N);
      kept[j * T + t] = mode.kept * c[j];
      gathered[j * T + t] = -mode.gathered * c[j];
    }
  }
  const back = (modes: Float64Array): Float64Array =>
    toFloat64(matmul(Q, tensor(modes, { backend: Q.backend, shape: [N, T] })));
  return { alpha: back(gathered), residual: back(kept), paths: T };
}
