import { checkFinite, checkInteger, checkPositive } from '@sntk/errors';
import { exponentialOf } from './exponential-of.ts';
import type { ReferenceProblem } from './reference-problem.ts';

/**
 * The Ornstein–Uhlenbeck process, dx_i = −r (x_i − c) dt + s dW_i, with additive noise.
 *
 * x(t) is Gaussian: E x = c + (x0 − c) e^{−rt}, Var x_i = s² (1 − e^{−2rt}) / (2r).
 *
 * @param options.rate r > 0
 * @param options.volatility s
 * @param options.center c, 0 unless told
 * @param options.dimension number of independent coordinates, 1 unless told
 *
 * Source: Uhlenbeck and Ornstein, "On the Theory of the Brownian Motion".
 *
 * @example
 * ```ts
 * import { ornsteinUhlenbeck } from '@sntk/sde/problems';
 *
 * const problem = ornsteinUhlenbeck({ rate: 2, volatility: 2 });
 * console.log(problem.secondMoment?.(100, [5])[0]); // 1
 * ```
 */
export function ornsteinUhlenbeck(options: {
  readonly rate: number;
  readonly volatility: number;
  readonly center?: number;
  readonly dimension?: number;
}): ReferenceProblem {
  const { rate, volatility, center = 0, dimension = 1 } = options;
  checkPositive('ornsteinUhlenbeck', 'options.rate', rate);
  checkFinite('ornsteinUhlenbeck', 'options.volatility', [volatility]);
  checkFinite('ornsteinUhlenbeck', 'options.center', [center]);
  checkInteger('ornsteinUhlenbeck', 'options.dimension', dimension, 1);
  const mean = (t: number, x0: ArrayLike<number>): Float64Array =>
    Float64Array.from(x0, (x) => center + (x - center) * Math.exp(-rate * t));
  return {
    dimension,
    noiseDimension: dimension,
    noise: 'additive',
    calculus: 'ito',
    drift(_t, x, out) {
      for (let i = 0; i < out.length; i++) out[i] = -rate * (x[i] - center);
    },
    diffusion: {
      apply(_t, _x, dW, out) {
        for (let i = 0; i < out.length; i++) out[i] = volatility * dW[i];
      },
    },
    linear: {
      exponential: exponentialOf(-rate),
      remainder(_t, _x, out) {
        out.fill(rate * center);
      },
    },
    mean,
    secondMoment(t, x0) {
      const m = mean(t, x0);
      const variance = (volatility * volatility * -Math.expm1(-2 * rate * t)) / (2 * rate);
      return Float64Array.from({ length: dimension * dimension }, (_, k) => {
        const i = Math.floor(k / dimension);
        const j = k % dimension;
        return m[i] * m[j] + (i === j ? variance : 0);
      });
    },
  };
}
