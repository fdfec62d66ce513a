import { checkFinite } from '@sntk/errors';
import { type Calculus, diagonalDiffusion } from '../problem.ts';
import type { ReferenceProblem } from './reference-problem.ts';

/**
 * A nonlinear problem with nonlinear noise: x(t) = arctan(tan x0 + t + a W), for |x0| < π/2.
 *
 * Stratonovich: dx = cos²x (dt + a ∘ dW). Itô: dx = (cos²x − a² sin x cos³x) dt + a cos²x dW.
 *
 * @param options.a size of the noise
 * @param options.calculus 'ito' unless told
 *
 * Source: Kloeden and Platen, "Numerical Solution of Stochastic Differential Equations", whose explicitly solvable
 * equations this one belongs to.
 *
 * @example
 * ```ts
 * import { arctangent } from '@sntk/sde/problems';
 *
 * const out = new Float64Array(1);
 * arctangent({ a: 1 }).solution?.(0.5, Float64Array.of(0), Float64Array.of(-0.5), out, 1);
 * console.log(out[0]); // 0
 * ```
 */
export function arctangent(options: { readonly a: number; readonly calculus?: Calculus }): ReferenceProblem {
  const { a, calculus = 'ito' } = options;
  checkFinite('arctangent', 'options.a', [a]);
  const correction = calculus === 'ito' ? a * a : 0;
  return {
    dimension: 1,
    noiseDimension: 1,
    noise: 'diagonal',
    calculus,
    drift(_t, x, out) {
      for (let p = 0; p < out.length; p++) {
        const c = Math.cos(x[p]);
        out[p] = c * c * (1 - correction * Math.sin(x[p]) * c);
      }
    },
    diffusion: diagonalDiffusion(
      (_t, x, out) => {
        for (let p = 0; p < out.length; p++) out[p] = a * Math.cos(x[p]) ** 2;
      },
      (_t, x, out) => {
        for (let p = 0; p < out.length; p++) out[p] = -a * Math.sin(2 * x[p]);
      },
    ),
    solution(t, x0, W, out) {
      for (let p = 0; p < out.length; p++) out[p] = Math.atan(Math.tan(x0[p]) + t + a * W[p]);
    },
  };
}
