import { checkFinite, checkInteger, checkLength, NumericalError } from '@sntk/errors';
import { rateAdvice } from './advice.ts';
import { type DualMomentOptions, momentRates } from './dual-moments.ts';
import type { RunHooks } from './kernel-sgd.ts';
import { toModes } from './modes.ts';
import type { KernelSpectrum } from './spectrum.ts';

/** A training run whose loss curve is wanted. */
export type RiskOptions = Omit<DualMomentOptions, 'tolerance' | keyof RunHooks>;

/** The expected loss of training by homogenization. */
export interface RiskCurve {
  /** Expected training loss `E (1/2N) |r|²` before the first step and after each, `[steps + 1]`. */
  readonly loss: Float64Array;
  /** `∫ k`: the loss that a unit of loss breeds by its noise, infinite where it does not decay. Training is stable where it is below 1. */
  readonly kernelMass: number;
}

/**
 * The training loss of SGD by homogenization: the Volterra equation MATH (37), `Ψ(t) = F(t) + ∫ k(t − s) Ψ(s) ds`.
 *
 * It is MATH (33) or (34) with `diag(S)` replaced by its mean over examples, which is exact where the eigenvectors treat
 * all examples alike (circulant kernels) and nearly so where they are spread out. Then the second moment of each mode moves by
 * itself but for the loss, and a step costs `O(N)`. For the SDEs the loss is taken as a straight line over each step.
 *
 * Source: Paquette, Paquette, Adlam and Pennington, "Homogenization of SGD in high-dimensions: Exact dynamics and
 * generalization properties".
 *
 * @param r0 `f_0(X) − y`, `[N]`
 * @throws ArgumentError when `r0` does not have one finite entry per training point.
 * @throws NumericalError when the loss overflows: the learning rate is above the limit.
 * @example
 * ```ts
 * import { kernelSpectrum, riskCurve } from '@sntk/dynamics';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 *
 * const spectrum = kernelSpectrum(tensor([[1, 0], [0, 1]], { backend: ndarrayBackend() }));
 * const { loss } = riskCurve(spectrum, new Float64Array([1, 1]), { learningRate: 1, steps: 2, batch: 1 });
 * console.log(loss); // Float64Array [0.5, 0.25, 0.125]
 * ```
 */
export function riskCurve(spectrum: KernelSpectrum, r0: Float64Array, options: RiskOptions): RiskCurve {
  const where = 'riskCurve';
  const { values, samples: N } = spectrum;
  checkLength(where, 'r0', r0, N, 'one per training point');
  checkFinite(where, 'r0', r0);
  const steps = checkInteger(where, 'options.steps', options.steps);
  const rates = momentRates(where, N, options);
  const { kept, early, late, floor, kernelMass } = modeRates(values, rates);
  const m = toModes(spectrum, r0, 1).map((value) => value * value);
  const loss = new Float64Array(steps + 1);
  let u = m.reduce((sum, value) => sum + value, 0) / N;
  // The loss at the end of a step breeds loss within it: one linear equation for one number.
  const implicit = 1 - late.reduce((sum, value) => sum + value, 0) / N;
  loss[0] = u / 2;
  for (let step = 1; step <= steps; step++) {
    let sum = 0;
    for (let j = 0; j < N; j++) {
      m[j] = kept[j] * m[j] + early[j] * u + floor[j];
      sum += m[j];
    }
    u = sum / (N * implicit);
    for (let j = 0; j < N; j++) m[j] += late[j] * u;
    loss[step] = u / 2;
    if (!Number.isFinite(u) || u < 0) {
      throw new NumericalError({
        where,
        found: `the loss overflows at step ${step}`,
        fix: rateAdvice(options.learningRate, values[N - 1], N),
        details: { step },
      });
    }
  }
  return { loss, kernelMass };
}

/** A step of the second moment of each mode: `m ← kept m + early u_0 + late u_1 + floor`, with `u` the mean of `r²`. */
function modeRates(
  values: Float64Array,
  { model, learningRate: eta, factor, floor }: ReturnType<typeof momentRates>,
): Readonly<Record<'kept' | 'early' | 'late' | 'floor', Float64Array>> & { readonly kernelMass: number } {
  const N = values.length;
  const [kept, early, late] = [new Float64Array(N), new Float64Array(N), new Float64Array(N)];
  const floors = new Float64Array(N);
  let kernelMass = 0;
  values.forEach((value, j) => {
    const x = (eta * value) / N;
    const drop = model === 'leading' ? 0 : factor * x * x;
    const bred = factor * x * x * N;
    if (model === 'sgd') {
      kept[j] = (1 - x) ** 2 - drop;
      early[j] = bred;
      floors[j] = floor * value * value;
    } else {
      // Over a step z of decay: ∫ e^{−z(1−s)} ds, and the same with s for the share of the end.
      const z = 2 * x + drop;
      const whole = z > 0 ? -Math.expm1(-z) / z : 1;
      const share = z > 1e-4 ? (1 - whole) / z : 1 / 2 - z / 6 + (z * z) / 24;
      kept[j] = Math.exp(-z);
      early[j] = bred * (whole - share);
      late[j] = bred * share;
      floors[j] = floor * eta * value * value * whole;
    }
    // What a unit of loss breeds over its decay, in closed form: tiny eigenvalues leave no digits of 1 − kept.
    const net = model === 'sgd' ? 2 - (1 - factor) * x : 2 + (model === 'exact' ? factor * x : 0);
    if (value > 0) kernelMass += net > 0 ? (factor * x) / net : Number.POSITIVE_INFINITY;
  });
  return { kept, early, late, floor: floors, kernelMass };
}
