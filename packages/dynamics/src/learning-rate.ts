import { ArgumentError, checkFinite, checkLength, checkPositive, NumericalError } from '@sntk/errors';
import { matmul, type Tensor, tensor, toFloat64, transpose } from '@sntk/linalg';
import { batchFactor } from '@sntk/noise';
import type { KernelSpectrum } from './spectrum.ts';

/** Where kernel SGD stops being stable, in the units of the learning rate. */
export interface LearningRateLimits {
  /** `2N/λ_max`: beyond it the mean diverges. */
  readonly mean: number;
  /** Beyond it the second moment diverges, although the mean may not, MATH (36). At most `mean`. */
  readonly meanSquare: number;
}

/** Relative accuracy of the mean-square limit. */
const ACCURACY = 1e-5;
const MAX_ITERATIONS = 2000;

/**
 * The largest learning rates for which kernel SGD with independent minibatches is stable, in mean and in mean square,
 * MATH (36).
 *
 * At the mean-square limit the map (33) has spectral radius one. There `S = Q C Qᵀ` with
 * `C_ij ((λ_i + λ_j)/N − η (1 − c_b) λ_i λ_j/N²) = (η c_b/N) λ_i λ_j (Qᵀ diag(S) Q)_ij`, so the diagonal of `S` is the
 * Perron vector of a positive map of `[N]` to itself, found by power iteration; its radius grows with `η`.
 *
 * @throws ArgumentError for a batch that does not fit the samples.
 */
export function learningRateLimits(
  spectrum: KernelSpectrum,
  options: { readonly batch: number; readonly replacement?: boolean },
): LearningRateLimits {
  const { values, Q, samples: N } = spectrum;
  const largest = values[N - 1];
  if (!(largest > 0)) {
    throw new ArgumentError({
      where: 'learningRateLimits',
      argument: 'spectrum',
      wanted: 'a kernel that is not zero',
      got: `largest eigenvalue ${largest}`,
    });
  }
  const c = batchFactor({ ...options, samples: N });
  const mean = (2 * N) / largest;
  if (c === 0) return { mean, meanSquare: mean };

  // In units of the largest eigenvalue, so that products of eigenvalues neither overflow nor vanish.
  const scaled = values.map((value) => value / largest);
  const inUnits = stabilityRadius(scaled, Q);
  const radius = (eta: number): number => inUnits(eta * largest, c);
  const last = radius(mean);
  if (last <= 1) return { mean, meanSquare: mean };
  return { mean, meanSquare: crossing(radius, mean, last) };
}

/**
 * Where a radius that grows with η passes one. The leading mode gives `1/radius` as a linear function of `1/η`, so the
 * secant in these variables lands close at once; the bracket keeps it safe.
 */
function crossing(radius: (eta: number) => number, mean: number, last: number): number {
  let low = 0;
  let high = mean;
  let [u0, g0] = [1 / mean, 1 / last - 1];
  let eta = mean / 2;
  for (let i = 0; i < 60 && high - low > ACCURACY * high; i++) {
    const g = 1 / radius(eta) - 1;
    if (g < 0) high = eta;
    else low = eta;
    if (Math.abs(g) < ACCURACY / 10) return eta;
    const u = 1 / eta;
    const guess = 1 / (u - (g * (u - u0)) / (g - g0));
    [u0, g0] = [u, g];
    eta = guess > low && guess < high ? guess : (low + high) / 2;
  }
  return low;
}

/**
 * Whether power iteration has come to rest: the changes shrink by a steady factor, so that what is left of them is their
 * geometric sum.
 */
function settled(previous: number, total: number, lastChange: number): boolean {
  const change = Math.abs(total - previous);
  const factor = Math.min(change / lastChange, 0.9999);
  return (change * factor) / (1 - factor) <= (ACCURACY / 20) * total && change <= ACCURACY * total;
}

/** Spectral radius, at a learning rate, of the positive map whose radius crosses one at the mean-square limit. */
function stabilityRadius(values: Float64Array, Q: Tensor): (eta: number, c: number) => number {
  const N = values.length;
  const q = toFloat64(Q);
  const Qt = transpose(Q);
  const qt = toFloat64(Qt);
  let s: Float64Array = new Float64Array(N).fill(1 / N);
  const weights = new Float64Array(N * N);
  return (eta, c) => {
    for (let i = 0; i < N; i++) {
      for (let j = 0; j < N; j++) {
        const product = values[i] * values[j];
        const decay = (values[i] + values[j]) / N - (eta * (1 - c) * product) / (N * N);
        weights[i * N + j] = product > 0 ? ((eta * c) / N) * (product / decay) : 0;
      }
    }
    let previous = 0;
    let change = Number.POSITIVE_INFINITY;
    for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
      const scaled = qt.map((entry, p) => entry * s[p % N]);
      const inner = toFloat64(matmul(tensor(scaled, { backend: Q.backend, shape: [N, N] }), Q));
      for (let p = 0; p < inner.length; p++) inner[p] *= weights[p];
      const outer = toFloat64(matmul(Q, tensor(inner, { backend: Q.backend, shape: [N, N] })));
      const next = new Float64Array(N);
      let total = 0;
      for (let m = 0; m < N; m++) {
        for (let j = 0; j < N; j++) next[m] += outer[m * N + j] * q[m * N + j];
        total += next[m];
      }
      s = next.map((entry) => entry / total);
      if (settled(previous, total, change)) return total;
      change = Math.abs(total - previous);
      previous = total;
    }
    return previous;
  };
}

