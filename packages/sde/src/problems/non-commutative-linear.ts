import { checkFinite } from '@sntk/errors';
import type { Calculus } from '../problem.ts';
import { exponentialOf } from './exponential-of.ts';
import type { ReferenceProblem } from './reference-problem.ts';

/**
 * A linear problem in the plane with two noises that do not commute,
 * dx = −r x dt + p Z x dW₁ + q X x dW₂, with Z = diag(1, −1) and X the exchange of the coordinates.
 *
 * The moments close, and in the basis I, X, Z each component of E xxᵀ decays by itself. Itô: E x = e^{−rt} x0, and
 * E xxᵀ has rates −2r + p² + q² (I), −2r − p² + q² (X), −2r + p² − q² (Z). Z² = X² = I, so the Stratonovich problem is
 * the Itô problem with r − (p² + q²)/2.
 *
 * @param options.decay r
 * @param options.first p
 * @param options.second q
 * @param options.calculus 'ito' unless told
 *
 * Source: Arnold, "Stochastic Differential Equations: Theory and Applications", for the equations of the moments.
 *
 * @example
 * ```ts
 * import { nonCommutativeLinear } from '@sntk/sde/problems';
 *
 * const problem = nonCommutativeLinear({ decay: 1, first: 1, second: 1 });
 * console.log(problem.secondMoment?.(3, [1, 1])[0]); // 1
 * ```
 */
export function nonCommutativeLinear(options: {
  readonly decay: number;
  readonly first: number;
  readonly second: number;
  readonly calculus?: Calculus;
}): ReferenceProblem {
  const { decay: r, first: p, second: q, calculus = 'ito' } = options;
  checkFinite('nonCommutativeLinear', 'options', [r, p, q]);
  const itoRate = calculus === 'ito' ? r : r - (p * p + q * q) / 2;
  return {
    dimension: 2,
    noiseDimension: 2,
    noise: 'general',
    calculus,
    drift(_t, x, out) {
      for (let i = 0; i < out.length; i++) out[i] = -r * x[i];
    },
    diffusion: {
      apply(_t, x, dW, out, paths) {
        for (let i = 0; i < paths; i++) {
          const u = x[i];
          const v = x[paths + i];
          out[i] = p * u * dW[i] + q * v * dW[paths + i];
          out[paths + i] = -p * v * dW[i] + q * u * dW[paths + i];
        }
      },
    },
    linear: {
      exponential: exponentialOf(-r),
    },
    mean: (t, x0) => Float64Array.from(x0, (x) => x * Math.exp(-itoRate * t)),
    secondMoment(t, x0) {
      const identity = ((x0[0] ** 2 + x0[1] ** 2) / 2) * Math.exp((-2 * itoRate + p * p + q * q) * t);
      const exchange = x0[0] * x0[1] * Math.exp((-2 * itoRate - p * p + q * q) * t);
      const difference = ((x0[0] ** 2 - x0[1] ** 2) / 2) * Math.exp((-2 * itoRate + p * p - q * q) * t);
      return Float64Array.of(identity + difference, exchange, exchange, identity - difference);
    },
  };
}
