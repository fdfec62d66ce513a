import { ArgumentError, NumericalError } from '@sntk/errors';
import { createRng } from '@sntk/random';
import { describe, expect, test } from 'vitest';
import {
  type AdaptiveOptions,
  brownianPath,
  integrateAdaptive,
  type Method,
  methods,
  type SdeProblem,
} from '../src/index.ts';
import {
  arctangent,
  dampedAdditive,
  geometricBrownianMotion,
  levyArea,
  ornsteinUhlenbeck,
  type ReferenceProblem,
} from '../src/problems.ts';
import { runningMoments } from '../src/statistics.ts';

const rng = createRng('adaptive');
const gbm = geometricBrownianMotion({ rate: 0.3, volatility: 0.5 });

const oscillator: SdeProblem = {
  dimension: 2,
  noiseDimension: 0,
  noise: 'none',
  calculus: 'ito',
  drift(_t, x, out, paths) {
    for (let p = 0; p < paths; p++) {
      out[p] = x[paths + p];
      out[paths + p] = -x[p];
    }
  },
};

/** The oscillator under noise on its first coordinate. */
const shaken: SdeProblem = {
  ...oscillator,
  noiseDimension: 1,
  noise: 'additive',
  diffusion: {
    apply(_t, _x, dW, out, paths) {
      out.fill(0).set(dW.subarray(0, paths));
    },
  },
};

/** Root mean square distance from the exact solution on the same paths. */
function errorAt(
  problem: ReferenceProblem,
  method: 'sra1' | 'sra3' | 'sriw1' | 'sriw2',
  tolerance: number,
): number {
  const paths = 60;
  const { final } = integrateAdaptive(problem, {
    method,
    x0: [1],
    t1: 1,
    paths,
    rng,
    tolerance: { absolute: tolerance, relative: tolerance },
  });
  const W = new Float64Array(paths);
  brownianPath({ rng, noiseDimension: 1, paths, duration: 1 }).increment(0, 1, W);
  const exact = new Float64Array(paths);
  problem.solution!(1, new Float64Array(paths).fill(1), W, exact, paths);
  return Math.sqrt(final.reduce((sum, x, p) => sum + (x - exact[p]) ** 2, 0) / paths);
}

