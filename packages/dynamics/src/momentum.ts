import { checkInteger, checkNonNegative, checkPositive } from '@sntk/errors';
import { type DualState, throughModes } from './gradient-flow.ts';
import type { KernelSpectrum } from './spectrum.ts';

/** A linear map of `(c, a, v)`, residual, dual coordinate and velocity of one mode, row-major `[3, 3]`. */
type ModeMap = readonly number[];

const IDENTITY: ModeMap = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** Full-batch gradient descent with momentum and weight decay. */
export interface MomentumOptions {
  /** η. */
  readonly learningRate: number;
  readonly steps: number;
  /** μ of `v ← μ v + g`, `θ ← θ − η v`; from 0, 0 unless told. */
  readonly momentum?: number;
  /** ρ, which adds `½ ρ ‖θ − θ_0‖²` to the loss; 0 unless told. */
  readonly ridge?: number;
}

/**
 * Full-batch gradient descent with momentum in closed form after any number of steps, MATH (21): `v ← μ v + g`,
 * `θ ← θ − η v`, for the mean squared loss with a ridge `½ ρ ‖θ − θ_0‖²`. In dual coordinates `g = r/N + ρ α`.
 *
 * A step maps residual, coordinate and velocity of a mode linearly; the power of that map is taken by squaring. Weight
 * decay pulls to the start `θ_0`, not to zero: only then does training stay in the span of the kernel.
 *
 * @throws ArgumentError when `r0` does not have one finite entry per training point, or a number is negative.
 * @example
 * ```ts
 * import { kernelSpectrum, momentumDescent } from '@sntk/dynamics';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 *
 * const spectrum = kernelSpectrum(tensor([[1]], { backend: ndarrayBackend() }));
 * const options = { learningRate: 0.5, steps: 2, momentum: 0.5 };
 * console.log(momentumDescent(spectrum, new Float64Array([1]), options).residual); // Float64Array [0]
 * ```
 */
export function momentumDescent(
  spectrum: KernelSpectrum,
  r0: Float64Array,
  options: MomentumOptions,
): DualState {
  const where = 'momentumDescent';
  const eta = checkPositive(where, 'options.learningRate', options.learningRate);
  const steps = checkInteger(where, 'options.steps', options.steps);
  const mu = checkNonNegative(where, 'options.momentum', options.momentum ?? 0);
  const ridge = checkNonNegative(where, 'options.ridge', options.ridge ?? 0);
  const N = spectrum.samples;
  return throughModes(where, spectrum, r0, (value) => {
    const v = [1 / N, ridge, mu];
    const c = [1 - eta * value * v[0], -eta * value * v[1], -eta * value * v[2]];
    const a = [-eta * v[0], 1 - eta * v[1], -eta * v[2]];
    const [kept, , , gathered] = power([...c, ...a, ...v], steps);
    return { kept, gathered: -gathered };
  });
}

/** Training as a damped oscillator. */
export interface MomentumFlowOptions {
  /** Time, `√η` times the number of steps. */
  readonly time: number;
  /** γ, `(1 − μ)/√η`. */
  readonly friction: number;
  /** ρ, which adds `½ ρ ‖θ − θ_0‖²` to the loss; 0 unless told. */
  readonly ridge?: number;
}

/**
 * The flow that gradient descent with momentum follows for small learning rates, in closed form, MATH (21):
 * `α̈ = −γ α̇ − (r/N + ρ α)` from rest, with `γ = (1 − μ)/√η` and time `√η` times the number of steps.
 *
 * Underdamped, critical and overdamped modes, and those of eigenvalue zero, are one matrix exponential each.
 *
 * @throws ArgumentError when `r0` does not have one finite entry per training point, or a number is negative.
 * @example
 * ```ts
 * import { kernelSpectrum, momentumFlow } from '@sntk/dynamics';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 *
 * const spectrum = kernelSpectrum(tensor([[1]], { backend: ndarrayBackend() }));
 * const { residual } = momentumFlow(spectrum, new Float64Array([1]), { time: Math.PI, friction: 0 });
 * console.log(residual[0].toFixed(9)); // -1.000000000
 * ```
 */
export function momentumFlow(
  spectrum: KernelSpectrum,
  r0: Float64Array,
  options: MomentumFlowOptions,
): DualState {
  const where = 'momentumFlow';
  const time = checkNonNegative(where, 'options.time', options.time);
  const friction = checkNonNegative(where, 'options.friction', options.friction);
  const ridge = checkNonNegative(where, 'options.ridge', options.ridge ?? 0);
  const N = spectrum.samples;
  return throughModes(where, spectrum, r0, (value) => {
    const [kept, , , gathered] = exponential([0, 0, value, 0, 0, 1, -1 / N, -ridge, -friction], time);
    return { kept, gathered: -gathered };
  });
}

function product(A: ModeMap, B: ModeMap): ModeMap {
  return A.map((_, p) => {
    const row = p - (p % 3);
    return A[row] * B[p % 3] + A[row + 1] * B[3 + (p % 3)] + A[row + 2] * B[6 + (p % 3)];
  });
}

function power(map: ModeMap, exponent: number): ModeMap {
  let result = IDENTITY;
  let square = map;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = product(square, result);
    square = product(square, square);
  }
  return result;
}

/** `e^{A t}` by scaling and squaring of the Taylor series. */
function exponential(A: ModeMap, t: number): ModeMap {
  if (t === 0) return IDENTITY;
  // In units of the fastest rate every entry is of its size or less, also where there is no restoring force, so that
  // squarings are no more than the mode needs and small entries keep their digits beside large ones.
  const rate = Math.max(Math.sqrt(Math.abs(A[6] * A[2]) + Math.abs(A[7])), Math.abs(A[8]), 1 / t);
  const units = [1, Math.abs(A[6]) / rate ** 2, Math.abs(A[6]) / rate];
  const scaled = A.map((entry, p) => (entry * units[p % 3]) / units[Math.floor(p / 3)]);
  const size =
    t * Math.max(...[0, 3, 6].map((p) => scaled.slice(p, p + 3).reduce((s, e) => s + Math.abs(e), 0)));
  const squarings = Math.max(0, Math.ceil(Math.log2(Math.max(size, 1e-300))) + 2);
  const step = scaled.map((entry) => (entry * t) / 2 ** squarings);
  let result = IDENTITY;
  let term: ModeMap = IDENTITY;
  for (let n = 1; n <= 16; n++) {
    term = product(term, step).map((entry) => entry / n);
    result = result.map((entry, p) => entry + term[p]);
  }
  for (let i = 0; i < squarings; i++) result = product(result, result);
  return result.map((entry, p) => (entry * units[Math.floor(p / 3)]) / units[p % 3]);
}
