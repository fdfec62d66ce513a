import { chosenSteps, type Method } from '../method.ts';
import { explicitRungeKutta, type OdeTableau, quarticTerm } from './ode-tableau.ts';

const tableau: OdeTableau = {
  c: [0, 0.161, 0.327, 0.9, 0.9800255409045097, 1, 1],
  A: [
    [],
    [0.161],
    [-0.008480655492356989, 0.335480655492357],
    [2.8971530571054935, -6.359448489975075, 4.3622954328695815],
    [5.325864828439256, -11.748883564062828, 7.4955393428898365, -0.09249506636175525],
    [5.86145544294642, -12.920969317847108, 8.159367898576159, -0.071584973281401, -0.028269050394068383],
    [0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774],
  ],
  // The seventh weight of the method of order 4 is 1/66; the others are the differences from it.
  error: [
    0.09646076681806523 - 0.09468075576583945,
    0.01 - 0.009183565540343254,
    0.4798896504144996 - 0.4877705284247616,
    1.379008574103742 - 1.234297566930479,
    -3.290069515436081 + 2.7077123499835256,
    2.324710524099774 - 1.866628418170587,
    -1 / 66,
  ],
  quartic: [
    -1.0530884977290216, 0.1017, 2.490627285651253, -16.548102889244902, 47.37952196281928,
    -34.87065786149661, 2.5,
  ],
};

/**
 * Tsitouras' method of order 5 for ordinary differential equations, with an embedded one of order 4.
 *
 * Source: Tsitouras, "Runge–Kutta Pairs of Order 5(4) Satisfying Only the First Column Simplifying Assumption".
 */
export const tsitouras: Method = {
  name: 'tsitouras',
  calculus: 'ito',
  orders: { none: { strong: 5, weak: 5 } },
  ...chosenSteps({ noise: 5, none: 5 }, (problem, paths) => explicitRungeKutta(tableau, problem, paths)),
  quartic: quarticTerm(tableau),
};
