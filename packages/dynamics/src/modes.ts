import { type FloatArray, matmul, type Tensor, tensor, toFloat64 } from '@sntk/linalg';
import type { DualEnsemble } from './kernel-sgd.ts';
import type { KernelSpectrum } from './spectrum.ts';

/**
 * The drift of function-space training in the eigenbasis: `a = Qᵀα` decays by itself, `da = −(s/N)(c_0 + Λ a) dt`
 * with `c = Qᵀr`, and over a step has the exact flow `a ← E a − G c_0`. `s` is 1 for mean reduction, `N` for sums.
 */
export interface ModeFlow {
  /** `e^{−sλh/N}`. */
  readonly kept: Float64Array;
  /** `(1 − e^{−sλh/N})/λ`, and its limit `sh/N` at zero, times `c_0`. */
  readonly pulled: Float64Array;
}

/** Rotates vectors of the example basis, row-major `[N, P]`, into the eigenbasis. */
export function toModes(spectrum: KernelSpectrum, entries: FloatArray, paths: number): Float64Array {
  const { Q, samples } = spectrum;
  const block: Tensor = tensor(entries, { backend: Q.backend, dtype: 'float64', shape: [samples, paths] });
  return toFloat64(matmul(Q, block, { transposeA: true }));
}

/** The exact flow of the drift over `step` time units, from `c0 = Qᵀr_0`. */
export function modeFlow(
  spectrum: KernelSpectrum,
  c0: Float64Array,
  options: { readonly step: number; readonly reduction: 'mean' | 'sum' },
): ModeFlow {
  const { values, samples: N } = spectrum;
  const time = options.reduction === 'mean' ? options.step / N : options.step;
  return {
    kept: values.map((value) => Math.exp(-value * time)),
    pulled: values.map((value, j) => (value > 0 ? -Math.expm1(-value * time) / value : time) * c0[j]),
  };
}

/** Dual coordinates and residuals of an ensemble from `a` row-major `[N, P]`. */
export function fromModes(
  spectrum: KernelSpectrum,
  c0: Float64Array,
  a: Float64Array,
  paths: number,
): DualEnsemble {
  const { Q, values, samples: N } = spectrum;
  const c = new Float64Array(N * paths);
  for (let j = 0; j < N; j++) {
    for (let p = 0; p < paths; p++) c[j * paths + p] = c0[j] + values[j] * a[j * paths + p];
  }
  const back = (modes: Float64Array): Float64Array =>
    toFloat64(matmul(Q, tensor(modes, { backend: Q.backend, shape: [N, paths] })));
  return { alpha: back(a), residual: back(c), paths };
}
