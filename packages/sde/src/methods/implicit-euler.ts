import { NumericalError } from '@sntk/errors';
import { type Method, ordersByNoise } from '../method.ts';

/** The equation is solved to this part of the size of the state. */
const TOLERANCE = 1e-12;
const ITERATIONS = 100;

/**
 * Drift-implicit Euler, Itô: x' = x + h a(t + h, x') + g(t, x) dW, stable at any step size where the drift contracts.
 *
 * With `problem.driftSolve`, which applies (I − h ∂a/∂x)⁻¹, the equation is solved by Newton's method; without it by
 * iteration, which needs h times the Lipschitz constant of the drift below 1. NumericalError when neither gets there.
 *
 * Source: Kloeden and Platen, "Numerical Solution of Stochastic Differential Equations".
 */
export const implicitEuler: Method = {
  name: 'implicitEuler',
  calculus: 'ito',
  orders: ordersByNoise({ none: [1, 1], additive: [1, 1], commuting: [0.5, 1], general: [0.5, 1] }),
  prepare({ dimension, drift, diffusion, driftSolve }, paths, h) {
    const size = dimension * paths;
    const noise = new Float64Array(size);
    const residual = new Float64Array(size);
    const solve = driftSolve?.(h);
    return (t, x, dW, out) => {
      diffusion?.apply(t, x, dW, noise, paths);
      out.set(x);
      let worst = Number.POSITIVE_INFINITY;
      for (let iteration = 0; iteration < ITERATIONS; iteration++) {
        drift(t + h, out, residual, paths);
        for (let i = 0; i < size; i++) residual[i] = x[i] + noise[i] + h * residual[i] - out[i];
        solve?.(t + h, out, residual, paths);
        worst = 0;
        for (let i = 0; i < size; i++) {
          out[i] += residual[i];
          // Math.max keeps NaN, which counts as unsolved, whatever comes after it.
          worst = Math.max(worst, Math.abs(residual[i]) / (1 + Math.abs(out[i])));
        }
        if (worst <= TOLERANCE) return;
      }
      throw new NumericalError({
        where: 'implicitEuler',
        found: `the implicit equation at time ${t + h} is not solved after ${ITERATIONS} iterations, which still move it by ${worst.toExponential(1)}`,
        fix: solve ? 'take smaller steps' : 'give problem.driftSolve, or take smaller steps',
        details: { time: t + h, change: worst },
      });
    };
  },
};
