import { createRng } from '@sntk/random';
import { describe, expect, test } from 'vitest';
import { reversiblePair } from '../src/extending.ts';
import { brownianIncrements, integrate, methods } from '../src/index.ts';
import { nonCommutativeLinear } from '../src/problems.ts';

describe('reversible Heun', () => {
  const problem = nonCommutativeLinear({ decay: 0.5, first: 0.6, second: 0.4, calculus: 'stratonovich' });
  const [paths, steps] = [5, 200];
  const h = 1 / steps;
  const x = Float64Array.from({ length: 2 * paths }, (_, i) => 1 + 0.1 * i);
  const source = brownianIncrements({
    rng: createRng('reversible'),
    noiseDimension: 2,
    paths,
    step: h,
  });
  const dW = new Float64Array(2 * paths);

  test('walks back to its start, up to rounding, on the increments reversed', () => {
    const pair = reversiblePair(problem, { t0: 0, x, paths });
    for (let k = 0; k < steps; k++) {
      source(k, dW);
      pair.advance(h, dW);
    }
    expect(pair.time).toBeCloseTo(1, 12);
    // A walk back that starts from the two states alone, as one that was sent elsewhere would.
    const back = reversiblePair(problem, { t0: pair.time, x: pair.z, xHat: pair.zHat, paths });
    for (let k = steps - 1; k >= 0; k--) {
      source(k, dW);
      back.advance(
        -h,
        dW.map((w) => -w),
      );
    }
    for (let i = 0; i < x.length; i++) {
      expect(Math.abs(back.z[i] - x[i])).toBeLessThan(1e-11);
      expect(Math.abs(back.zHat[i] - x[i])).toBeLessThan(1e-11);
    }
  });

  test('is the pair in `integrate`, and starts anew from a state that is not its own', () => {
    const pair = reversiblePair(problem, { t0: 0, x, paths });
    for (let k = 0; k < 3; k++) {
      source(k, dW);
      pair.advance(h, dW);
    }
    const options = { method: 'reversibleHeun', x0: x, t1: 3 * h, steps: 3, paths } as const;
    const { final } = integrate(problem, { ...options, increments: source });
    for (let i = 0; i < x.length; i++) expect(Math.abs(final[i] - pair.z[i])).toBeLessThan(1e-14);

    const step = methods.reversibleHeun.prepare(problem, paths, h);
    const [first, again] = [new Float64Array(2 * paths), new Float64Array(2 * paths)];
    const none = new Float64Array(0);
    step(0, x, dW, first, none);
    step(0, x, dW, again, none);
    expect(again).toEqual(first);
  });

  test('takes one drift a step, and one to begin with', () => {
    let drifts = 0;
    const counting: typeof problem = {
      ...problem,
      drift(t, state, out, n) {
        drifts++;
        problem.drift(t, state, out, n);
      },
    };
    integrate(counting, { method: 'reversibleHeun', x0: x, t1: 1, steps: 50, paths, rng: createRng(1) });
    expect(drifts).toBe(51);
  });
});
