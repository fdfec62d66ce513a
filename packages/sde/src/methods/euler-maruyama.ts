import { type Method, ordersByNoise } from '../method.ts';

/**
 * Euler–Maruyama, Itô: x' = x + h a(t, x) + g(t, x) dW.
 *
 * Source: Maruyama, "Continuous Markov processes and stochastic equations".
 */
export const eulerMaruyama: Method = {
  name: 'eulerMaruyama',
  calculus: 'ito',
  orders: ordersByNoise({ none: [1, 1], additive: [1, 1], commuting: [0.5, 1], general: [0.5, 1] }),
  prepare({ dimension, drift, diffusion }, paths, h) {
    const size = dimension * paths;
    const noise = new Float64Array(size);
    return (t, x, dW, out) => {
      drift(t, x, out, paths);
      diffusion?.apply(t, x, dW, noise, paths);
      for (let i = 0; i < size; i++) out[i] = x[i] + h * out[i] + noise[i];
    };
  },
};
