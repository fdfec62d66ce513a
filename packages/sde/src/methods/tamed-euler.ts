import { type Method, ordersByNoise } from '../method.ts';

/**
 * Tamed Euler, Itô: x' = x + h a/(1 + h‖a‖) + g dW, which does not explode for drifts that grow faster than linearly
 * and hold the solution back, such as −x³.
 *
 * Source: Hutzenthaler, Jentzen and Kloeden, "Strong Convergence of an Explicit Numerical Method for SDEs with
 * Nonglobally Lipschitz Continuous Coefficients".
 */
export const tamedEuler: Method = {
  name: 'tamedEuler',
  calculus: 'ito',
  orders: ordersByNoise({ none: [1, 1], additive: [1, 1], commuting: [0.5, 1], general: [0.5, 1] }),
  prepare({ dimension, drift, diffusion }, paths, h) {
    const size = dimension * paths;
    const noise = new Float64Array(size);
    const factor = new Float64Array(paths);
    return (t, x, dW, out) => {
      drift(t, x, out, paths);
      diffusion?.apply(t, x, dW, noise, paths);
      factor.fill(0);
      for (let i = 0; i < size; i++) factor[i % paths] += out[i] * out[i];
      for (let p = 0; p < paths; p++) factor[p] = h / (1 + h * Math.sqrt(factor[p]));
      for (let i = 0; i < size; i++) out[i] = x[i] + factor[i % paths] * out[i] + noise[i];
    };
  },
};
