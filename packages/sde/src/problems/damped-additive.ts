import { checkFinite } from '@sntk/errors';
import type { ReferenceProblem } from './reference-problem.ts';

/**
 * A problem with additive noise that depends on time, dx = (b/√(1+t) − x/(2(1+t))) dt + a b/√(1+t) dW, and whose
 * solution is a function of W: x(t) = (x0 + b (t + a W)) / √(1+t).
 *
 * @param options.a relative size of the noise
 * @param options.b size of the forcing
 *
 * Source: Rackauckas and Nie, "Adaptive Methods for Stochastic Differential Equations via Natural Embeddings and
 * Rejection Sampling with Memory".
 *
 * @example
 * ```ts
 * import { dampedAdditive } from '@sntk/sde/problems';
 *
 * console.log(dampedAdditive({ a: 0.1, b: 2 }).mean?.(3, [0])[0]); // 3
 * ```
 */
export function dampedAdditive(options: { readonly a: number; readonly b: number }): ReferenceProblem {
  const { a, b } = options;
  checkFinite('dampedAdditive', 'options.a', [a]);
  checkFinite('dampedAdditive', 'options.b', [b]);
  return {
    dimension: 1,
    noiseDimension: 1,
    noise: 'additive',
    calculus: 'ito',
    drift(t, x, out) {
      const forcing = b / Math.sqrt(1 + t);
      const rate = 1 / (2 * (1 + t));
      for (let p = 0; p < out.length; p++) out[p] = forcing - rate * x[p];
    },
    diffusion: {
      apply(t, _x, dW, out) {
        const g = (a * b) / Math.sqrt(1 + t);
        for (let p = 0; p < out.length; p++) out[p] = g * dW[p];
      },
    },
    solution(t, x0, W, out) {
      for (let p = 0; p < out.length; p++) out[p] = (x0[p] + b * (t + a * W[p])) / Math.sqrt(1 + t);
    },
    mean: (t, x0) => Float64Array.of((x0[0] + b * t) / Math.sqrt(1 + t)),
    secondMoment: (t, x0) => Float64Array.of(((x0[0] + b * t) ** 2 + (a * b) ** 2 * t) / (1 + t)),
  };
}
