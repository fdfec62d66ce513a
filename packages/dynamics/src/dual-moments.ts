import {
  checkChoice,
  checkFinite,
  checkInteger,
  checkLength,
  checkNonNegative,
  checkPositive,
  NumericalError,
} from '@sntk/errors';
import { matmul, tensor, toFloat64 } from '@sntk/linalg';
import { mirrorLower } from '@sntk/linalg/extending';
import { batchFactor } from '@sntk/noise';
import { rateAdvice } from './advice.ts';
import { covarianceFlow, residualPairs, type Start } from './covariance-flow.ts';
import { gradientDescent, gradientFlow } from './gradient-flow.ts';
import type { RunHooks } from './kernel-sgd.ts';
import { doubled, type MomentModel, type MomentRates, unitTables } from './moment-tables.ts';
import type { KernelSpectrum } from './spectrum.ts';

/** A training run whose dual moments are wanted. */
export interface DualMomentOptions extends RunHooks {
  /** η. */
  readonly learningRate: number;
  /** Number of SGD steps; the SDEs run to time `η · steps`. */
  readonly steps: number;
  /** `b`. */
  readonly batch: number;
  /** False unless told: minibatches hold different examples. */
  readonly replacement?: boolean;
  /** `c_b` itself, where minibatches are not all of one size; see `samplerBatchFactor` of `@sntk/noise`. */
  readonly batchFactor?: number;
  /** `sgd`, MATH (33), unless told; `exact` and `leading` are the SDEs (29) and (30), MATH (34). */
  readonly model?: MomentModel;
  /** Deviation of a fresh error of the label each time an example is drawn; 0 unless told. */
  readonly labelNoise?: number;
  /** Relative error allowed in each interval before the extrapolation, 1e-3 unless told. */
  readonly tolerance?: number;
}

/** First and second moments over minibatches, for training points and, by `predictMoments`, for any points. */
export interface DualMoments {
  /** `E α`, `[N]`. */
  readonly alphaMean: Float64Array;
  /** `Cov α`, `[N, N]` row-major. */
  readonly alphaCovariance: Float64Array;
  /** `E r`, `[N]`. */
  readonly mean: Float64Array;
  /** `Cov r`, `[N, N]` row-major. */
  readonly covariance: Float64Array;
  /** Sum of the estimated relative errors of all intervals before extrapolation: cautious, often by a factor of 100. */
  readonly errorEstimate: number;
  /** Intervals the integrator took. */
  readonly intervals: number;
}

/** The SDEs may take intervals this much shorter than one SGD step. */
const DIVISIONS = 16;

/**
 * Mean and covariance of the dual coordinates and of the residual, without sampling: of kernel SGD with independent
 * minibatches, MATH (33), or of its SDEs, MATH (34): `Ṡ = −(KS + SK)/N + η c_b [K diag(S) K/N − K S K/N²]`, the last
 * term only for `exact`.
 *
 * In the eigenbasis every pair of modes evolves by itself but for `diag(S)`, which is smooth in time. Many steps are
 * taken at once: the pairs exactly, `diag(S)` as a straight line over the interval, the interval chosen by comparing
 * one with two halves, and the two extrapolated to third order. A single SGD step is exact, so `sgd` is never worse
 * than the recursion. Label noise of deviation `σ` adds `η² σ²/(bN)` to each `Var α_i` a step.
 *
 * Source: "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD", with the factor of MATH (22).
 *
 * @param r0 `f_0(X) − y`, `[N]`
 * @throws ArgumentError when `r0` does not have one finite entry per training point.
 * @throws NumericalError when the second moment overflows: the learning rate is above the mean-square limit.
 * @example
 * ```ts
 * import { dualMoments, kernelSpectrum } from '@sntk/dynamics';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 *
 * const spectrum = kernelSpectrum(tensor([[1, 0], [0, 1]], { backend: ndarrayBackend() }));
 * const r0 = new Float64Array([1, 1]);
 * const { alphaMean, alphaCovariance } = dualMoments(spectrum, r0, { learningRate: 1, steps: 1, batch: 1 });
 * console.log(alphaMean[0], alphaCovariance[0]); // -0.5 0.25
 * ```
 */
