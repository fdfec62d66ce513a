import type { Architecture } from '@sntk/architecture';
import { ArgumentError, checkFinite, checkInteger, NumericalError } from '@sntk/errors';
import { type Tensor, tensor, toArray } from '@sntk/linalg';
import type { Rng } from '@sntk/random';
import { empiricalNtk } from './empirical-ntk.ts';
import { average, errorOf, fitLine, type LineFit } from './estimates.ts';
import { initialize } from './initialize.ts';
import { ntkDrift } from './ntk-drift.ts';
import { planOf } from './plan.ts';

export interface NtkFluctuationOptions {
  /** Networks of several depths and widths, one output each. */
  readonly networks: readonly Architecture[];
  /** Initializations of each, at least 2. */
  readonly draws: number;
  /** The point, `[1, d]`. */
  readonly x: Tensor;
  /** The target that the drift is towards; 0 unless told. */
  readonly target?: number;
  readonly rng: Rng;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

export interface NtkFluctuation {
  /** `β = Σ 1/n_l` over hidden layers. */
  readonly beta: number;
  /** `E Θ̂(x, x)`, with its standard error, as those below. */
  readonly mean: number;
  readonly meanError: number;
  readonly variance: number;
  /** `log (E Θ̂² / (E Θ̂)²)`. */
  readonly logRatio: number;
  readonly logRatioError: number;
  /** `E ∂_t Θ̂ / E Θ̂` on `½ (f − y)²`: the relative change in a step, per unit of the learning rate. */
  readonly drift: number;
  readonly driftError: number;
}

/**
 * Mean, variance and one-step change of the tangent kernel `Θ̂(x, x)` over initializations of networks of several depths and
 * widths, and the slope of `log (E Θ̂²/(E Θ̂)²)` in `β = Σ 1/n_l`, fitted by least squares weighted by standard errors.
 *
 * For a ReLU network without biases the ratio grows as `exp(5β)`, up to constants, so the slope comes to 5 for large β; it is
 * smaller for small β. The change is to first order in the learning rate. Large β have heavy tails: give them many draws.
 *
 * Source: Hanin and Nica, "Finite Depth and Width Corrections to the Neural Tangent Kernel".
 *
 * @throws ArgumentError for fewer than two draws, networks of one β or of several outputs, or more than one point.
 * @throws NumericalError where the kernel of all draws is the same, as at 0 without biases.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { ntkFluctuations } from '@sntk/mlp/experiments';
 * import { createRng } from '@sntk/random';
 *
 * const networks = [8, 16].map((n) => fullyConnected({ inputs: 2, hidden: [n, n], biasVariance: 0 }));
 * const x = tensor([[0.6, 0.8]], { backend: ndarrayBackend() });
 * const { points } = ntkFluctuations({ networks, draws: 100, x, rng: createRng(1) });
 * console.log(points.map(({ beta }) => beta)); // [0.25, 0.125]
 * ```
 */
export function ntkFluctuations(
  options: NtkFluctuationOptions,
): LineFit & { readonly points: readonly NtkFluctuation[] } {
  const { networks, draws, x, target = 0, rng, signal, onProgress } = options;
  const where = 'ntkFluctuations';
  checkInteger(where, 'options.draws', draws, 2);
  if (x.shape.length !== 2 || x.shape[0] !== 1) {
    throw new ArgumentError({ where, argument: 'options.x', wanted: 'one point, [1, d]', got: [...x.shape] });
  }
  const outputs = networks.map((network) => planOf(network).outputs);
  if (outputs.some((count) => count !== 1)) {
    throw new ArgumentError({
      where,
      argument: 'options.networks',
      wanted: 'of one output each',
      got: outputs,
    });
  }
  checkFinite(where, 'options.target', [target]);
  const betas = networks.map(betaOf);
  if (new Set(betas).size < 2) {
    throw new ArgumentError({ where, argument: 'options.networks', wanted: 'of two β at least', got: betas });
  }
  const Y = tensor([[target]], { backend: x.backend, dtype: x.dtype });
  const points = networks.map((network, at) => {
    const kernels = new Float64Array(draws);
    const drifts = new Float64Array(draws);
    for (let i = 0; i < draws; i++) {
      signal?.throwIfAborted();
      const theta = initialize(network, { rng: rng.split(at).split(i), dtype: x.dtype });
      kernels[i] = toArray(empiricalNtk(network, theta, { X: x }))[0];
      drifts[i] = toArray(ntkDrift(network, theta, { X: x, Y }))[0];
      onProgress?.({ done: at * draws + i + 1, total: networks.length * draws });
    }
    const point = summarize(betas[at], kernels, drifts);
    if (!(point.logRatioError > 0)) {
      throw new NumericalError({
        where,
        found: `all ${draws} kernels of network ${at} are ${kernels[0]}`,
        fix: 'take a point at which the kernel is random',
      });
    }
    return point;
  });
  const line = fitLine(
    betas,
    points.map(({ logRatio }) => logRatio),
    points.map(({ logRatioError }) => logRatioError),
  );
  return { points, ...line };
}

function betaOf(network: Architecture): number {
  const hidden = planOf(network).blocks.slice(0, -1);
  return hidden.reduce((sum, { outputs }) => sum + 1 / outputs, 0);
}

function summarize(beta: number, kernels: Float64Array, drifts: Float64Array): NtkFluctuation {
  const squares = kernels.map((k) => k * k);
  const mean = average(kernels);
  const square = average(squares);
  const drift = average(drifts) / mean;
  // Errors of the ratios to first order: of the scatter of each draw's own contribution.
  const logRatioError = errorOf(kernels.map((k, i) => squares[i] / square - (2 * k) / mean));
  const driftError = errorOf(drifts.map((value, i) => (value - drift * kernels[i]) / mean));
  const logRatio = Math.log(square / (mean * mean));
  const variance = ((square - mean * mean) * kernels.length) / (kernels.length - 1);
  return { beta, mean, meanError: errorOf(kernels), variance, logRatio, logRatioError, drift, driftError };
}
