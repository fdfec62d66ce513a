import type { Method } from '../method.ts';

/**
 * The classical Runge–Kutta method of order four, for ordinary differential equations.
 *
 * Source: Kutta, "Beitrag zur näherungsweisen Integration totaler Differentialgleichungen".
 */
export const rk4: Method = {
  name: 'rk4',
  calculus: 'ito',
  orders: { none: { strong: 4, weak: 4 } },
  prepare({ dimension, drift }, paths, h) {
    const size = dimension * paths;
    const slope = new Float64Array(size);
    const stage = new Float64Array(size);
    return (t, x, _dW, out) => {
      drift(t, x, slope, paths);
      for (let i = 0; i < size; i++) {
        out[i] = x[i] + (h / 6) * slope[i];
        stage[i] = x[i] + 0.5 * h * slope[i];
      }
      drift(t + 0.5 * h, stage, slope, paths);
      for (let i = 0; i < size; i++) {
        out[i] += (h / 3) * slope[i];
        stage[i] = x[i] + 0.5 * h * slope[i];
      }
      drift(t + 0.5 * h, stage, slope, paths);
      for (let i = 0; i < size; i++) {
        out[i] += (h / 3) * slope[i];
        stage[i] = x[i] + h * slope[i];
      }
      drift(t + h, stage, slope, paths);
      for (let i = 0; i < size; i++) out[i] += (h / 6) * slope[i];
    };
  },
};