describe('steps chosen by their error', () => {
  test.each([
    ['sra1', dampedAdditive({ a: 0.7, b: 1 })],
    ['sra3', dampedAdditive({ a: 0.7, b: 1 })],
    ['sriw1', gbm],
    ['sriw2', gbm],
    ['sriw1', arctangent({ a: 1 })],
  ] as const)('of %s tend to the exact solution on the path that the key names', (method, problem) => {
    const errors = [1e-2, 1e-3, 1e-4].map((tolerance) => errorAt(problem, method, tolerance));
    for (const [i, tolerance] of [1e-2, 1e-3, 1e-4].entries()) {
      // The errors of a step are below the tolerance; over the interval they add up to a small multiple of √steps.
      expect(errors[i]).toBeLessThan(20 * tolerance);
      if (i > 0) expect(errors[i]).toBeLessThan(errors[i - 1] / 2);
    }
  });

  test('leave the moments of the ensemble unbiased, many refusals included', () => {
    const paths = 4000;
    const run = integrateAdaptive(gbm, {
      method: 'sriw1',
      x0: [1],
      t1: 1,
      paths,
      rng,
      firstStep: 1,
      tolerance: { absolute: 3e-3, relative: 3e-3 },
    });
    expect(run.rejected.reduce((a, b) => a + b)).toBeGreaterThan(paths);
    const moments = runningMoments(2);
    moments.push(Float64Array.from([...run.final, ...run.final.map((x) => x * x)]), paths);
    const truth = [gbm.mean!(1, [1])[0], gbm.secondMoment!(1, [1])[0]];
    truth.forEach((value, i) => {
      expect(Math.abs(moments.mean()[i] - value)).toBeLessThan(4 * moments.standardError()[i]);
    });
  });

  test('give the same bits for a path alone and in a block', () => {
    const common: AdaptiveOptions = { method: 'sriw1', x0: [1], t1: 1, rng, saveAt: [0.37] };
    const whole = integrateAdaptive(gbm, { ...common, paths: 6 });
    const part = integrateAdaptive(gbm, { ...common, paths: 2, firstPath: 3 });
    expect([...part.final]).toEqual([...whole.final.slice(3, 5)]);
    expect([...part.states[0]]).toEqual([...whole.states[0].slice(3, 5)]);
    expect([...part.accepted]).toEqual([...whole.accepted.slice(3, 5)]);
  });

  test.each(['dormandPrince', 'tsitouras'] as const)(
    'of %s follow an oscillator, at times of any grid',
    (method) => {
      const saveAt = [0, 0.1, Math.PI, 20 / 3, 20];
      const steps = [1e-4, 1e-9].map((tolerance) => {
        const { states, accepted } = integrateAdaptive(oscillator, {
          method,
          x0: [1, 0],
          t1: 20,
          saveAt,
          tolerance: { absolute: tolerance, relative: tolerance },
        });
        saveAt.forEach((t, k) => {
          expect(Math.abs(states[k][0] - Math.cos(t))).toBeLessThan(100 * tolerance);
          expect(Math.abs(states[k][1] + Math.sin(t))).toBeLessThan(100 * tolerance);
        });
        return accepted[0];
      });
      // Order 5: a tolerance 10⁵ times smaller takes about ten times the steps.
      expect(steps[1] / steps[0]).toBeGreaterThan(4);
      expect(steps[1] / steps[0]).toBeLessThan(20);
    },
  );
});

describe('what stops a path', () => {
  test('is found to 2^-32 of the interval for an ordinary equation', () => {
    const { endTimes, final } = integrateAdaptive(oscillator, {
      method: 'dormandPrince',
      x0: [1, 0],
      t1: 5,
      tolerance: { absolute: 1e-10, relative: 1e-10 },
      stopWhen: (_t, x) => x[0],
      saveAt: [1, 4],
    });
    expect(Math.abs(endTimes[0] - Math.PI / 2)).toBeLessThan(5 * 2 ** -31);
    expect(Math.abs(final[1] + 1)).toBeLessThan(1e-8);
  });

  test('is met closely on every noisy path, and the later saved states are the last ones', () => {
    const process = ornsteinUhlenbeck({ rate: 1, volatility: 1 });
    const paths = 40;
    const { endTimes, final, states } = integrateAdaptive(process, {
      method: 'sra1',
      x0: [0],
      t1: 20,
      paths,
      rng,
      tolerance: { absolute: 1e-2, relative: 1e-2 },
      stopWhen: (_t, x) => 1 - x[0],
      saveAt: [0.01, 20],
    });
    let stopped = 0;
    for (let p = 0; p < paths; p++) {
      if (endTimes[p] === 20) continue;
      stopped++;
      // A step of 20·2^-32 moves a path by about 7e-5.
      expect(final[p]).toBeGreaterThanOrEqual(1);
      expect(final[p]).toBeLessThan(1 + 6 * Math.sqrt(20 * 2 ** -32));
      expect(states[1][p]).toBe(final[p]);
    }
    expect(stopped).toBeGreaterThan(30);
  });
});

