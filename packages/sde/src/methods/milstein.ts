import type { Method } from '../method.ts';

/**
 * Milstein, Itô, for diagonal noise: x_i' = x_i + h a_i + g_i dW_i + ½ g_i ∂_i g_i (dW_i² − h).
 *
 * Source: Milstein, "Approximate Integration of Stochastic Differential Equations".
 */
export const milstein: Method = {
  name: 'milstein',
  calculus: 'ito',
  orders: { diagonal: { strong: 1, weak: 1 } },
  needs: 'diffusion.diagonal',
  prepare({ dimension, drift, diffusion }, paths, h) {
    const size = dimension * paths;
    const g = new Float64Array(size);
    const slope = new Float64Array(size);
    const { value, derivative } = diffusion!.diagonal!;
    return (t, x, dW, out) => {
      drift(t, x, out, paths);
      value(t, x, g, paths);
      derivative(t, x, slope, paths);
      for (let i = 0; i < size; i++) {
        const w = dW[i];
        out[i] = x[i] + h * out[i] + g[i] * (w + 0.5 * slope[i] * (w * w - h));
      }
    };
  },
};
