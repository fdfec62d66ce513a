import { type Method, ordersByNoise } from '../method.ts';
import { incrementOf } from './increment.ts';

/**
 * Explicit midpoint, Stratonovich: x̂ = x + ½(h a(t, x) + g(t, x) dW), x' = x + h a(t + ½h, x̂) + g(t + ½h, x̂) dW.
 *
 * Source: Kloeden and Platen, "Numerical Solution of Stochastic Differential Equations".
 */
export const midpoint: Method = {
  name: 'midpoint',
  calculus: 'stratonovich',
  orders: ordersByNoise({ none: [2, 2], additive: [1, 1], commuting: [1, 1], general: [0.5, 1] }),
  prepare(problem, paths, h) {
    const increment = incrementOf(problem, paths, h);
    const halfway = new Float64Array(problem.dimension * paths);
    return (t, x, dW, out) => {
      increment(t, x, dW, halfway);
      for (let i = 0; i < halfway.length; i++) halfway[i] = x[i] + 0.5 * halfway[i];
      increment(t + 0.5 * h, halfway, dW, out);
      for (let i = 0; i < out.length; i++) out[i] += x[i];
    };
  },
};
