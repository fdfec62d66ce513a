import type { Activation } from './activation.ts';
import { setSlopes } from './pair-slopes.ts';

/** φ(h) = h. */
export const linear: Activation = {
  name: 'linear',
  value: (h) => h,
  derivative: () => 1,
  secondDerivative: () => 0,
  twiceDifferentiable: true,
  dual: {
    diagonal: (q) => ({ covariance: q, derivative: 1 }),
    pair(p, out) {
      out.covariance = p.covariance;
      out.derivative = 1;
      out.distance = p.distance;
      out.determinant = p.determinant;
    },
    slopes: (_, out) => setSlopes(out, { covariance: [0, 0, 1], derivative: [0, 0, 0] }),
  },
};
