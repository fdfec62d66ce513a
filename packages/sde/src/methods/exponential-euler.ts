import { type Method, ordersByNoise } from '../method.ts';

/**
 * Exponential (Lawson) Euler, Itô, for a(t, x) = A x + f(t, x): x' = e^{A h}(x + h f(t, x) + g(t, x) dW).
 *
 * The linear drift is exact at any step size, so stiffness of A does not limit h.
 *
 * Source: Lord, Powell and Shardlow, "An Introduction to Computational Stochastic PDEs".
 */
export const exponentialEuler: Method = {
  name: 'exponentialEuler',
  calculus: 'ito',
  orders: ordersByNoise({ none: [1, 1], additive: [1, 1], commuting: [0.5, 1], general: [0.5, 1] }),
  needs: 'linear',
  prepare({ dimension, diffusion, linear }, paths, h) {
    const size = dimension * paths;
    const noise = new Float64Array(size);
    const propagate = linear!.exponential(h);
    const remainder = linear!.remainder;
    return (t, x, dW, out) => {
      diffusion?.apply(t, x, dW, noise, paths);
      if (remainder) {
        remainder(t, x, out, paths);
        for (let i = 0; i < size; i++) out[i] = x[i] + h * out[i] + noise[i];
      } else {
        for (let i = 0; i < size; i++) out[i] = x[i] + noise[i];
      }
      propagate(out, paths);
    };
  },
};
