import { chosenSteps, type Method } from '../method.ts';
import { additiveRungeKutta, type SraTableau } from './sra-tableau.ts';

const tableau: SraTableau = {
  c0: [0, 3 / 4],
  c1: [1, 0],
  A0: [[], [3 / 4]],
  B0: [[], [3 / 2]],
  alpha: [1 / 3, 2 / 3],
  beta1: [1, 0],
  beta2: [-1, 1],
  error: [-2 / 3, 2 / 3],
};

/**
 * SRA1 for additive noise: two drifts a step, strong order 1.5 from dW and ∫(W_s − W_t) ds.
 *
 * Source: Rößler, "Runge–Kutta Methods for the Strong Approximation of Solutions of Stochastic Differential Equations".
 */
export const sra1: Method = {
  name: 'sra1',
  calculus: 'ito',
  orders: { none: { strong: 2, weak: 2 }, additive: { strong: 1.5, weak: 2 } },
  integrals: 'spaceTime',
  ...chosenSteps({ noise: 1.5, none: 2 }, (problem, paths) => additiveRungeKutta(tableau, problem, paths)),
};
