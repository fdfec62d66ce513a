import type { Method } from '../method.ts';

/**
 * Heun, Stratonovich: x̃ = x + h a(t, x) + g(t, x) dW, x' = x + ½h (a(t, x) + a(t + h, x̃)) + ½(g(t, x) + g(t + h, x̃)) dW.
 *
 * Source: Rümelin, "Numerical Treatment of Stochastic Differential Equations".
 */
export const stochasticHeun: Method = {
  name: 'stochasticHeun',
  calculus: 'stratonovich',
  orders: {
    none: { strong: 2, weak: 2 },
    additive: { strong: 1, weak: 2 },
    scalar: { strong: 1, weak: 1 },
    diagonal: { strong: 1, weak: 1 },
    commutative: { strong: 1, weak: 1 },
    general: { strong: 0.5, weak: 1 },
  },
  prepare({ dimension, drift, diffusion }, paths, h) {
    const size = dimension * paths;
    const first = new Float64Array(size);
    const second = new Float64Array(size);
    const noise = new Float64Array(size);
    const ahead = new Float64Array(size);
    return (t, x, dW, out) => {
      drift(t, x, first, paths);
      diffusion?.apply(t, x, dW, noise, paths);
      for (let i = 0; i < size; i++) {
        first[i] = h * first[i] + noise[i];
        ahead[i] = x[i] + first[i];
      }
      drift(t + h, ahead, second, paths);
      diffusion?.apply(t + h, ahead, dW, noise, paths);
      for (let i = 0; i < size; i++) out[i] = x[i] + 0.5 * (first[i] + (h * second[i] + noise[i]));
    };
  },
};
