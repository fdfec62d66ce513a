import { ArgumentError } from '@sntk/errors';
import { createRng } from '@sntk/random';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  brownianIncrements,
  brownianPath,
  integrate,
  integrateAdaptive,
  type SdeProblem,
} from '../src/index.ts';
import { pathWithin } from '../src/path-within.ts';
import { arctangent, geometricBrownianMotion, ornsteinUhlenbeck } from '../src/problems.ts';
import { meanAndError, slope } from './support.ts';

const rng = createRng('dense');

/** x' = x (1 − x) cos t, with x = 1/(1 + e^{−sin t}(1/x0 − 1)). */
const logistic: SdeProblem = {
  dimension: 1,
  noiseDimension: 0,
  noise: 'none',
  calculus: 'ito',
  drift: (t, x, out) => out.set(x.map((v) => v * (1 - v) * Math.cos(t))),
};
const exact = (t: number): number => 1 / (1 + 9 * Math.exp(-Math.sin(t)));

describe('between the steps of an ordinary equation', () => {
  test.each([
    ['dormandPrince', 5],
    ['tsitouras', 5],
    ['rk4', 4],
    ['sra3', 3],
    ['stochasticHeun', 2],
  ] as const)('%s keeps its order, %d, at every time', (method, order) => {
    const levels = order === 5 ? [2, 3, 4] : [3, 4, 5, 6];
    const errors = levels.map((level) => {
      const { at } = integrate(logistic, { method, x0: [0.1], t1: 4, steps: 2 ** level, dense: true });
      // The largest error at times that no grid has.
      return Math.max(
        ...Array.from({ length: 97 }, (_, i) => Math.abs(at((4 * i) / 96)[0] - exact((4 * i) / 96))),
      );
    });
    const found = slope(levels, errors);
    // The largest error is met at one time or another, so the slope is not clean.
    expect(found, `${found}`).toBeGreaterThan(order - 0.3);
  });

  test.each(['dormandPrince', 'tsitouras', 'rk4'] as const)('%s has no kink where steps meet', (method) => {
    const { at } = integrate(logistic, { method, x0: [0.1], t1: 4, steps: 8, dense: true });
    const e = 1e-5;
    for (let k = 1; k < 8; k++) {
      const [left, middle, right] = [at(k / 2 - e), at(k / 2), at(k / 2 + e)].map(([x]) => x);
      // Slopes on both sides; what they differ by is curvature times e.
      expect(Math.abs((right - middle) / e - (middle - left) / e)).toBeLessThan(1e-4);
    }
  });

  test('saved times are the same values, with steps of one size and of chosen ones', () => {
    const saveAt = [0, 0.3, 1, 2.7, 4];
    const fixed = integrate(logistic, {
      method: 'tsitouras',
      x0: [0.1],
      t1: 4,
      steps: 8,
      dense: true,
      saveAt,
    });
    const chosen = integrateAdaptive(logistic, {
      method: 'tsitouras',
      x0: [0.1],
      t1: 4,
      dense: true,
      saveAt,
    });
    const plain = integrateAdaptive(logistic, { method: 'tsitouras', x0: [0.1], t1: 4 });
    saveAt.forEach((t, i) => {
      expect(fixed.states[i]).toEqual(fixed.at(t));
      expect(Math.abs(chosen.states[i][0] - chosen.at(t)[0])).toBeLessThan(1e-9);
      expect(Math.abs(chosen.states[i][0] - exact(t))).toBeLessThan(1e-3);
    });
    // Saving does not change the steps.
    expect(chosen.accepted).toEqual(plain.accepted);
    expect(chosen.final).toEqual(plain.final);
  });
});

