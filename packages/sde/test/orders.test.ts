import { createRng } from '@sntk/random';
import { describe, expect, test } from 'vitest';
import { gaussHermite } from '../src/analysis/gauss-hermite.ts';
import { stepExpectation, strongConvergence } from '../src/analysis.ts';
import { reversiblePair } from '../src/extending.ts';
import { type Method, methods, type NoiseType, type SdeProblem } from '../src/index.ts';
import { geometricBrownianMotion, ornsteinUhlenbeck } from '../src/problems.ts';
import { strongCase, weakCases } from './order-problems.ts';
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
  test.each(once)('$weak of $name is measured under $noise noise', ({ name, method, noise, weak }) => {
    // A step errs by h^(order + 1). At larger steps the terms of order 2 hide those of order 1.5.
    const levels = name.startsWith('sriw') ? [11, 12, 13, 14] : [6, 7, 8, 9];
    for (const { problem, x0, observe, exact } of weakCases(noise, method.calculus)) {
      const errors = levels.map((level) => {
        const step = 2 ** -level;
        return Math.abs(stepExpectation(problem, { method, x0, step, observe }) - exact(step));
      });
      expect(Math.abs(slope(levels, errors) - 1 - weak), `${slope(levels, errors) - 1}`).toBeLessThan(0.1);
    }
  });

  /** E z² at time 1 after `steps` steps of reversible Heun on a linear problem, by the moments of (z, ẑ, 1). */
  function pairMoment(problem: SdeProblem, start: number, steps: number): number {
    const h = 1 / steps;
    const { nodes, weights } = gaussHermite(12);
    const step = (x: number, xHat: number, w: number): number[] => {
      const pair = reversiblePair(problem, {
        t0: 0,
        x: Float64Array.of(x),
        xHat: Float64Array.of(xHat),
        paths: 1,
      });
      pair.advance(h, Float64Array.of(w));
      return [pair.z[0], pair.zHat[0]];
    };
    const maps = nodes.map((node) => {
      const w = Math.sqrt(h) * node;
      const [origin, first, second] = [step(0, 0, w), step(1, 0, w), step(0, 1, w)];
      return [0, 1].map((i) => [first[i] - origin[i], second[i] - origin[i], origin[i]]).concat([[0, 0, 1]]);
    });
    let S = [start, start, 1].map((a) => [start, start, 1].map((b) => a * b));
    const indices = [0, 1, 2];
    for (let k = 0; k < steps; k++) {
      const next = indices.map(() => [0, 0, 0]);
      maps.forEach((B, n) => {
        for (const i of indices) {
          for (const j of indices) {
            for (const a of indices) {
              for (const b of indices) next[i][j] += weights[n] * B[i][a] * B[j][b] * S[a][b];
            }
          }
        }
      });
      S = next;
    }
    return S[0][0];
  }

  test.each([
    ['additive', ornsteinUhlenbeck({ rate: 1, volatility: 1, center: 0.5 })],
    ['diagonal', geometricBrownianMotion({ rate: 0.2, volatility: 0.6, calculus: 'stratonovich' })],
  ] as const)('of reversibleHeun is measured over many steps under %s noise', (noise, problem) => {
    const levels = [5, 6, 7, 8];
    const errors = levels.map((level) =>
      Math.abs(pairMoment(problem, 2, 2 ** level) - problem.secondMoment!(1, [2])[0]),
    );
    expectOrder({ mean: slope(levels, errors), error: 0 }, methods.reversibleHeun.orders[noise]!.weak);
  });
});
