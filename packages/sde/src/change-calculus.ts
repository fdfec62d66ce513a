import { ArgumentError } from '@sntk/errors';
import type { Calculus, SdeProblem } from './problem.ts';

/**
 * The same process written in the other calculus: a_Stratonovich = a_Itô − ½ g ∂g/∂x, coordinate by coordinate.
 *
 * It is how an Itô problem is given to a Stratonovich method and the reverse. The linear part, if any, goes into the
 * drift.
 *
 * @throws ArgumentError for noise other than none, additive (where nothing changes but the name) or diagonal with
 * `diffusion.diagonal` given
 *
 * Source: Kloeden and Platen, "Numerical Solution of Stochastic Differential Equations".
 *
 * @example
 * ```ts
 * import { changeCalculus } from '@sntk/sde';
 * import { geometricBrownianMotion } from '@sntk/sde/problems';
 *
 * const ito = geometricBrownianMotion({ rate: 0.5, volatility: 1 });
 * const drift = new Float64Array(1);
 * changeCalculus(ito, 'stratonovich').drift(0, Float64Array.of(2), drift, 1);
 * console.log(drift[0]); // 0
 * ```
 */
export function changeCalculus(problem: SdeProblem, to: Calculus): SdeProblem {
  if (problem.calculus === to) return problem;
  const { dimension, noiseDimension, noise, drift, diffusion } = problem;
  if (noise === 'none' || noise === 'additive') return { ...problem, calculus: to };
  if (noise !== 'diagonal' || !diffusion?.diagonal) {
    throw new ArgumentError({
      where: 'changeCalculus',
      argument: 'problem.noise',
      wanted: 'none, additive, or diagonal with diffusion.diagonal',
      got: noise,
      fix: 'write the correction ½ Σ_j (∂g_j/∂x) g_j into the drift by hand',
    });
  }
  const { value, derivative } = diffusion.diagonal;
  const sign = to === 'stratonovich' ? -0.5 : 0.5;
  let g = new Float64Array(0);
  let slope = new Float64Array(0);
  return {
    dimension,
    noiseDimension,
    noise,
    calculus: to,
    diffusion,
    drift(t, x, out, paths) {
      if (g.length !== x.length) {
        g = new Float64Array(x.length);
        slope = new Float64Array(x.length);
      }
      drift(t, x, out, paths);
      value(t, x, g, paths);
      derivative(t, x, slope, paths);
      for (let i = 0; i < out.length; i++) out[i] += sign * g[i] * slope[i];
    },
  };
}