/** Minibatch sizes beyond which larger ones buy little. */
export interface CriticalBatch {
  /** `b` at which minibatch noise halves the learning rate that is stable in mean square; 1 where it never does. */
  readonly stability: number;
  /** `tr Cov(g_i)/|ḡ|²`: the `b` at which the noise of a step's gradient has the size of the gradient. Only with residuals. */
  readonly noiseScale?: number;
}

/**
 * Critical minibatch sizes of a kernel, by stability and by the noise of the gradient, MATH (22) and (36).
 *
 * Below `stability` the largest stable learning rate grows about in proportion to `b`; above it, it saturates at
 * `2N/λ_max`. It is the `b` whose mean-square limit is `N/λ_max`, found by the same power iteration as the limit, and
 * need not be an integer. For the squared loss `g_i = r_i ∇f(x_i)`.
 *
 * Sources: Ma, Bassily and Belkin, "The Power of Interpolation"; McCandlish and others, "An Empirical Model of Large-Batch
 * Training".
 *
 * @param options `residual` `[N]` asks for the noise scale at that state
 * @throws ArgumentError for a kernel that is zero, and residuals that do not fit or have no gradient.
 * @example
 * ```ts
 * import { criticalBatch, kernelSpectrum } from '@sntk/dynamics';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 *
 * // Two examples that know nothing of each other: one of them at a time, η above N/λ_max grows half of the time.
 * const spectrum = kernelSpectrum(tensor([[1, 0], [0, 1]], { backend: ndarrayBackend() }));
 * const { stability, noiseScale } = criticalBatch(spectrum, { residual: new Float64Array([1, 1]) });
 * console.log(stability, noiseScale); // 1 1
 * ```
 */
export function criticalBatch(
  spectrum: KernelSpectrum,
  options: { readonly residual?: Float64Array; readonly replacement?: boolean } = {},
): CriticalBatch {
  const where = 'criticalBatch';
  const { values, Q, K, samples: N } = spectrum;
  const largest = checkPositive(where, 'the largest eigenvalue', values[N - 1]);
  const radius = stabilityRadius(
    values.map((value) => value / largest),
    Q,
  );
  const last = radius(N, 1);
  // A batch of one has c_b = 1 however it is drawn.
  const c = last > 1 ? crossing((factor) => radius(N, factor), 1, last) : 1;
  const stability = options.replacement ? 1 / c : N / (1 + c * (N - 1));
  if (!options.residual) return { stability };
  checkLength(where, 'options.residual', options.residual, N, 'one per training point');
  checkFinite(where, 'options.residual', options.residual);
  const r = options.residual;
  const moved = toFloat64(matmul(K, tensor(r, { backend: K.backend, dtype: K.dtype, shape: [N, 1] })));
  const k = toFloat64(K);
  let [mean, second] = [0, 0];
  for (let i = 0; i < N; i++) {
    mean += (r[i] * moved[i]) / (N * N);
    second += (r[i] * r[i] * k[i * N + i]) / N;
  }
  if (!(mean > 0)) {
    throw new ArgumentError({
      where,
      argument: 'options.residual',
      wanted: 'a state whose gradient is not zero: at rest it has no noise scale',
      got: `|ḡ|² = ${mean}`,
    });
  }
  return { stability, noiseScale: (second - mean) / mean };
}

/**
 * Refuses a learning rate above the mean-square limit, saying which limit and why.
 *
 * @throws NumericalError above the limit.
 */
export function checkLearningRate(learningRate: number, limits: LearningRateLimits): void {
  checkPositive('checkLearningRate', 'learningRate', learningRate);
  const { mean, meanSquare } = limits;
  if (learningRate <= meanSquare) return;
  const why =
    learningRate > mean
      ? `the mean diverges above 2N/λ_max = ${mean.toPrecision(4)}`
      : `the mean still converges (below 2N/λ_max = ${mean.toPrecision(4)}), but the minibatch noise grows without bound`;
  throw new NumericalError({
    where: 'checkLearningRate',
    found: `learning rate ${learningRate.toPrecision(4)} is above the mean-square limit ${meanSquare.toPrecision(4)}: ${why}`,
    fix: `choose at most ${meanSquare.toPrecision(3)}`,
    details: { learningRate, mean, meanSquare },
  });
}
