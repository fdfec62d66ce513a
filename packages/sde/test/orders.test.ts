import { createRng } from '@sntk/random';
import { describe, expect, test } from 'vitest';
import { gaussHermite } from '../src/analysis/gauss-hermite.ts';
import { stepExpectation, strongConvergence } from '../src/analysis.ts';
import { reversiblePair } from '../src/extending.ts';
import { type Calculus, type Method, methods, type NoiseType, type SdeProblem } from '../src/index.ts';
import {
  dampedAdditive,
  geometricBrownianMotion,
  nonCommutativeLinear,
  ornsteinUhlenbeck,
  type ReferenceProblem,
} from '../src/problems.ts';
import { strongCase, twoCoordinates, weakCases } from './order-problems.ts';
import { expectOrder, slope } from './support.ts';

const rng = createRng('orders');

/** Methods whose asymptotic order shows at smaller steps than that of others. */
const LATE = ['platenWeak', 'sriw1', 'sriw2'];

/** Every method with every kind of noise it declares an order for. */
const declared = Object.values(methods).flatMap((method: Method) =>
  Object.entries(method.orders)
    .filter(([noise]) => noise !== 'none')
    .map(([noise, orders]) => ({ name: method.name, method, noise: noise as NoiseType, ...orders })),
);

/** dx = (1 + t) x dt/2 + x Σ_j g_j(t) dW_j with g = 0.6 (1 + t), and 0.4 (1 − t) where there are two. */
function growing(noise: NoiseType, calculus: Calculus): ReferenceProblem {
  const strengths =
    noise === 'diagonal' || noise === 'scalar'
      ? [[0.6, 1]]
      : [
          [0.6, 1],
          [0.4, -1],
        ];
  const g = (t: number): number[] => strengths.map(([size, slope]) => size * (1 + slope * t));
  const times = calculus === 'ito' ? 1 : 2;
  return {
    dimension: 1,
    noiseDimension: strengths.length,
    noise,
    calculus,
    drift: (t, x, out) => out.set(x.map((v) => 0.5 * (1 + t) * v)),
    diffusion: {
      apply(t, x, dW, out, paths) {
        const weights = g(t);
        for (let p = 0; p < paths; p++) {
          out[p] = x[p] * weights.reduce((sum, weight, j) => sum + weight * dW[j * paths + p], 0);
        }
      },
      diagonal: {
        value: (t, x, out) => out.set(x.map((v) => g(t)[0] * v)),
        derivative: (t, _x, out) => void out.fill(g(t)[0]),
      },
    },
    // The exponent is ∫(1 + t) dt + Σ ∫g_j² dt, that twice in Stratonovich form.
    secondMoment(t, x0) {
      const cubes = strengths.map(([size, slope]) => (size ** 2 * ((1 + slope * t) ** 3 - 1)) / (3 * slope));
      const exponent = t + t ** 2 / 2 + times * cubes.reduce((sum, v) => sum + v);
      return Float64Array.of(x0[0] ** 2 * Math.exp(exponent));
    },
  };
}

describe('the declared strong order', () => {
  test.each(declared)(
    '$strong of $name is measured under $noise noise',
    ({ name, method, noise, strong }) => {
      const found = strongCase(noise, method.calculus);
      // Order 1 against a reference of order 1 needs one far finer, and some methods reach their order late.
      const finer =
        noise === 'general' && name === 'milsteinLevy'
          ? { paths: 100, reference: { level: 9 } }
          : found.problem.solution && LATE.includes(name)
            ? { levels: found.levels.map((level) => level + 1) }
            : {};
      const options = { ...found, method, rng, ...finer };
      const { order, orderError } = strongConvergence(found.problem, options);
      expectOrder({ mean: order, error: orderError }, strong);
    },
  );
});

