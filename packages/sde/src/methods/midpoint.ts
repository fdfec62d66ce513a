import type { Method } from '../method.ts';

/**
 * Explicit midpoint, Stratonovich: x̂ = x + ½(h a(t, x) + g(t, x) dW), x' = x + h a(t + ½h, x̂) + g(t + ½h, x̂) dW.
 *
 * Source: Kloeden and Platen, "Numerical Solution of Stochastic Differential Equations".
 */
export const midpoint: Method = {
  name: 'midpoint',
  calculus: 'stratonovich',
  orders: {
    none: { strong: 2, weak: 2 },
    additive: { strong: 1, weak: 1 },
    scalar: { strong: 1, weak: 1 },
    diagonal: { strong: 1, weak: 1 },
    commutative: { strong: 1, weak: 1 },
    general: { strong: 0.5, weak: 1 },
  },
  prepare({ dimension, drift, diffusion }, paths, h) {
    const size = dimension * paths;
    const noise = new Float64Array(size);
    const halfway = new Float64Array(size);
    return (t, x, dW, out) => {
      drift(t, x, out, paths);
      diffusion?.apply(t, x, dW, noise, paths);
      for (let i = 0; i < size; i++) halfway[i] = x[i] + 0.5 * (h * out[i] + noise[i]);
      drift(t + 0.5 * h, halfway, out, paths);
      diffusion?.apply(t + 0.5 * h, halfway, dW, noise, paths);
      for (let i = 0; i < size; i++) out[i] = x[i] + h * out[i] + noise[i];
    };
  },
};
