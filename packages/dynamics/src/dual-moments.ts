import {
  checkChoice,
  checkFinite,
  checkInteger,
  checkLength,
  checkNonNegative,
  checkPositive,
  NumericalError,
} from '@sntk/errors';
import { matmul, prepare, syrk, type Tensor, tensor, toFloat64 } from '@sntk/linalg';
import { batchFactor } from '@sntk/noise';
import { rateAdvice } from './advice.ts';
import { gradientDescent, gradientFlow } from './gradient-flow.ts';
import type { RunHooks } from './kernel-sgd.ts';
import { toModes } from './modes.ts';
import {
  doubled,
  type MomentModel,
  type MomentRates,
  type MomentTables,
  unitTables,
} from './moment-tables.ts';
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

/** A covariance below this share of what cancels in it is rounding. */
const CANCELLATION = 1e-12;

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
  let D: Float64Array = new Float64Array(N * N);
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
      const start = flow.at(done, D);
      if (whole === shortest) {
        D = flow.step(start, D, shortest);
        done += 1;
        intervals += 1;
        continue;
      }
      const coarse = flow.step(start, D, whole);
      const middle = flow.step(start, D, half);
      const fine = flow.step(flow.at(done + half.units, middle), middle, half);
      const error = flow.distance(fine, coarse, { c: start.c, tables: whole }) / 3;
      if (!Number.isFinite(error)) throw overflow(where, rateAdvice(learningRate, spectrum.values[N - 1], N));
      if (error > tolerance && half.units > 1) {
        const quarter = half.units / 2;
        half = shortest;
        while (half.units < quarter) half = doubled(half);
        whole = doubled(half);
        continue;
      }
      // Two single steps of SGD are exact, and nothing is gained by extrapolating them.
      const exact = rates.model === 'sgd' && half.units === 1;
      D = exact ? fine : fine.map((value, p) => value + (value - coarse[p]) / 3);
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
  const { values } = spectrum;
  return {
    alphaMean: means.alpha,
    alphaCovariance: fromModePairs(spectrum, D),
    mean: means.residual,
    covariance: fromModePairs(spectrum, residualModes(values, D)),
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
  return full.map((value, p) => (value + full[(p % N) * N + Math.floor(p / N)]) / 2);
}

/** `Λ D Λ`: the covariance of the residual from that of `a`, in the eigenbasis. */
function residualModes(values: Float64Array, D: Float64Array): Float64Array {
  const N = values.length;
  const C = new Float64Array(N * N);
  for (let i = 0, p = 0; i < N; i++) for (let j = 0; j < N; j++, p++) C[p] = D[p] * values[i] * values[j];
  return C;
}

/** What a step needs of its start: `c = Qᵀ E r` and `G = Qᵀ diag(S) Q`. */
interface Start {
  readonly units: number;
  readonly c: Float64Array;
  readonly G: Float64Array;
}

/** Intervals of the covariance equation, in the eigenbasis. */
function covarianceFlow(
  spectrum: KernelSpectrum,
  r0: Float64Array,
  rates: MomentRates,
): {
  at(units: number, D: Float64Array): Start;
  step(start: Start, D: Float64Array, tables: MomentTables): Float64Array;
  distance(
    a: Float64Array,
    b: Float64Array,
    over: { readonly c: Float64Array; readonly tables: MomentTables },
  ): number;
  dispose(): void;
} {
  const { Q, values, samples: N } = spectrum;
  const gain = (rates.model === 'sgd' ? rates.learningRate ** 2 : rates.learningRate) * rates.factor;
  const c0 = toModes(spectrum, r0, 1);
  const q = toFloat64(Q);
  const forth = prepare(Q);
  const block = (entries: Float64Array, columns: number): Tensor =>
    tensor(entries, { backend: Q.backend, shape: [N, columns] });
  const meanModes = (units: number): Float64Array =>
    c0.map((value, j) =>
      rates.model === 'sgd'
        ? value * (1 - (rates.learningRate * values[j]) / N) ** units
        : value * Math.exp((-values[j] * units * rates.unit) / N),
    );

  const at = (units: number, D: Float64Array): Start => {
    const c = meanModes(units);
    const QC = toFloat64(forth.times(block(residualModes(values, D), N)));
    const r = toFloat64(forth.times(block(c, 1)));
    const scaled = new Float64Array(N * N);
    for (let m = 0; m < N; m++) {
      let second = r[m] * r[m];
      for (let p = m * N; p < (m + 1) * N; p++) second += QC[p] * q[p];
      // No second moment is negative, whatever the extrapolation says.
      const root = Math.sqrt(Math.max(0, second));
      for (let p = m * N; p < (m + 1) * N; p++) scaled[p] = root * q[p];
    }
    return { units, c, G: toFloat64(syrk(block(scaled, N), { transpose: true })) };
  };

  const step = (start: Start, D: Float64Array, tables: MomentTables): Float64Array => {
    const { kept, constant, linear, centred, units } = tables;
    const { c, G } = start;
    const next = new Float64Array(N * N);
    for (let i = 0; i < N; i++) {
      for (let j = 0; j < N; j++) {
        const p = i * N + j;
        const mean = rates.model === 'leading' ? 0 : centred[p] * c[i] * c[j];
        next[p] = kept[p] * D[p] + (gain / N) * constant[p] * G[p] - mean;
      }
      next[i * N + i] += rates.floor * constant[i * N + i];
    }
    if (rates.model === 'sgd' && units === 1) return next;
    const end = at(start.units + units, next).G;
    for (let p = 0; p < next.length; p++) next[p] += ((gain / N) * linear[p] * (end[p] - G[p])) / units;
    return next;
  };

  // In the norms of Cov r and of √K Cov α √K, which bounds variances at every point by K(x, x).
  const distance = (
    a: Float64Array,
    b: Float64Array,
    { c, tables: { centred } }: { readonly c: Float64Array; readonly tables: MomentTables },
  ): number => {
    const [gaps, sizes] = [
      [0, 0],
      [0, 0],
    ];
    for (let i = 0; i < N; i++) {
      for (let j = 0; j < N; j++) {
        const weight = values[i] * values[j];
        const p = i * N + j;
        // Where all gradients are equal there is no noise, but rounding of the two terms that cancel.
        const rounding = CANCELLATION * centred[p] * c[i] * c[j];
        const [gap, size] = [(a[p] - b[p]) ** 2 * weight, (a[p] ** 2 + rounding ** 2) * weight];
        gaps[0] += gap;
        sizes[0] += size;
        gaps[1] += gap * weight;
        sizes[1] += size * weight;
      }
    }
    const relative = gaps.map((gap, k) => (gap === 0 ? 0 : Math.sqrt(gap / sizes[k])));
    return Math.max(...relative);
  };

  return {
    at,
    step,
    distance,
    dispose() {
      forth.dispose();
    },
  };
}

function overflow(where: string, fix: string): NumericalError {
  return new NumericalError({ where, found: 'the second moment overflows', fix });
}
