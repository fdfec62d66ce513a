import { type Method, ordersByNoise } from '../method.ts';

/**
 * Euler–Heun, Stratonovich: x̃ = x + g(t, x) dW, x' = x + h a(t, x) + ½(g(t, x) + g(t + h, x̃)) dW.
 *
 * One drift a step, where Heun takes two: for drifts that cost more than the noise.
 *
 * Source: Kloeden and Platen, "Numerical Solution of Stochastic Differential Equations".
 */
export const eulerHeun: Method = {
  name: 'eulerHeun',
  calculus: 'stratonovich',
  orders: ordersByNoise({ none: [1, 1], additive: [1, 1], commuting: [1, 1], general: [0.5, 1] }),
  prepare({ dimension, drift, diffusion }, paths, h) {
    const size = dimension * paths;
    const first = new Float64Array(size);
    const second = new Float64Array(size);
    const ahead = new Float64Array(size);
    return (t, x, dW, out) => {
      drift(t, x, out, paths);
      diffusion?.apply(t, x, dW, first, paths);
      for (let i = 0; i < size; i++) ahead[i] = x[i] + first[i];
      diffusion?.apply(t + h, ahead, dW, second, paths);
      for (let i = 0; i < size; i++) out[i] = x[i] + h * out[i] + 0.5 * (first[i] + second[i]);
    };
  },
};
