import type { Method } from '../method.ts';

/**
 * Exponential (Lawson) Milstein, Itô, for a(t, x) = A x + f(t, x) and diagonal noise:
 * x' = e^{A h}(x + h f + g dW + ½ g g' (dW² − h)).
 *
 * Source: Jentzen and Röckner, "A Milstein Scheme for SPDEs"; Lord, Powell and Shardlow, "An Introduction to
 * Computational Stochastic PDEs".
 */
export const exponentialMilstein: Method = {
  name: 'exponentialMilstein',
  calculus: 'ito',
  orders: { diagonal: { strong: 1, weak: 1 } },
  needs: 'linear',
  prepare({ dimension, diffusion, linear }, paths, h) {
    const size = dimension * paths;
    const root = Math.sqrt(h);
    const g = new Float64Array(size);
    const ahead = new Float64Array(size);
    const changed = new Float64Array(size);
    const ones = new Float64Array(size).fill(1);
    const propagate = linear!.exponential(h);
    const remainder = linear!.remainder;
    return (t, x, dW, out) => {
      // g g' is the difference of g at x and x + √h g, so that no derivative is asked for.
      diffusion!.apply(t, x, ones, g, paths);
      for (let i = 0; i < size; i++) ahead[i] = x[i] + root * g[i];
      diffusion!.apply(t, ahead, ones, changed, paths);
      if (remainder) remainder(t, x, out, paths);
      else out.fill(0);
      for (let i = 0; i < size; i++) {
        const w = dW[i];
        out[i] = x[i] + h * out[i] + g[i] * w + ((changed[i] - g[i]) * (w * w - h)) / (2 * root);
      }
      propagate(out, paths);
    };
  },
};
