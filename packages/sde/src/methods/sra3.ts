import { chosenSteps, type Method } from '../method.ts';
import { additiveRungeKutta, type SraTableau } from './sra-tableau.ts';

const tableau: SraTableau = {
  c0: [0, 1, 1 / 2],
  c1: [1, 0, 0],
  A0: [[], [1], [1 / 4, 1 / 4]],
  B0: [[], [0], [1, 1 / 2]],
  alpha: [1 / 6, 1 / 6, 2 / 3],
  beta1: [1, 0, 0],
  beta2: [-1, 1, 0],
  // Against the mean of the first two drifts, which has the same noise.
  error: [-1 / 3, -1 / 3, 2 / 3],
};

/**
 * SRA3 for additive noise: three drifts a step, strong order 1.5, and order 3 without noise.
 *
 * Source: Rößler, "Runge–Kutta Methods for the Strong Approximation of Solutions of Stochastic Differential Equations".
 */
export const sra3: Method = {
  name: 'sra3',
  calculus: 'ito',
  orders: { none: { strong: 3, weak: 3 }, additive: { strong: 1.5, weak: 2 } },
  integrals: 'spaceTime',
  ...chosenSteps({ noise: 1.5, none: 3 }, (problem, paths) => additiveRungeKutta(tableau, problem, paths)),
};
