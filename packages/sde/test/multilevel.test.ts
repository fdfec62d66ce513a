import { ArgumentError } from '@sntk/errors';
import { createRng } from '@sntk/random';
import { describe, expect, test } from 'vitest';
import { brownianIncrements, integrate, methods } from '../src/index.ts';
import {
  geometricBrownianMotion,
  levyArea,
  nonCommutativeLinear,
  ornsteinUhlenbeck,
} from '../src/problems.ts';
import { antithetic, type MultilevelOptions, multilevelMean } from '../src/statistics.ts';
import { meanAndError } from './support.ts';

const gbm = geometricBrownianMotion({ rate: 0.05, volatility: 0.2 });
/** Black and Scholes at the money over one year, not discounted: Φ(0.35) e^{0.05} − Φ(0.15). */
const CALL = 0.6368306511756191 * Math.exp(0.05) - 0.5596176923702425;
const call: MultilevelOptions = {
  method: 'milstein',
  x0: [1],
  t1: 1,
  accuracy: 3e-3,
  rng: createRng('multilevel'),
  payoff: (x, out) => out.set(x.map((v) => Math.max(0, v - 1))),
};

describe('multilevelMean', () => {
  test.each(['milstein', 'sriw1', 'eulerMaruyama'] as const)(
    'has the error it was asked for with %s',
    (method) => {
      const runs = Array.from({ length: 10 }, (_, seed) =>
        multilevelMean(gbm, { ...call, method, rng: createRng(seed) }),
      );
      const squares = meanAndError(runs.map(({ mean }) => (mean - CALL) ** 2));
      expect(squares.mean - 4 * squares.error).toBeLessThan(call.accuracy ** 2);
      // Ten squares of normals of that deviation add up to more than 29.6 of its squares once in a thousand times.
      expect(10 * squares.mean).toBeLessThan(29.6 * call.accuracy ** 2);
      // The claimed standard errors are the true ones: the mean over 10 runs agrees with the truth and the bias allowed.
      const mean = meanAndError(runs.map((run) => run.mean));
      expect(Math.abs(mean.mean - CALL)).toBeLessThan(4 * mean.error + call.accuracy / Math.SQRT2);
      for (const { standardError } of runs) {
        expect(standardError).toBeLessThanOrEqual(call.accuracy / Math.SQRT2);
      }
    },
  );

  test('has level variances that fall with twice the strong order', () => {
    const fall = (method: 'milstein' | 'eulerMaruyama'): number => {
      const problem = geometricBrownianMotion({ rate: 0, volatility: 0.2 });
      const payoff: MultilevelOptions['payoff'] = (x, out) => out.set(x);
      const { levels } = multilevelMean(problem, {
        ...call,
        method,
        payoff,
        steps: 16,
        accuracy: 0.02,
        firstPaths: 3000,
      });
      return Math.log2(levels[1].variance / levels[2].variance);
    };
    expect(Math.abs(fall('milstein') - 2 * methods.milstein.orders.diagonal!.strong)).toBeLessThan(0.3);
    expect(Math.abs(fall('eulerMaruyama') - 2 * methods.eulerMaruyama.orders.diagonal!.strong)).toBeLessThan(
      0.3,
    );
  });

  test('couples ∫W dt between levels: sra1 differences fall with h³ or faster', () => {
    const { levels } = multilevelMean(ornsteinUhlenbeck({ rate: 1, volatility: 1 }), {
      ...call,
      method: 'sra1',
      accuracy: 0.05,
      payoff: (x, out) => out.set(x),
      steps: 4,
    });
    expect(levels[1].variance / levels[2].variance).toBeGreaterThan(2 ** 3);
  });

  test('has level means without bias, and adds up what it reports from the levels', () => {
    const run = multilevelMean(gbm, {
      ...call,
      method: 'eulerMaruyama',
      payoff: (x, out) => out.set(x),
      steps: 2,
      accuracy: 0.01,
    });
    const { levels } = run;
    expect(levels.slice(0, 3).map(({ steps }) => steps)).toEqual([2, 4, 8]);
    // E x after n steps of Euler's method.
    const euler = (n: number): number => (1 + 0.05 / n) ** n;
    for (const [l, { steps, mean, variance, paths }] of levels.entries()) {
      const truth = euler(steps) - (l > 0 ? euler(steps / 2) : 0);
      expect(Math.abs(mean - truth)).toBeLessThan(4 * Math.sqrt(variance / paths));
    }
    const total = (of: (level: (typeof levels)[number], l: number) => number): number =>
      levels.reduce((sum, level, l) => sum + of(level, l), 0);
    expect(run.mean).toBeCloseTo(
      total(({ mean }) => mean),
      14,
    );
    expect(run.standardError ** 2).toBeCloseTo(
      total(({ variance, paths }) => variance / paths),
      14,
    );
    // A difference has a fine path and one of half as many steps.
    expect(run.cost).toBe(total(({ steps, paths }, l) => paths * (steps + (l > 0 ? steps / 2 : 0))));
    // Errors halve from level to level at weak order 1, so what is left is as large as the last difference.
    const [last, before] = [levels.at(-1)!.mean, levels.at(-2)!.mean].map(Math.abs);
    expect(run.bias).toBeCloseTo(Math.max(last, before / 2), 14);
  });

  test('does not lose the spread of a payoff to a large mean, and refuses one that is not finite', () => {
    const shifted = (shift: number): number[] =>
      multilevelMean(gbm, {
        ...call,
        accuracy: 0.01,
        payoff: (x, out) => out.set(x.map((v) => shift + v)),
      }).levels.map(({ variance }) => variance);
    const [plain, moved] = [shifted(0), shifted(1e9)];
    // Payoffs are rounded to 1.2e-7 there, which adds its square over 12, for a difference twice, and what it covaries with.
    plain.forEach((variance, l) => {
      expect(Math.abs(moved[l] - variance)).toBeLessThan(1e-13 + 1e-6 * Math.sqrt(variance));
    });
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => multilevelMean(gbm, { ...call, payoff: (_x, out) => void out.fill(value) })).toThrow(
        'options.payoff must be finite numbers',
      );
    }
  });

  test('is the same for the same key, and says when the levels do not suffice', () => {
    expect(multilevelMean(gbm, call)).toEqual(multilevelMean(gbm, call));
    const stiff = ornsteinUhlenbeck({ rate: 20, volatility: 1, center: 1 });
    const identity: MultilevelOptions['payoff'] = (x, out) => out.set(x);
    expect(() =>
      multilevelMean(stiff, {
        ...call,
        method: 'tamedEuler',
        payoff: identity,
        accuracy: 0.02,
        maxLevel: 3,
        x0: [3],
      }),
    ).toThrow('allow more levels');
    expect(() => multilevelMean(gbm, { ...call, accuracy: 0 })).toThrow('options.accuracy');
    expect(() => multilevelMean(levyArea('ito'), { ...call, x0: [0, 0], method: 'milsteinLevy' })).toThrow(
      ArgumentError,
    );
  });
});

