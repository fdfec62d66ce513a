import { checkPositive } from '@sntk/errors';
import { diagonalDiffusion } from '../problem.ts';
import { exponentialOf } from './exponential-of.ts';
import type { ReferenceProblem } from './reference-problem.ts';

/**
 * The Cox–Ingersoll–Ross process, dx = r (c − x) dt + s √x dW, which stays at 0 or above, and above 0 when 2rc ≥ s².
 *
 * E x = c + (x0 − c) e^{−rt}, Var x = x0 (s²/r)(e^{−rt} − e^{−2rt}) + c (s²/2r)(1 − e^{−rt})². The noise is not smooth at 0,
 * and a method's step may end below, where the root is taken of 0.
 *
 * @param options.rate r > 0
 * @param options.center c > 0
 * @param options.volatility s > 0
 *
 * Source: Cox, Ingersoll and Ross, "A Theory of the Term Structure of Interest Rates".
 *
 * @example
 * ```ts
 * import { coxIngersollRoss } from '@sntk/sde/problems';
 *
 * const rates = coxIngersollRoss({ rate: 1, center: 0.04, volatility: 0.2 });
 * console.log(rates.mean!(100, [0.1])[0].toFixed(6)); // 0.040000
 * ```
 */
export function coxIngersollRoss(options: {
  readonly rate: number;
  readonly center: number;
  readonly volatility: number;
}): ReferenceProblem {
  const where = 'coxIngersollRoss';
  const r = checkPositive(where, 'options.rate', options.rate);
  const c = checkPositive(where, 'options.center', options.center);
  const s = checkPositive(where, 'options.volatility', options.volatility);
  const mean = (t: number, x0: number): number => c + (x0 - c) * Math.exp(-r * t);
  return {
    dimension: 1,
    noiseDimension: 1,
    noise: 'diagonal',
    calculus: 'ito',
    drift(_t, x, out) {
      for (let p = 0; p < out.length; p++) out[p] = r * (c - x[p]);
    },
    diffusion: diagonalDiffusion(
      (_t, x, out) => {
        for (let p = 0; p < out.length; p++) out[p] = s * Math.sqrt(Math.max(0, x[p]));
      },
      (_t, x, out) => {
        for (let p = 0; p < out.length; p++) out[p] = x[p] > 0 ? (0.5 * s) / Math.sqrt(x[p]) : 0;
      },
    ),
    linear: {
      exponential: exponentialOf(-r),
      remainder(_t, _x, out) {
        out.fill(r * c);
      },
    },
    driftSolve: (h) => (_t, _x, residual) => {
      for (let p = 0; p < residual.length; p++) residual[p] /= 1 + h * r;
    },
    mean: (t, x0) => Float64Array.of(mean(t, x0[0])),
    secondMoment(t, x0) {
      const decay = Math.exp(-r * t);
      const variance = ((s * s) / r) * (x0[0] * decay * (1 - decay) + 0.5 * c * (1 - decay) ** 2);
      return Float64Array.of(mean(t, x0[0]) ** 2 + variance);
    },
  };
}