describe('between the steps of a stochastic equation', () => {
  const paths = 300;
  /** Root mean square error at a time off every grid, against the exact solution on the same adaptive path. */
  test.each([
    ['sriw1', arctangent({ a: 1 })],
    ['sriw1', geometricBrownianMotion({ rate: 0.3, volatility: 0.5 })],
  ] as const)('%s of chosen steps follows the exact solution on the path', (method, problem) => {
    const time = 0.3712345678;
    const errors = [3e-2, 1e-3].map((tolerance) => {
      const run = integrateAdaptive(problem, {
        method,
        x0: [0.5],
        t1: 1,
        paths: 60,
        rng,
        dense: true,
        tolerance: { absolute: tolerance, relative: tolerance },
      });
      const W = new Float64Array(60);
      const path = brownianPath({ rng, noiseDimension: 1, paths: 60, duration: 1, depth: 32 });
      path.increment(0, Math.round(time * 2 ** 32) / 2 ** 32, W);
      const truth = new Float64Array(60);
      problem.solution!(time, new Float64Array(60).fill(0.5), W, truth, 60);
      expect(run.at(1)).toEqual(run.final);
      expect([...run.at(0)]).toEqual(new Array(60).fill(0.5));
      return Math.sqrt(run.at(time).reduce((sum, x, p) => sum + (x - truth[p]) ** 2, 0) / 60);
    });
    // As errors at the ends of steps: a small multiple of the tolerance.
    expect(errors[0]).toBeLessThan(5 * 3e-2);
    expect(errors[1]).toBeLessThan(5 * 1e-3);
    expect(errors[1]).toBeLessThan(errors[0] / 3);
  });

  test.each([
    ['milstein', 1],
    ['sriw1', 1.5],
  ] as const)('states of %s between equal steps have strong order %d on the path within', (method, order) => {
    const problem = geometricBrownianMotion({ rate: 0.3, volatility: 0.5 });
    const levels = [3, 4, 5, 6];
    // Off the grid of every level, at another part of a step in each.
    const time = 0.3;
    const errors = levels.map((level) => {
      const steps = 2 ** level;
      const common = { rng, noiseDimension: 1, paths, step: 1 / steps };
      const options = { method, x0: [1], t1: 1, steps, paths, rng } as const;
      const { states } = integrate(problem, { ...options, saveAt: [time] });
      // W at the time: the increments before, and the path within.
      const source = brownianIncrements({ ...common, integrals: 'spaceTime' });
      const k = Math.floor(time * steps);
      const [W, dW, dZ, part, Z] = [0, 1, 2, 3, 4].map(() => new Float64Array(paths));
      for (let i = 0; i <= k; i++) {
        source(i, dW, dZ);
        if (i < k) for (let p = 0; p < paths; p++) W[p] += dW[p];
      }
      const known = method === 'sriw1' ? dZ : new Float64Array(0);
      pathWithin(common)(k, time * steps - k, dW, known, part, Z);
      for (let p = 0; p < paths; p++) W[p] += part[p];
      const truth = new Float64Array(paths);
      problem.solution!(time, new Float64Array(paths).fill(1), W, truth, paths);
      return Math.sqrt(states[0].reduce((sum, x, p) => sum + (x - truth[p]) ** 2, 0) / paths);
    });
    // Errors at four parts of a step do not lie on a line.
    expect(Math.abs(slope(levels, errors) - order), `${slope(levels, errors)}`).toBeLessThan(0.25);
  });

  test('the path within a step has the law of a Brownian motion with that increment and that ∫W dt', () => {
    const [h, many] = [0.5, 2500];
    const source = brownianIncrements({
      rng,
      noiseDimension: 1,
      paths: many,
      step: h,
      integrals: 'spaceTime',
    });
    const [dW, dZ, a, aZ, b, bZ] = [0, 1, 2, 3, 4, 5].map(() => new Float64Array(many));
    const none = new Float64Array(0);
    source(3, dW, dZ);
    const within = pathWithin({ rng, noiseDimension: 1, paths: many, step: h });
    const covariance = (x: Float64Array, y: Float64Array, truth: number): void => {
      const { mean, error } = meanAndError(Array.from(x, (v, p) => v * y[p]));
      expect(Math.abs(mean - truth)).toBeLessThan(4 * error);
    };
    for (const known of [none, dZ]) {
      within(3, 0.2, dW, known, a, known === dZ ? aZ : none);
      within(3, 0.7, dW, known, b, known === dZ ? bZ : none);
      covariance(a, a, 0.2 * h);
      covariance(b, b, 0.7 * h);
      covariance(a, b, 0.2 * h);
      covariance(a, dW, 0.2 * h);
      // What comes after is independent of what was before.
      covariance(
        a,
        dW.map((w, p) => w - b[p]),
        0,
      );
    }
    const s = 0.7 * h;
    covariance(bZ, bZ, s ** 3 / 3);
    covariance(bZ, b, s ** 2 / 2);
    // E Z(s) ∫_0^h W = ∫_0^s ∫_0^h min(u, v) dv du.
    covariance(bZ, dZ, (h * s ** 2) / 2 - s ** 3 / 6);
    covariance(b, dZ, h * s - s ** 2 / 2);
    covariance(a, bZ, 0.2 * h * s - (0.2 * h) ** 2 / 2);
    // At the end it is where it has to be.
    within(3, 1 - 1e-12, dW, dZ, b, bZ);
    for (let p = 0; p < many; p += 97) {
      expect(Math.abs(b[p] - dW[p])).toBeLessThan(1e-5);
      expect(Math.abs(bZ[p] - dZ[p])).toBeLessThan(1e-9);
    }
  });

  test('states are the same whichever times are asked for, in whatever order, and for any block of paths', () => {
    const problem = ornsteinUhlenbeck({ rate: 1, volatility: 1 });
    const options = { method: 'sra1', x0: [0], t1: 2, steps: 5, rng, dense: true } as const;
    const whole = integrate(problem, { ...options, paths: 6 });
    const part = integrate(problem, { ...options, paths: 2, firstPath: 3 });
    const time = fc.double({ min: 0, max: 2, noNaN: true });
    fc.assert(
      fc.property(time, time, (a, b) => {
        const [first, second] = [whole.at(a), whole.at(b)];
        expect(whole.at(a)).toEqual(first);
        expect([...part.at(b)]).toEqual([...second.slice(3, 5)]);
        const saved = integrate(problem, { ...options, paths: 6, dense: false, saveAt: [a] });
        expect(saved.states[0]).toEqual(first);
        expect(saved.final).toEqual(whole.final);
      }),
      { numRuns: 20 },
    );
  });
});

