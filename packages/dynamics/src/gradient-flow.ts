import { checkFinite, checkInteger, checkLength, checkNonNegative, NumericalError } from '@sntk/errors';
import { matmul, type Tensor, tensor, toFloat64 } from '@sntk/linalg';
import type { DualEnsemble } from './kernel-sgd.ts';
import { flowOfMode, toModes } from './modes.ts';
import type { KernelSpectrum } from './spectrum.ts';

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
 * Source: Jacot, Gabriel and Hongler, "Neural Tangent Kernel".
 *
 * @throws ArgumentError when `r0` does not have one finite entry per training point, or `time` is negative.
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
  spectrum: KernelSpectrum,
  r0: Float64Array,
  options: { readonly time: number },
): DualState {
  const N = spectrum.samples;
  if (options.time === Number.POSITIVE_INFINITY) return limit(spectrum, r0);
  const time = checkNonNegative('gradientFlow', 'options.time', options.time);
  return throughModes('gradientFlow', spectrum, r0, (value) => flowOfMode(value, time / N));
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

/** `throughModes` for `count` states at once, a column each. */
export function statesThroughModes(
  where: string,
  spectrum: KernelSpectrum,
  r0: Float64Array,
  states: { readonly count: number; readonly mode: (value: number, state: number) => ModeState },
): DualEnsemble {
  const { Q, values, samples } = spectrum;
  const { count, mode } = states;
  checkLength(where, 'r0', r0, samples, 'one per training point');
  checkFinite(where, 'r0', r0);
  const c = toModes(spectrum, r0, 1);
  // Residuals, then coordinates, in one block: one product for both.
  const modes = new Float64Array(2 * count * samples);
  values.forEach((value, j) => {
    for (let t = 0; t < count; t++) {
      const { kept, gathered } = mode(value, t);
      modes[2 * count * j + t] = kept * c[j];
      modes[2 * count * j + count + t] = -gathered * c[j];
    }
  });
  const back: Tensor = matmul(Q, tensor(modes, { backend: Q.backend, shape: [samples, 2 * count] }));
  const both = toFloat64(back);
  if (!both.every(Number.isFinite)) {
    throw new NumericalError({
      where,
      found: 'the residual is too large for a number',
      fix: `lower the learning rate; 2N/λ_max is ${((2 * samples) / values[samples - 1]).toPrecision(3)}`,
    });
  }
  const half = (first: number): Float64Array =>
    Float64Array.from(
      { length: samples * count },
      (_, q) => both[(Math.floor(q / count) * 2 + first) * count + (q % count)],
    );
  return { residual: half(0), alpha: half(1), paths: count };
}