describe('refusals', () => {
  const options: AdaptiveOptions = { method: 'sriw1', x0: [1], t1: 1, rng };
  const attempt =
    (problem: SdeProblem, changes: Partial<Record<keyof AdaptiveOptions, unknown>>) => (): unknown =>
      integrateAdaptive(problem, { ...options, ...changes } as AdaptiveOptions);

  test('of methods that need not converge with chosen steps', () => {
    expect(attempt(gbm, { method: 'eulerMaruyama' })).toThrow(
      'eulerMaruyama, of order 0.5, with which steps chosen by their noise need not converge',
    );
    expect(attempt(gbm, { method: 'milstein' })).toThrow('a method with an embedded error');
    expect(attempt(levyArea('ito'), { method: 'sriw1' })).toThrow(ArgumentError);
  });

  test('of a state that is not finite and of steps that would have to vanish', () => {
    const burst: SdeProblem = {
      ...oscillator,
      dimension: 1,
      drift: (_t, x, out) => out.set(x.map((v) => v * v)),
    };
    const fail = attempt(burst, { method: 'tsitouras', t1: 2 });
    expect(fail).toThrow(NumericalError);
    expect(fail).toThrow(/path 0 at time (0\.9999|1)\d* needs steps below 2\^-32 of the interval/);
    try {
      fail();
    } catch (error) {
      const { time, path, lastFinite } = (error as NumericalError).details;
      // x = 1/(1 − t) from 1: the last state belongs to the time before the end at 1.
      expect(path).toBe(0);
      expect(time as number).toBeGreaterThan(0.99);
      expect((lastFinite as Float64Array)[0] * (1 - (time as number))).toBeGreaterThan(0.5);
    }
    // An error that is not a number in any one coordinate, at a state that is finite, is a refusal.
    for (const bad of [0, 1]) {
      const picky: Method = {
        ...methods.dormandPrince,
        embedded: {
          order: { noise: 5, none: 5 },
          prepare: () => (_t, h, x, _dW, out, _integrals, error) => {
            out.set(x);
            error?.fill(0);
            if (error && h > 0.1) error[bad] = Number.NaN;
          },
        },
      };
      const { accepted } = integrateAdaptive(oscillator, { method: picky, x0: [1, 1], t1: 1, firstStep: 1 });
      expect(accepted[0]).toBeGreaterThanOrEqual(10);
    }
    expect(attempt(gbm, { maxSteps: 3 })).toThrow('has taken 3 steps');
    expect(attempt(gbm, { stopWhen: () => Number.NaN })).toThrow('stopWhen not a number');
  });

  test.each<[string, Partial<Record<keyof AdaptiveOptions, unknown>>]>([
    ['options.t1 must be above t0 = 0', { t1: -1 }],
    ['options.rng must be given', { rng: undefined }],
    ['options.x0 must be finite', { x0: [Number.NaN] }],
    ['options.x0 must be of length 1 (dimension) or 3 (dimension × paths)', { x0: [1, 2], paths: 3 }],
    ['options.firstStep must be a finite number above 0', { firstStep: -0.1 }],
    ['options.tolerance.relative must be', { tolerance: { relative: 0 } }],
    ['options.saveAt[1] must be a time from 0 to 1', { saveAt: [0.5, 0.4] }],
    ['options.saveAt[0] must be a time from 0 to 1', { saveAt: [1.5] }],
    ['options.maxSteps', { maxSteps: 0 }],
  ])('%s', (message, changes) => {
    expect(attempt(gbm, changes)).toThrow(ArgumentError);
    expect(attempt(gbm, changes)).toThrow(message);
  });

  test('not of a time that is an end of the interval but for its rounding', () => {
    const end = 0.1 * 3;
    for (const [problem, method] of [
      [oscillator, 'tsitouras'],
      [shaken, 'sra1'],
    ] as const) {
      const x0 = [1, 1];
      const run = integrateAdaptive(problem, { method, x0, t1: 0.3, rng, saveAt: [end], dense: true });
      expect(end).toBeGreaterThan(0.3);
      expect([...run.states[0]]).toEqual([...run.final]);
      expect([...run.at(end)]).toEqual([...run.at(0.3)]);
    }
  });

  test('an abort, with its reason', () => {
    const reason = new Error('enough');
    expect(attempt(gbm, { signal: AbortSignal.abort(reason) })).toThrow(reason);
  });
});