describe('antithetic', () => {
  test('paths have the same law and a mean of smaller variance', () => {
    const paths = 4000;
    const source = brownianIncrements({ rng: call.rng, noiseDimension: 1, paths, step: 1 / 16 });
    const run = (increments: typeof source): Float64Array =>
      integrate(gbm, { method: 'milstein', x0: [1], t1: 1, steps: 16, paths, increments }).final;
    const [plain, mirror] = [run(source), run(antithetic(source))];
    const alone = meanAndError(Array.from(mirror));
    expect(Math.abs(alone.mean - Math.exp(0.05))).toBeLessThan(4 * alone.error);
    const pairs = meanAndError(Array.from(plain, (x, p) => 0.5 * (x + mirror[p])));
    expect(Math.abs(pairs.mean - Math.exp(0.05))).toBeLessThan(4 * pairs.error);
    expect(pairs.error).toBeLessThan(alone.error / 4);
  });

  test('mirrors ∫W dt with W, and keeps the moments when Lévy areas stay', () => {
    const paths = 2000;
    const problem = nonCommutativeLinear({ decay: 1, first: 0.8, second: 0.6 });
    const source = brownianIncrements({
      rng: call.rng,
      noiseDimension: 2,
      paths,
      step: 1 / 32,
      integrals: 'levyArea',
    });
    const { final } = integrate(problem, {
      method: 'milsteinLevy',
      x0: [1, 0.5],
      t1: 1,
      steps: 32,
      paths,
      increments: antithetic(source, true),
    });
    const found = meanAndError(Array.from(final.subarray(0, paths)));
    expect(Math.abs(found.mean - problem.mean!(1, [1, 0.5])[0])).toBeLessThan(4 * found.error);
    const line = brownianIncrements({
      rng: call.rng,
      noiseDimension: 1,
      paths: 3,
      step: 0.1,
      integrals: 'spaceTime',
    });
    const [a, b, c, d] = [0, 1, 2, 3].map(() => new Float64Array(3));
    line(2, a, b);
    antithetic(line)(2, c, d);
    for (let p = 0; p < 3; p++) expect([c[p], d[p]]).toEqual([-a[p], -b[p]]);
  });
});
