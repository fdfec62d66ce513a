import { type Method, ordersByNoise } from '../method.ts';

/**
 * Exponential Strang splitting, Itô, for a(t, x) = A x + f(t, x): half the linear drift, then f by Heun's rule and the
 * noise, then the other half, `x' = e^{Ah/2} N(e^{Ah/2} x)`.
 *
 * The linear drift is exact at any step size. Unlike exponential Euler, which lets noise decay over the whole step in
 * which it came, this keeps the variance of stiff modes: under additive noise a mode of rate λ has stationary variance
 * `g² h/(2 sinh λh)` for the true `g²/(2λ)`. It costs as much.
 *
 * Source: Strang, "On the Construction and Comparison of Difference Schemes"; for noise, Lord, Powell and Shardlow, "An
 * Introduction to Computational Stochastic PDEs".
 */
export const exponentialStrang: Method = {
  name: 'exponentialStrang',
  calculus: 'ito',
  orders: ordersByNoise({ none: [2, 2], additive: [1, 2], commuting: [0.5, 1], general: [0.5, 1] }),
  needs: 'linear',
  prepare({ dimension, diffusion, linear }, paths, h) {
    const size = dimension * paths;
    const half = linear!.exponential(h / 2);
    const { remainder } = linear!;
    const noise = new Float64Array(size);
    const middle = new Float64Array(size);
    const early = remainder ? new Float64Array(size) : undefined;
    const late = remainder ? new Float64Array(size) : undefined;
    return (t, x, dW, out) => {
      middle.set(x);
      half(middle, paths);
      diffusion?.apply(t + h / 2, middle, dW, noise, paths);
      for (let i = 0; i < size; i++) out[i] = middle[i] + noise[i];
      if (remainder && early && late) {
        remainder(t, middle, early, paths);
        for (let i = 0; i < size; i++) out[i] += h * early[i];
        remainder(t + h, out, late, paths);
        for (let i = 0; i < size; i++) out[i] += (h / 2) * (late[i] - early[i]);
      }
      half(out, paths);
    };
  },
};