export function dualMoments(
  spectrum: KernelSpectrum,
  r0: Float64Array,
  options: DualMomentOptions,
): DualMoments {
  const where = 'dualMoments';
  const { steps, learningRate } = options;
  const N = spectrum.samples;
  checkLength(where, 'r0', r0, N, 'one per training point');
  checkFinite(where, 'r0', r0);
  checkInteger(where, 'options.steps', steps);
  const tolerance = checkPositive(where, 'options.tolerance', options.tolerance ?? 1e-3);
  const rates = momentRates(where, N, options);
  const total = rates.model === 'sgd' ? steps : steps * DIVISIONS;
  const flow = covarianceFlow(spectrum, r0, rates);
  let [D, coarse, middle, fine] = Array.from({ length: 4 }, () => new Float64Array(N * N));
  let start: Start | undefined;
  /** Whether `coarse` is known already. */
  let known = false;
  let [done, intervals, errorEstimate] = [0, 0, 0];
  try {
    let half = unitTables(spectrum, rates);
    const shortest = half;
    let whole = doubled(half);
    while (done < total) {
      options.signal?.throwIfAborted();
      if (done + 2 * half.units > total) {
        const fits = total - done;
        half = shortest;
        if (fits === 1) whole = shortest;
        else while (4 * half.units <= fits) half = doubled(half);
        if (fits > 1) whole = doubled(half);
      }
      start ??= flow.at(done, D);
      if (whole === shortest) {
        flow.step(start, D, shortest, fine);
        [D, fine] = [fine, D];
        start = undefined;
        done += 1;
        intervals += 1;
        continue;
      }
      if (!known) flow.step(start, D, whole, coarse);
      flow.step(start, D, half, middle);
      flow.step(flow.at(done + half.units, middle), middle, half, fine);
      const error = flow.distance(fine, coarse, { c: start.c, tables: whole }) / 3;
      if (!Number.isFinite(error)) throw overflow(where, rateAdvice(learningRate, spectrum.values[N - 1], N));
      known = error > tolerance && half.units > 1;
      if (known) {
        // The first half is the whole of the next trial.
        [coarse, middle] = [middle, coarse];
        const quarter = half.units / 2;
        whole = half;
        half = shortest;
        while (half.units < quarter) half = doubled(half);
        continue;
      }
      // Two single steps of SGD are exact, and nothing is gained by extrapolating them.
      const exact = rates.model === 'sgd' && half.units === 1;
      if (!exact) flow.extrapolate(fine, coarse);
      [D, fine] = [fine, D];
      start = undefined;
      errorEstimate += exact ? 0 : error;
      done += whole.units;
      intervals += 1;
      options.onProgress?.({ done, total });
      if (error < tolerance / 8 && done + 2 * whole.units <= total) {
        half = whole;
        whole = doubled(whole);
      }
    }
    if (!D.every(Number.isFinite)) {
      throw overflow(where, rateAdvice(learningRate, spectrum.values[N - 1], N));
    }
  } finally {
    flow.dispose();
  }
  const means =
    rates.model === 'sgd'
      ? gradientDescent(spectrum, r0, { learningRate, steps })
      : gradientFlow(spectrum, r0, { time: learningRate * steps });
  mirrorLower(N, D);
  residualPairs(spectrum.values, D, fine);
  return {
    alphaMean: means.alpha,
    alphaCovariance: fromModePairs(spectrum, D),
    mean: means.residual,
    covariance: fromModePairs(spectrum, fine),
    errorEstimate,
    intervals,
  };
}

/** Constants of a run; `where` is who asks. */
export function momentRates(
  where: string,
  N: number,
  options: Omit<DualMomentOptions, 'steps' | 'tolerance'>,
): MomentRates {
  const model = checkChoice(where, 'options.model', options.model ?? 'sgd', ['sgd', 'exact', 'leading']);
  const learningRate = checkPositive(where, 'options.learningRate', options.learningRate);
  const deviation = checkNonNegative(where, 'options.labelNoise', options.labelNoise ?? 0);
  const batch = checkInteger(where, 'options.batch', options.batch, 1);
  const factor = checkNonNegative(
    where,
    'options.batchFactor',
    options.batchFactor ?? batchFactor({ ...options, samples: N }),
  );
  // Each of the b draws is example i with probability 1/N and moves α_i by −(η/b) times its error.
  const floor = (learningRate * deviation ** 2) / (batch * N);
  return model === 'sgd'
    ? { model, learningRate, factor, floor: learningRate * floor, unit: 1 }
    : { model, learningRate, factor, floor, unit: learningRate / DIVISIONS };
}

/** `Q M Qᵀ`, symmetric to the last bit. */
export function fromModePairs(spectrum: KernelSpectrum, M: Float64Array): Float64Array {
  const { Q, samples: N } = spectrum;
  const half = matmul(Q, tensor(M, { backend: Q.backend, shape: [N, N] }));
  const full = toFloat64(matmul(half, Q, { transposeB: true }));
  for (let i = 0; i < N; i++) {
    for (let j = 0; j < i; j++) full[i * N + j] = (full[i * N + j] + full[j * N + i]) / 2;
  }
  mirrorLower(N, full);
  return full;
}

function overflow(where: string, fix: string): NumericalError {
  return new NumericalError({ where, found: 'the second moment overflows', fix });
}
