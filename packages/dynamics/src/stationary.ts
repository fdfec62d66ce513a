import { ArgumentError, NumericalError } from '@sntk/errors';
import { prepare, type Tensor, tensor, toFloat64, transpose } from '@sntk/linalg';
import { type DualMomentOptions, fromModePairs, momentRates } from './dual-moments.ts';
import type { RunHooks } from './kernel-sgd.ts';
import type { KernelSpectrum } from './spectrum.ts';

/** SGD with label noise whose limit is wanted. */
export interface StationaryOptions
  extends Omit<DualMomentOptions, 'steps' | 'tolerance' | 'labelNoise' | keyof RunHooks> {
  /** Deviation of a fresh error of the label each time an example is drawn. */
  readonly labelNoise: number;
}

/** Relative size of the last residual of the linear equation. */
const ACCURACY = 1e-12;
const MAX_ITERATIONS = 1000;

/**
 * The covariance of the residual that training with label noise settles to, `[N, N]` row-major: the fixed point of
 * MATH (33) or (34) with the floor of `dualMoments`. Modes of eigenvalue zero do not move and have none.
 *
 * For each pair of modes `S_ij = λ_i λ_j ([Qᵀ diag(S) Q]_ij g/N + floor δ_ij)/rate_ij`. That is a symmetric linear equation for
 * `diag(S)`, positive definite exactly where training is stable in mean square, and solved by conjugate gradients.
 *
 * @throws NumericalError when the learning rate is above the mean-square limit, where nothing is stationary.
 * @example
 * ```ts
 * import { kernelSpectrum, stationaryCovariance } from '@sntk/dynamics';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 *
 * // One example, full batch: r ← r − η (r − ξ), an autoregression of variance η/(2 − η).
 * const spectrum = kernelSpectrum(tensor([[1]], { backend: ndarrayBackend() }));
 * console.log(stationaryCovariance(spectrum, { learningRate: 1, batch: 1, labelNoise: 1 })); // Float64Array [1]
 * ```
 */
export function stationaryCovariance(spectrum: KernelSpectrum, options: StationaryOptions): Float64Array {
  const where = 'stationaryCovariance';
  const { Q, values, samples: N } = spectrum;
  const { model, learningRate: eta, factor, floor } = momentRates(where, N, options);
  const sgd = model === 'sgd';
  const gain = (sgd ? eta * eta : eta) * factor;
  const q = toFloat64(Q);
  const forth = prepare(Q);
  const back = prepare(transpose(Q));
  const square = (entries: Float64Array): Tensor => tensor(entries, { backend: Q.backend, shape: [N, N] });

  // λ_i λ_j over the rate at which the pair relaxes, in the units of `gain` and `floor`.
  const weights = new Float64Array(N * N);
  for (let p = 0; p < weights.length; p++) {
    const [a, b] = [values[Math.floor(p / N)], values[p % N]];
    const linear = (a + b) / N;
    const drop = (a * b) / (N * N);
    const rate = sgd
      ? eta * linear - eta * eta * drop + gain * drop
      : linear + (model === 'exact' ? gain * drop : 0);
    if (a * b > 0 && !(rate > 0)) throw unstable(where, eta);
    weights[p] = a * b > 0 ? (a * b) / rate : 0;
  }

  /** `diag(Q M Qᵀ)`. */
  const diagonalOf = (M: Float64Array): Float64Array => {
    const QM = toFloat64(forth.times(square(M)));
    const out = new Float64Array(N);
    for (let p = 0; p < QM.length; p++) out[Math.floor(p / N)] += QM[p] * q[p];
    return out;
  };
  const pairs = (d: Float64Array): Float64Array => {
    const scaled = q.map((entry, p) => entry * d[Math.floor(p / N)]);
    return toFloat64(back.times(square(scaled))).map((value, p) => (gain / N) * value * weights[p]);
  };
  const own = new Float64Array(N * N);
  for (let j = 0; j < N; j++) own[j * N + j] = floor * weights[j * N + j];
  try {
    const d = solve(where, eta, diagonalOf(own), (x) => {
      const moved = diagonalOf(pairs(x));
      return x.map((value, m) => value - moved[m]);
    });
    return fromModePairs(
      spectrum,
      pairs(d).map((value, p) => value + own[p]),
    );
  } finally {
    forth.dispose();
    back.dispose();
  }
}

/** Conjugate gradients; a direction of negative curvature means that there is no stationary state. */
function solve(
  where: string,
  eta: number,
  b: Float64Array,
  times: (x: Float64Array) => Float64Array,
): Float64Array {
  const x = new Float64Array(b.length);
  const r = b.slice();
  const p = b.slice();
  let size = inner(r, r);
  const enough = ACCURACY ** 2 * size;
  for (let iteration = 0; size > enough; iteration++) {
    if (iteration === MAX_ITERATIONS) {
      throw new ArgumentError({
        where,
        argument: 'options.learningRate',
        wanted: 'well below the mean-square limit, or the equation is too close to singular',
        got: eta,
      });
    }
    const Ap = times(p);
    const curvature = inner(p, Ap);
    if (!(curvature > 0)) throw unstable(where, eta);
    const length = size / curvature;
    for (let i = 0; i < b.length; i++) {
      x[i] += length * p[i];
      r[i] -= length * Ap[i];
    }
    const next = inner(r, r);
    for (let i = 0; i < b.length; i++) p[i] = r[i] + (next / size) * p[i];
    size = next;
  }
  return x;
}

function inner(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

function unstable(where: string, learningRate: number): NumericalError {
  return new NumericalError({
    where,
    found: `nothing is stationary: the learning rate ${learningRate.toPrecision(4)} is above the mean-square limit`,
    fix: 'lower the learning rate; see learningRateLimits',
    details: { learningRate },
  });
}
