import { ArgumentError, checkPositive } from '@sntk/errors';
import { integrate } from '../integrate.ts';
import { fillIntegrals } from '../levy-area.ts';
import type { Method } from '../method.ts';
import { type MethodName, suitableMethod } from '../methods/registry.ts';
import type { SdeProblem } from '../problem.ts';
import { gaussHermite } from './gauss-hermite.ts';

/** One step, and what is to be averaged after it. */
export interface StepExpectationOptions {
  readonly method: Method | MethodName;
  /** Start, `[dimension]`. */
  readonly x0: readonly number[];
  /** Length of the step, from time 0. */
  readonly step: number;
  /** φ of the state after the step, `[dimension]`. */
  readonly observe: (x: readonly number[]) => number;
}

/** Quadrature nodes a normal number. */
const NODES = 12;
const WHERE = 'stepExpectation';

/**
 * E φ(x) after one step of a method, by quadrature over the noise in place of sampling.
 *
 * It is exact up to rounding where φ of the step is a polynomial in the noise, and without scatter otherwise, so that the
 * weak order of a step can be read off to the last digits. The nodes are paths: 12 an increment, 12 more for each ∫W dt,
 * two a pair for Lévy areas of two noises, which have their first three moments given the increments.
 *
 * @throws ArgumentError for a method that does not fit, and for Lévy areas of more than two noises
 *
 * @example
 * ```ts
 * import { stepExpectation } from '@sntk/sde/analysis';
 * import { geometricBrownianMotion } from '@sntk/sde/problems';
 *
 * const problem = geometricBrownianMotion({ rate: 0, volatility: 1 });
 * const square = stepExpectation(problem, { method: 'milstein', x0: [1], step: 0.5, observe: ([x]) => x * x });
 * console.log(square.toFixed(12)); // 1.625000000000
 * ```
 */
export function stepExpectation(problem: SdeProblem, options: StepExpectationOptions): number {
  const { x0, step: h, observe } = options;
  checkPositive(WHERE, 'options.step', h);
  const method = suitableMethod(WHERE, options.method, problem);
  const { noiseDimension: m } = problem;
  const { integrals: kind } = method;
  if (kind === 'levyArea' && m > 2) {
    throw new ArgumentError({
      where: WHERE,
      argument: 'options.method',
      wanted: 'a method without Lévy areas for more than two noises',
      got: method.name,
      fix: 'measure it by weakConvergence',
    });
  }
  const rule = gaussHermite(NODES);
  const areas = kind === 'levyArea' || kind === 'weakLevyArea' ? (m * (m - 1)) / 2 : 0;
  // The numbers a path's noise is made of, by how many values each takes: increments, ∫W dt, signs of areas.
  const radices = [
    ...new Array<number>(m).fill(NODES),
    ...new Array<number>(kind === 'spaceTime' ? m : 0).fill(NODES),
    ...new Array<number>(areas).fill(2),
  ];
  const paths = radices.reduce((product, radix) => product * radix, 1);
  const strides = radices.map((_, j) => radices.slice(0, j).reduce((product, radix) => product * radix, 1));
  const digit = (p: number, j: number): number => Math.floor(p / strides[j]) % radices[j];
  const { final } = integrate(problem, {
    method,
    x0,
    t1: h,
    steps: 1,
    paths,
    ...(m > 0 && {
      increments: (_step: number, dW: Float64Array, integrals?: Float64Array): void => {
        for (let j = 0; j < m; j++) {
          for (let p = 0; p < paths; p++) dW[j * paths + p] = Math.sqrt(h) * rule.nodes[digit(p, j)];
        }
        if (!integrals?.length) return;
        if (kind === 'spaceTime') {
          for (let j = 0; j < m; j++) {
            for (let p = 0; p < paths; p++) {
              const normal = rule.nodes[digit(p, m + j)];
              integrals[j * paths + p] = h * (0.5 * dW[j * paths + p] + Math.sqrt(h / 12) * normal);
            }
          }
          return;
        }
        fillIntegrals(dW, integrals, { m, paths, h }, (j, k, p, pair) => {
          const [w, v] = [dW[j * paths + p], dW[k * paths + p]];
          // Var(A | dW) of a pair is h²/12 (1 + |dW|²/h); the weak area is ±h/2.
          const size = kind === 'levyArea' ? Math.sqrt((h * (h + w * w + v * v)) / 12) : 0.5 * h;
          return digit(p, m + pair) === 0 ? -size : size;
        });
      },
    }),
  });
  let mean = 0;
  for (let p = 0; p < paths; p++) {
    let weight = 1;
    radices.forEach((radix, j) => {
      weight *= radix === 2 ? 0.5 : rule.weights[digit(p, j)];
    });
    mean += weight * observe(Array.from(x0, (_, i) => final[i * paths + p]));
  }
  return mean;
}
