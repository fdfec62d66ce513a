import { type Method, ordersByNoise } from '../method.ts';
import { incrementOf } from './increment.ts';

/**
 * Heun, Stratonovich: x̃ = x + h a(t, x) + g(t, x) dW, x' = x + ½h (a(t, x) + a(t + h, x̃)) + ½(g(t, x) + g(t + h, x̃)) dW.
 *
 * Source: Rümelin, "Numerical Treatment of Stochastic Differential Equations".
 */
export const stochasticHeun: Method = {
  name: 'stochasticHeun',
  calculus: 'stratonovich',
  orders: ordersByNoise({ none: [2, 2], additive: [1, 2], commuting: [1, 1], general: [0.5, 1] }),
  prepare(problem, paths, h) {
    const increment = incrementOf(problem, paths, h);
    const first = new Float64Array(problem.dimension * paths);
    const ahead = new Float64Array(problem.dimension * paths);
    return (t, x, dW, out) => {
      increment(t, x, dW, first);
      for (let i = 0; i < ahead.length; i++) ahead[i] = x[i] + first[i];
      increment(t + h, ahead, dW, out);
      for (let i = 0; i < out.length; i++) out[i] = x[i] + 0.5 * (first[i] + out[i]);
    };
  },
};
