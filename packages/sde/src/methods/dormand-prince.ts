import { chosenSteps, type Method } from '../method.ts';
import { explicitRungeKutta, type OdeTableau, quarticTerm } from './ode-tableau.ts';

const tableau: OdeTableau = {
  c: [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1],
  A: [
    [],
    [1 / 5],
    [3 / 40, 9 / 40],
    [44 / 45, -56 / 15, 32 / 9],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
    [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
  ],
  error: [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40],
  // Shampine's continuous extension of order 4.
  quartic: [
    -12715105075 / 11282082432,
    0,
    87487479700 / 32700410799,
    -10690763975 / 1880347072,
    701980252875 / 199316789632,
    -1453857185 / 822651844,
    69997945 / 29380423,
  ],
};

/**
 * Dormand and Prince's method of order 5 for ordinary differential equations, with an embedded one of order 4.
 *
 * Source: Dormand and Prince, "A Family of Embedded Runge–Kutta Formulae"; for values between steps, Shampine, "Some
 * Practical Runge–Kutta Formulas".
 */
export const dormandPrince: Method = {
  name: 'dormandPrince',
  calculus: 'ito',
  orders: { none: { strong: 5, weak: 5 } },
  ...chosenSteps({ noise: 5, none: 5 }, (problem, paths) => explicitRungeKutta(tableau, problem, paths)),
  quartic: quarticTerm(tableau),
};
