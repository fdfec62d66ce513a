import { chosenSteps, type Method } from '../method.ts';
import { type SriTableau, scalarRungeKutta } from './sri-tableau.ts';

const tableau: SriTableau = {
  c0: [0, 3 / 4, 0, 0],
  c1: [0, 1 / 4, 1, 1 / 4],
  A0: [[], [3 / 4], [], []],
  A1: [[], [1 / 4], [1, 0], [0, 0, 1 / 4]],
  B0: [[], [3 / 2], [], []],
  B1: [[], [1 / 2], [-1, 0], [-5, 3, 1 / 2]],
  alpha: [1 / 3, 2 / 3, 0, 0],
  beta1: [-1, 4 / 3, 2 / 3, 0],
  beta2: [-1, 4 / 3, -1 / 3, 0],
  beta3: [2, -4 / 3, -2 / 3, 0],
  beta4: [-2, 5 / 3, -2 / 3, 1],
  error: [-2 / 3, 2 / 3, 0, 0],
};

/**
 * SRIW1 for scalar and diagonal noise in Itô form: strong order 1.5 from two drifts and four diffusions a step. Its weak
 * order is 1.5, and 2 where drift and noise are linear.
 *
 * Source: Rößler, "Runge–Kutta Methods for the Strong Approximation of Solutions of Stochastic Differential Equations".
 */
export const sriw1: Method = {
  name: 'sriw1',
  calculus: 'ito',
  orders: { scalar: { strong: 1.5, weak: 1.5 }, diagonal: { strong: 1.5, weak: 1.5 } },
  integrals: 'spaceTime',
  ...chosenSteps({ noise: 1.5, none: 2 }, (problem, paths) => scalarRungeKutta(tableau, problem, paths)),
};