describe('the declared weak order', () => {
  const once = declared.filter(({ method }) => !method.remembers);
  // A step errs by h^(order + 1). At larger steps the terms of order 2 hide those of order 1.5.
  const levelsOf = (name: string): number[] => (name.startsWith('sriw') ? [11, 12, 13, 14] : [6, 7, 8, 9]);
  test.each(once)('$weak of $name is measured under $noise noise', ({ name, method, noise, weak }) => {
    const levels = levelsOf(name);
    for (const { problem, x0, observe, exact } of weakCases(noise, method.calculus)) {
      const errors = levels.map((level) => {
        const step = 2 ** -level;
        return Math.abs(stepExpectation(problem, { method, x0, step, observe }) - exact(step));
      });
      expect(Math.abs(slope(levels, errors) - 1 - weak), `${slope(levels, errors) - 1}`).toBeLessThan(0.1);
    }
  });

  test.each(once)(
    '$weak of $name is kept where $noise noise depends on time',
    ({ name, method, noise, weak }) => {
      const problem =
        noise === 'additive' ? dampedAdditive({ a: 0.8, b: 1.5 }) : growing(noise, method.calculus);
      const levels = levelsOf(name);
      const errors = levels.map((level) => {
        const step = 2 ** -level;
        const observe = ([x]: readonly number[]): number => x * x;
        const split = { exponential: () => () => {}, remainder: problem.drift };
        const found = stepExpectation(
          { ...problem, ...(method.needs === 'linear' && { linear: split }) },
          { method, x0: [2], step, observe },
        );
        return Math.abs(found - problem.secondMoment!(step, [2])[0]);
      });
      // A linear problem, on which some do better.
      expect(slope(levels, errors) - 1).toBeGreaterThan(weak - 0.1);
    },
  );

  /** E z₁² at time 1 after `steps` steps of reversible Heun on a linear problem, by the moments of v = (z, ẑ, 1). */
  function pairMoment(
    { problem, x0 }: { problem: SdeProblem; x0: readonly number[] },
    steps: number,
  ): number {
    const h = 1 / steps;
    const { dimension: d, noiseDimension: m } = problem;
    const n = 2 * d + 1;
    const { nodes, weights } = gaussHermite(12);
    const step = (v: readonly number[], dW: Float64Array): number[] => {
      const [x, xHat] = [Float64Array.from(v.slice(0, d)), Float64Array.from(v.slice(d, 2 * d))];
      const pair = reversiblePair(problem, { t0: 0, x, xHat, paths: 1 });
      pair.advance(h, dW);
      return [...pair.z, ...pair.zHat];
    };
    // The mean of B ⊗ B over the noise, where a step is v → B v.
    const kernel = new Float64Array(n ** 4);
    for (let q = 0; q < 12 ** m; q++) {
      const digits = Array.from({ length: m }, (_, j) => Math.floor(q / 12 ** j) % 12);
      const dW = Float64Array.from(digits, (k) => Math.sqrt(h) * nodes[k]);
      const weight = digits.reduce((product, k) => product * weights[k], 1);
      const origin = step(new Array(2 * d).fill(0), dW);
      const columns = Array.from({ length: 2 * d }, (_, c) =>
        step(
          Array.from({ length: 2 * d }, (_, i) => (i === c ? 1 : 0)),
          dW,
        ).map((value, i) => value - origin[i]),
      );
      const B = Array.from({ length: n }, (_, i) =>
        i < 2 * d ? [...columns.map((column) => column[i]), origin[i]] : [...new Array(2 * d).fill(0), 1],
      );
      for (let e = 0; e < n ** 4; e++) {
        const [i, j, a, b] = [3, 2, 1, 0].map((power) => Math.floor(e / n ** power) % n);
        kernel[e] += weight * B[i][a] * B[j][b];
      }
    }
    const v = [...x0, ...x0, 1];
    let S = Float64Array.from({ length: n * n }, (_, e) => v[Math.floor(e / n)] * v[e % n]);
    for (let k = 0; k < steps; k++) {
      S = S.map((_, row) => S.reduce((sum, value, e) => sum + kernel[row * n * n + e] * value, 0));
    }
    return S[0];
  }

  const stratonovich = { calculus: 'stratonovich' } as const;
  test.each<[NoiseType, ReferenceProblem, number[]]>([
    ['additive', ornsteinUhlenbeck({ rate: 1, volatility: 1, center: 0.5 }), [2]],
    ['diagonal', geometricBrownianMotion({ rate: 0.2, volatility: 0.6, ...stratonovich }), [2]],
    ['scalar', twoCoordinates('scalar', 'stratonovich'), [1, 2]],
    ['commutative', twoCoordinates('commutative', 'stratonovich'), [1, 2]],
    ['general', nonCommutativeLinear({ decay: 0.3, first: 0.6, second: 0.4, ...stratonovich }), [1, 0.5]],
  ])('of reversibleHeun is measured over many steps under %s noise', (noise, problem, x0) => {
    const levels = [5, 6, 7, 8];
    const errors = levels.map((level) =>
      Math.abs(pairMoment({ problem, x0 }, 2 ** level) - problem.secondMoment!(1, x0)[0]),
    );
    expectOrder({ mean: slope(levels, errors), error: 0 }, methods.reversibleHeun.orders[noise]!.weak);
  });
});
