import type { SdeProblem } from '../problem.ts';

/** The action of e^{rate h} for a linear drift that is the same in every coordinate. */
export function exponentialOf(rate: number): NonNullable<SdeProblem['linear']>['exponential'] {
  return (h) => {
    const factor = Math.exp(rate * h);
    return (x) => {
      for (let i = 0; i < x.length; i++) x[i] *= factor;
    };
  };
}
