import { checkInteger, checkNonNegative } from '@sntk/errors';
import { matmul, type Tensor, tensor, toFloat64 } from '@sntk/linalg';
import { checkResidual } from './checks.ts';
import { dualStates } from './dual-states.ts';
import { kernelFlow } from './kernel-flow.ts';
import type { DualEnsemble } from './kernel-sgd.ts';
import { flowOfMode, toModes } from './modes.ts';
import { isSpectrum, type KernelSpectrum, spectrumOf } from './spectrum.ts';

/** A state of training in dual coordinates: `f_t(x) = f_0(x) + K(x, X) alpha`. */
export interface DualState {
  /** `α`, `[N]`. */
  readonly alpha: Float64Array;
  /** `r = f_t(X) − y`, `[N]`. */
  readonly residual: Float64Array;
  /** Modes of eigenvalue zero, which do not move and which the limit of long times leaves out (pseudo-inverse). */
  readonly leftOut?: number;
}

/**
 * Gradient flow on the mean squared loss, in closed form at any time, MATH (13):
 * `r_t = e^{−Kt/N} r_0`, `α_t = −K⁻¹(I − e^{−Kt/N}) r_0`.
 *
 * Time is `η` times the number of steps. Eigenvalues of zero are exact: their mode of `α` grows as `−t r/N`. At
 * `time: Infinity` it is the limit MATH (15), with the pseudo-inverse where `K` is singular; `leftOut` says of how many modes.
 *
 * The kernel itself serves for one call, in about half of the time that its spectrum takes; `gradientFlowPath` says how. A
 * spectrum serves for many calls.
 *
 * Source: Jacot, Gabriel and Hongler, "Neural Tangent Kernel".
 *
 * @param kernel a kernel on the training points, `[N, N]`, or its `kernelSpectrum`
 * @throws ArgumentError when `r0` does not have one finite entry per training point, or `time` is negative; for a kernel, and
 * NumericalError too, as `kernelSpectrum` does.
 * @example
 * ```ts
 * import { gradientFlow, kernelSpectrum } from '@sntk/dynamics';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 *
 * const spectrum = kernelSpectrum(tensor([[2]], { backend: ndarrayBackend() }));
 * const { residual } = gradientFlow(spectrum, new Float64Array([1]), { time: 0.5 });
 * console.log(residual[0] === Math.exp(-1)); // true
 * ```
 */
export function gradientFlow(
  kernel: Tensor | KernelSpectrum,
  r0: Float64Array,
  options: { readonly time: number },
): DualState {
  const where = 'gradientFlow';
  const atLimit = options.time === Number.POSITIVE_INFINITY;
  const time = atLimit ? 0 : checkNonNegative(where, 'options.time', options.time);
  if (!isSpectrum(kernel)) {
    const state = atLimit ? undefined : kernelFlow(where, kernel, r0, { times: [time], outputs: 1 });
    if (!state) return gradientFlow(spectrumOf(where, kernel), r0, options);
    return { alpha: state.alpha, residual: state.residual };
  }
  if (atLimit) return limit(kernel, r0);
  return throughModes(where, kernel, r0, (value) => flowOfMode(value, time / kernel.samples));
}

function limit(spectrum: KernelSpectrum, r0: Float64Array): DualState {
  const zero = zeroEigenvalue(spectrum);
  const state = throughModes('gradientFlow', spectrum, r0, (value) =>
    value > zero ? { kept: 0, gathered: 1 / value } : { kept: 1, gathered: 0 },
  );
  return { ...state, leftOut: spectrum.values.filter((value) => value <= zero).length };
}

/** Eigenvalues up to this are zero, for the limit of long times: rounding of the decomposition. */
export function zeroEigenvalue({ K, values, samples }: KernelSpectrum): number {
  const rounding = K.dtype === 'float32' ? 1.2e-7 : 1e-15;
  return rounding * samples * values[samples - 1];
}

/**
 * Full-batch gradient descent in closed form after any number of steps, MATH (14): the modes decay as
 * `(1 − ηλ/N)^k`.
 *
 * @throws NumericalError when a rate above `2N/λ_max` has made the residual overflow.
 */
export function gradientDescent(
  spectrum: KernelSpectrum,
  r0: Float64Array,
  options: { readonly learningRate: number; readonly steps: number },
): DualState {
  const rate = checkNonNegative('gradientDescent', 'options.learningRate', options.learningRate);
  const steps = checkInteger('gradientDescent', 'options.steps', options.steps);
  const N = spectrum.samples;
  return throughModes('gradientDescent', spectrum, r0, (value) => {
    const factor = 1 - (rate * value) / N;
    const kept = factor ** steps;
    // 1 − (1 − x)^k without cancellation for small x.
    const lost = factor > 0 ? -Math.expm1(steps * Math.log1p((-rate * value) / N)) : 1 - kept;
    return { kept, gathered: value > 0 ? lost / value : (rate * steps) / N };
  });
}

/** What a mode keeps of its residual, and what it has gathered in `−α` for each unit of it. */
type ModeState = { readonly kept: number; readonly gathered: number };

/** Applies one function of the eigenvalues for `r` and one for `α` to `r0`. */
export function throughModes(
  where: string,
  spectrum: KernelSpectrum,
  r0: Float64Array,
  mode: (value: number) => ModeState,
): DualState {
  const { alpha, residual } = statesThroughModes(where, spectrum, r0, { count: 1, mode });
  return { alpha, residual };
}

/** `throughModes` for `count` states at once and `outputs` columns of `r0`, which start as one column unless told. */
export function statesThroughModes(
  where: string,
  spectrum: KernelSpectrum,
  r0: Float64Array,
  states: {
    readonly count: number;
    readonly outputs?: number;
    readonly mode: (value: number, state: number) => ModeState;
  },
): DualEnsemble {
  const { Q, values, samples } = spectrum;
  const { count, outputs = 1, mode } = states;
  checkResidual(where, r0, samples, outputs);
  const c = toModes(spectrum, r0, outputs);
  // Residuals, then coordinates, in one block: one product for both.
  const half = outputs * count;
  const modes = new Float64Array(2 * half * samples);
  values.forEach((value, j) => {
    for (let t = 0; t < count; t++) {
      const { kept, gathered } = mode(value, t);
      for (let o = 0; o < outputs; o++) {
        const column = 2 * half * j + o * count + t;
        modes[column] = kept * c[j * outputs + o];
        modes[column + half] = -gathered * c[j * outputs + o];
      }
    }
  });
  const back: Tensor = matmul(Q, tensor(modes, { backend: Q.backend, shape: [samples, 2 * half] }));
  const both = toFloat64(back);
  const alphaUnits = new Float64Array(count).fill(1);
  return dualStates(where, { both, samples, residualUnit: 1, alphaUnits, largest: values[samples - 1] });
}
