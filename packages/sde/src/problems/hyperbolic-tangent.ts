import { checkFinite } from '@sntk/errors';
import { type Calculus, diagonalDiffusion } from '../problem.ts';
import type { ReferenceProblem } from './reference-problem.ts';

/**
 * A nonlinear problem between −1 and 1: x(t) = tanh(artanh x0 + a W), for |x0| < 1.
 *
 * Stratonovich: dx = a (1 − x²) ∘ dW, without a drift. Itô: dx = −a² x (1 − x²) dt + a (1 − x²) dW.
 *
 * @param options.a size of the noise
 * @param options.calculus 'ito' unless told
 *
 * Source: Kloeden and Platen, "Numerical Solution of Stochastic Differential Equations", among whose explicitly solvable
 * equations it is.
 *
 * @example
 * ```ts
 * import { hyperbolicTangent } from '@sntk/sde/problems';
 *
 * const out = new Float64Array(1);
 * hyperbolicTangent({ a: 1 }).solution!(1, Float64Array.of(0), Float64Array.of(0.5), out, 1);
 * console.log(out[0] === Math.tanh(0.5)); // true
 * ```
 */
export function hyperbolicTangent(options: {
  readonly a: number;
  readonly calculus?: Calculus;
}): ReferenceProblem {
  const { a, calculus = 'ito' } = options;
  checkFinite('hyperbolicTangent', 'options.a', [a]);
  const correction = calculus === 'ito' ? a * a : 0;
  return {
    dimension: 1,
    noiseDimension: 1,
    noise: 'diagonal',
    calculus,
    drift(_t, x, out) {
      for (let p = 0; p < out.length; p++) out[p] = -correction * x[p] * (1 - x[p] * x[p]);
    },
    diffusion: diagonalDiffusion(
      (_t, x, out) => {
        for (let p = 0; p < out.length; p++) out[p] = a * (1 - x[p] * x[p]);
      },
      (_t, x, out) => {
        for (let p = 0; p < out.length; p++) out[p] = -2 * a * x[p];
      },
    ),
    solution(_t, x0, W, out) {
      for (let p = 0; p < out.length; p++) out[p] = Math.tanh(Math.atanh(x0[p]) + a * W[p]);
    },
  };
}
