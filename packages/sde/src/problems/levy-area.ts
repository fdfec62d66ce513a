import type { Calculus } from '../problem.ts';
import type { ReferenceProblem } from './reference-problem.ts';

/**
 * The plainest non-commutative problem, dx₁ = dW₁, dx₂ = x₁ dW₂, the same in both calculi.
 *
 * From 0, E x₂² = t²/2. The increments of a step of length h leave its Lévy area, of variance h²/4, unknown, so no method
 * on increments alone has a strong order above ½: after time t the mean square error in x₂ is ht/4 at best, and ht/2 with
 * Euler–Maruyama.
 *
 * Source: Clark and Cameron, "The Maximum Rate of Convergence of Discrete Approximations for Stochastic Differential
 * Equations".
 *
 * @example
 * ```ts
 * import { levyArea } from '@sntk/sde/problems';
 *
 * console.log(levyArea('ito').secondMoment?.(2, [0, 0])[3]); // 2
 * ```
 */
export function levyArea(calculus: Calculus): ReferenceProblem {
  return {
    dimension: 2,
    noiseDimension: 2,
    noise: 'general',
    calculus,
    drift(_t, _x, out) {
      out.fill(0);
    },
    diffusion: {
      apply(_t, x, dW, out, paths) {
        for (let p = 0; p < paths; p++) {
          out[p] = dW[p];
          out[paths + p] = x[p] * dW[paths + p];
        }
      },
    },
    mean: (_t, x0) => Float64Array.from(x0),
    secondMoment(t, x0) {
      const a = x0[0];
      const b = x0[1];
      return Float64Array.of(a * a + t, a * b, a * b, b * b + a * a * t + (t * t) / 2);
    },
  };
}
