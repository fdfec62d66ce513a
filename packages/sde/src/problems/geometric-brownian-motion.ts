import { checkFinite, checkInteger } from '@sntk/errors';
import { type Calculus, diagonalDiffusion } from '../problem.ts';
import { exponentialOf } from './exponential-of.ts';
import type { ReferenceProblem } from './reference-problem.ts';

/**
 * Geometric Brownian motion, dx_i = r x_i dt + s x_i dW_i, with diagonal noise.
 *
 * Itô: x(t) = x0 e^{(r − s²/2) t + s W}, E x = x0 e^{rt}. Stratonovich: x(t) = x0 e^{r t + s W}, E x = x0 e^{(r + s²/2) t}.
 * In both, E x_i² = (E x_i)² e^{s² t}.
 *
 * @param options.rate r
 * @param options.volatility s
 * @param options.calculus 'ito' unless told
 * @param options.dimension number of independent coordinates, 1 unless told
 *
 * Source: Kloeden and Platen, "Numerical Solution of Stochastic Differential Equations".
 *
 * @example
 * ```ts
 * import { geometricBrownianMotion } from '@sntk/sde/problems';
 *
 * console.log(geometricBrownianMotion({ rate: 0, volatility: 1 }).mean?.(1, [2])[0]); // 2
 * ```
 */
export function geometricBrownianMotion(options: {
  readonly rate: number;
  readonly volatility: number;
  readonly calculus?: Calculus;
  readonly dimension?: number;
}): ReferenceProblem {
  const { rate, volatility, calculus = 'ito', dimension = 1 } = options;
  checkFinite('geometricBrownianMotion', 'options.rate', [rate]);
  checkFinite('geometricBrownianMotion', 'options.volatility', [volatility]);
  checkInteger('geometricBrownianMotion', 'options.dimension', dimension, 1);
  const half = (volatility * volatility) / 2;
  const logDrift = calculus === 'ito' ? rate - half : rate;
  const meanRate = logDrift + half;
  const scaled =
    (factor: number) =>
    (_t: number, x: Float64Array, out: Float64Array): void => {
      for (let i = 0; i < out.length; i++) out[i] = factor * x[i];
    };
  const mean = (t: number, x0: ArrayLike<number>): Float64Array =>
    Float64Array.from(x0, (x) => x * Math.exp(meanRate * t));
  return {
    dimension,
    noiseDimension: dimension,
    noise: 'diagonal',
    calculus,
    drift: scaled(rate),
    diffusion: diagonalDiffusion(scaled(volatility), (_t, _x, out) => {
      out.fill(volatility);
    }),
    linear: {
      exponential: exponentialOf(rate),
    },
    solution(t, x0, W, out) {
      for (let i = 0; i < out.length; i++) out[i] = x0[i] * Math.exp(logDrift * t + volatility * W[i]);
    },
    mean,
    secondMoment(t, x0) {
      const m = mean(t, x0);
      const spread = Math.exp(2 * half * t);
      return Float64Array.from({ length: dimension * dimension }, (_, k) => {
        const i = Math.floor(k / dimension);
        const j = k % dimension;
        return m[i] * m[j] * (i === j ? spread : 1);
      });
    },
  };
}