describe('refusals', () => {
  test('of times that are not known', () => {
    const problem = ornsteinUhlenbeck({ rate: 1, volatility: 1 });
    const options = { method: 'sra1', x0: [0], t1: 2, rng } as const;
    expect(() => integrate(problem, { ...options, steps: 4 }).at(1)).toThrow('pass { dense: true }');
    expect(() => integrateAdaptive(problem, options).at(1)).toThrow('pass { dense: true }');
    const fixed = integrate(problem, { ...options, steps: 4, dense: true });
    const chosen = integrateAdaptive(problem, { ...options, dense: true });
    for (const time of [-0.1, 2.1, Number.NaN]) {
      expect(() => fixed.at(time)).toThrow(ArgumentError);
      expect(() => chosen.at(time)).toThrow('integrateAdaptive, at: time must be from 0 to 2');
    }
    const given = { method: 'eulerMaruyama', x0: [0], t1: 2, steps: 4 } as const;
    const increments = (_k: number, dW: Float64Array): void => void dW.fill(0.1);
    expect(() => integrate(problem, { ...given, increments, saveAt: [0.3] })).toThrow(
      'increments of your own say nothing in between',
    );
    const own = integrate(problem, { ...given, increments, saveAt: [0.5], dense: true });
    expect(own.at(0.5)).toEqual(own.states[0]);
    expect(() => own.at(0.6)).toThrow('pass rng in place of increments');
  });
});
