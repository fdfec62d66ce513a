import { ArgumentError, NumericalError } from '@sntk/errors';
import { createRng } from '@sntk/random';
import { describe, expect, test } from 'vitest';
import {
  brownianPath,
  changeCalculus,
  type IntegrateOptions,
  integrate,
  integrateAsync,
  type methods,
  type SdeProblem,
} from '../src/index.ts';
import {
  arctangent,
  dampedAdditive,
  geometricBrownianMotion,
  kuboOscillator,
  levyArea,
  nonCommutativeLinear,
  ornsteinUhlenbeck,
  type ReferenceProblem,
} from '../src/problems.ts';
import { runningMoments } from '../src/statistics.ts';
import { meanAndError } from './support.ts';

const rng = createRng('integrate');
const gbm = geometricBrownianMotion({ rate: 0.1, volatility: 0.3, dimension: 2 });

describe('paths', () => {
  test.each(['eulerMaruyama', 'milstein', 'exponentialEuler'] as const)(
    'are the same bits alone and in a block with %s',
    (method) => {
      const common = { method, x0: [1, 2], t1: 1, steps: 40, rng };
      const whole = integrate(gbm, { ...common, paths: 13 }).final;
      const part = integrate(gbm, { ...common, paths: 4, firstPath: 7 }).final;
      for (let i = 0; i < 2; i++) {
        for (let p = 0; p < 4; p++) expect(part[i * 4 + p]).toBe(whole[i * 13 + 7 + p]);
      }
    },
  );

  test('are the same bits with pauses', async () => {
    const options: IntegrateOptions = { method: 'milstein', x0: [1, 2], t1: 1, steps: 3000, paths: 50, rng };
    const later = await integrateAsync(gbm, options);
    expect(later.final).toEqual(integrate(gbm, options).final);
  });

  test('start from one state each when as many are given', () => {
    const x0 = Float64Array.of(1, 2, 3, 10, 20, 30);
    const { states } = integrate(gbm, {
      method: 'milstein',
      x0,
      t1: 1,
      steps: 1,
      paths: 3,
      rng,
      saveAt: [0],
    });
    expect(states[0]).toEqual(x0);
  });

  test('agree between an Itô method and a Stratonovich method of the converted problem', () => {
    const problem = arctangent({ a: 0.5 });
    const converted = changeCalculus(problem, 'stratonovich');
    const paths = 200;
    const path = brownianPath({ rng, noiseDimension: 1, paths, duration: 1, depth: 8 });
    const common = { x0: [0.3], t1: 1, steps: 256, paths, increments: path.increments(8) };
    const ito = integrate(problem, { ...common, method: 'milstein' }).final;
    const heun = integrate(converted, { ...common, method: 'stochasticHeun' }).final;
    const unconverted = integrate(
      { ...problem, calculus: 'stratonovich' },
      { ...common, method: 'stochasticHeun' },
    ).final;
    const rms = (a: Float64Array, b: Float64Array): number =>
      Math.sqrt(a.reduce((s, x, p) => s + (x - b[p]) ** 2, 0) / paths);
    // Both are of order 1: a few steps' worth apart, where the wrong calculus is off by the correction itself.
    expect(rms(ito, heun)).toBeLessThan(1 / 256);
    expect(rms(ito, unconverted)).toBeGreaterThan(0.02);
    expect(changeCalculus(changeCalculus(problem, 'stratonovich'), 'ito').calculus).toBe('ito');
  });

  test('a change of calculus is its own inverse, and leaves additive noise alone', () => {
    const there = changeCalculus(gbm, 'stratonovich');
    const back = changeCalculus(there, 'ito');
    const x = Float64Array.of(1, 2);
    const out = new Float64Array(2);
    there.drift(0, x, out, 1);
    expect(out[1]).toBeCloseTo(2 * (0.1 - 0.045), 15);
    back.drift(0, x, out, 1);
    expect(out[1]).toBeCloseTo(0.2, 15);
    const ou = ornsteinUhlenbeck({ rate: 1, volatility: 1 });
    expect(changeCalculus(ou, 'stratonovich').drift).toBe(ou.drift);
    expect(changeCalculus(ou, 'ito')).toBe(ou);
  });

  test('a change of calculus without derivatives agrees with the forms that are known, for any noise', () => {
    const forms: [SdeProblem, SdeProblem][] = [
      // The Stratonovich form with decay r is the Itô form with r − ½(p² + q²).
      [
        nonCommutativeLinear({ decay: 1, first: 0.8, second: 0.6, calculus: 'stratonovich' }),
        nonCommutativeLinear({ decay: 0.5, first: 0.8, second: 0.6 }),
      ],
      [
        kuboOscillator({ frequency: 2, volatility: 0.7 }),
        kuboOscillator({ frequency: 2, volatility: 0.7, calculus: 'ito' }),
      ],
      [levyArea('stratonovich'), levyArea('ito')],
    ];
    const bare = arctangent({ a: 0.9 });
    const { apply } = bare.diffusion!;
    forms.push([arctangent({ a: 0.9, calculus: 'stratonovich' }), { ...bare, diffusion: { apply } }]);
    const paths = 3;
    for (const [stratonovich, ito] of forms) {
      const x = Float64Array.from({ length: stratonovich.dimension * paths }, (_, i) => 0.3 * i - 0.4);
      const drift = (problem: SdeProblem): Float64Array => {
        const out = new Float64Array(x.length);
        problem.drift(0.5, x, out, paths);
        return out;
      };
      const [there, back] = [changeCalculus(ito, 'stratonovich'), changeCalculus(stratonovich, 'ito')];
      for (const [found, wanted] of [
        [drift(there), drift(stratonovich)],
        [drift(back), drift(ito)],
      ]) {
        for (let i = 0; i < x.length; i++) expect(Math.abs(found[i] - wanted[i])).toBeLessThan(1e-9);
      }
    }
  });
});

describe('moments of the ensemble', () => {
  const cases: [string, ReferenceProblem, keyof typeof methods, number[], number][] = [
    [
      'geometric Brownian motion',
      geometricBrownianMotion({ rate: 0.3, volatility: 0.4 }),
      'milstein',
      [1],
      500,
    ],
    [
      'its Stratonovich form',
      geometricBrownianMotion({ rate: 0.3, volatility: 0.4, calculus: 'stratonovich' }),
      'stochasticHeun',
      [1],
      100,
    ],
    [
      'an Ornstein–Uhlenbeck process',
      ornsteinUhlenbeck({ rate: 2, volatility: 1, center: 1 }),
      'exponentialEuler',
      [3],
      500,
    ],
    ['a damped problem', dampedAdditive({ a: 0.5, b: 1 }), 'eulerHeun', [1], 200],
    [
      'noise that does not commute',
      nonCommutativeLinear({ decay: 1, first: 0.8, second: 0.6 }),
      'exponentialEuler',
      [1, 0.5],
      200,
    ],
    [
      'its Stratonovich form',
      nonCommutativeLinear({ decay: 1, first: 0.8, second: 0.6, calculus: 'stratonovich' }),
      'midpoint',
      [1, 0.5],
      100,
    ],
    ['the Lévy area', levyArea('ito'), 'eulerMaruyama', [1, -1], 200],
  ];

  test.each(cases)('of %s are the exact ones', (_text, problem, method, x0, steps) => {
    const paths = 4000;
    const d = problem.dimension;
    const { final } = integrate(problem, { method, x0, t1: 1, steps, paths, rng });
    const first = runningMoments(d);
    first.push(final, paths);
    const products = new Float64Array(d * d * paths);
    for (let k = 0; k < d * d; k++) {
      const [i, j] = [Math.floor(k / d), k % d];
      for (let p = 0; p < paths; p++) products[k * paths + p] = final[i * paths + p] * final[j * paths + p];
    }
    const second = runningMoments(d * d);
    second.push(products, paths);
    const within = (moments: typeof first, truth: Float64Array): void => {
      const error = moments.standardError();
      const mean = moments.mean();
      for (let i = 0; i < mean.length; i++) expect(Math.abs(mean[i] - truth[i])).toBeLessThan(4 * error[i]);
    };
    within(first, problem.mean!(1, x0));
    within(second, problem.secondMoment!(1, x0));
  });
});

describe('what is kept and reported', () => {
  const options: IntegrateOptions = {
    method: 'milstein',
    x0: [1, 2],
    t0: 1,
    t1: 2,
    step: 0.1,
    paths: 3,
    rng,
  };

  test('states at the times asked for, and all of them', () => {
    const seen: [number, number, Float64Array][] = [];
    const all = integrate(gbm, {
      ...options,
      saveAt: 'all',
      onStep: ({ step, time, state }) => seen.push([step, time, state.slice()]),
    });
    expect(all.times.length).toBe(11);
    expect(all.times[3]).toBeCloseTo(1.3, 14);
    expect(seen.map(([step]) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    seen.forEach(([step, time, state]) => {
      expect(all.states[step]).toEqual(state);
      expect(all.times[step]).toBe(time);
    });
    const some = integrate(gbm, { ...options, saveAt: [1, 1.3, 2] });
    expect(some.states).toEqual([all.states[0], all.states[3], all.states[10]]);
    expect(some.final).toEqual(all.final);
    expect(integrate(gbm, options).states).toEqual([]);
  });

  test('times far from zero are told from those of the grid', () => {
    const t0 = 1e9;
    const line: SdeProblem = {
      dimension: 1,
      noiseDimension: 0,
      noise: 'none',
      calculus: 'ito',
      drift: (_t, _x, out) => void out.fill(1),
    };
    const far = { method: 'eulerMaruyama', x0: [0], t0, t1: t0 + 1, steps: 8, dense: true } as const;
    const { times, states, at } = integrate(line, { ...far, saveAt: [t0 + 0.25, t0 + 0.3125] });
    expect([...times]).toEqual([t0 + 0.25, t0 + 0.3125]);
    expect(states.map(([x]) => x)).toEqual([0.25, 0.3125]);
    expect(at(t0 + 0.9375)[0]).toBe(0.9375);
    // Seconds of a calendar with steps that are no binary fraction: sums off by a few units in the last place are on the grid.
    const sum = [1, 2, 3].reduce((t) => t + 0.1, t0);
    const tenths = integrate(line, { ...far, steps: 10, saveAt: [sum] });
    expect(tenths.states[0][0]).toBe(3 * 0.1);
  });

  test('progress, about a hundred times and at the end', () => {
    const reports: number[] = [];
    integrate(gbm, {
      ...options,
      step: 1 / 1234,
      onProgress: ({ done, total }) => reports.push(done / total),
    });
    expect(reports.length).toBeGreaterThan(90);
    expect(reports.length).toBeLessThan(110);
    expect(reports.at(-1)).toBe(1);
  });

  test('an abort, with its reason', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    let steps = 0;
    expect(() =>
      integrate(gbm, {
        ...options,
        signal: controller.signal,
        onStep: () => {
          if (++steps === 4) controller.abort(reason);
        },
      }),
    ).toThrow(reason);
    expect(steps).toBe(4);
    const late = new AbortController();
    setTimeout(() => late.abort(reason), 20);
    const endless = integrateAsync(gbm, { ...options, step: 2 ** -40, paths: 1, signal: late.signal });
    await expect(endless).rejects.toBe(reason);
  });

  test('a state that is not finite, with time, path and the last finite state', () => {
    const stiff = ornsteinUhlenbeck({ rate: 1000, volatility: 1, dimension: 2 });
    const x0 = new Float64Array(2 * 5);
    x0[5 + 3] = 1e200;
    // Path 13 is ahead of the others by a factor of 10^200 all the way.
    const start = {
      method: 'eulerMaruyama',
      x0,
      t1: 100,
      steps: 10_000,
      paths: 5,
      firstPath: 10,
      rng,
    } as const;
    try {
      integrate(stiff, start);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(NumericalError);
      const { details, message } = error as NumericalError;
      expect(details.path).toBe(13);
      const steps = details.step as number;
      expect(details.time).toBeCloseTo(steps * 0.01, 12);
      // A step multiplies by 1 − 10; the drift, 1000 times the state, overflows first.
      expect(steps).toBe(1 + Math.ceil((Math.log10(Number.MAX_VALUE) - 203) / Math.log10(9)));
      const last = details.lastFinite as Float64Array;
      expect(Math.abs(last[1] / (1e200 * (-9) ** (steps - 1)) - 1)).toBeLessThan(1e-12);
      expect(Math.abs(last[0])).toBeLessThan(1e150);
      expect(message).toMatch(/^integrate: path 13 is not finite after step 112 .* of eulerMaruyama/);
    }
  });
});

describe('what stops a path', () => {
  const walk: SdeProblem = ornsteinUhlenbeck({ rate: 1e-9, volatility: 1 });
  const options = { x0: [0], t1: 1, paths: 4000, rng, stopWhen: (_t: number, x: Float64Array) => 1 - x[0] };

  test('is met at the end of a step, with the law of the Brownian motion at those times', () => {
    const { final, endTimes } = integrate(walk, { ...options, method: 'eulerMaruyama', steps: 64 });
    const plain = integrate(walk, {
      ...options,
      stopWhen: () => 1,
      method: 'eulerMaruyama',
      steps: 64,
      saveAt: 'all',
    });
    expect([...plain.endTimes]).toEqual(new Array(4000).fill(1));
    for (let p = 0; p < 4000; p++) {
      // The first time of the grid at which the same path, left alone, is there.
      const k = plain.states.findIndex((x) => x[p] >= 1);
      expect(endTimes[p]).toBe(k < 0 ? 1 : k / 64);
      expect(final[p]).toBe((k < 0 ? plain.final : plain.states[k])[p]);
    }
    // P(max W ≥ 1) = 2 P(W ≥ 1) = 0.3173 in continuous time; Broadie, Glasserman and Kou's barrier for steps of h is
    // 1 + 0.5826 √h.
    const crossed = meanAndError(Array.from(endTimes, (t) => (t < 1 ? 1 : 0)));
    const shifted = 0.2833;
    expect(Math.abs(crossed.mean - shifted)).toBeLessThan(4 * crossed.error);
  });

  test('keeps the stopped states at all later times, ends when all have stopped, and leaves the other paths alone', () => {
    const problem = nonCommutativeLinear({ decay: -1, first: 0.3, second: 0.2, calculus: 'stratonovich' });
    for (const method of ['stochasticHeun', 'reversibleHeun'] as const) {
      const common = { method, x0: [1, 0], t1: 1, steps: 16, paths: 40, rng, dense: true } as const;
      const whole = integrate(problem, common);
      const seen: number[] = [];
      const stopped = integrate(problem, {
        ...common,
        saveAt: [0.51, 0.99],
        stopWhen: (_t, x) => 2 - Math.hypot(x[0], x[1]),
        onProgress: ({ done }) => seen.push(done),
      });
      expect(stopped.endTimes.some((t) => t < 1)).toBe(true);
      expect(stopped.endTimes.some((t) => t === 1)).toBe(true);
      for (let p = 0; p < 40; p++) {
        const end = stopped.endTimes[p];
        for (const t of [0.3, 0.51, 0.75, 0.99]) {
          const wanted = whole.at(Math.min(t, end));
          for (const i of [p, 40 + p]) expect(Math.abs(stopped.at(t)[i] - wanted[i])).toBeLessThan(1e-12);
        }
        expect(Math.abs(stopped.states[1][p] - stopped.at(0.99)[p])).toBe(0);
      }
      const early = integrate(problem, { ...common, stopWhen: (t) => 0.4 - t, saveAt: [0.2, 0.9] });
      expect([...early.endTimes]).toEqual(new Array(40).fill(7 / 16));
      expect(early.states[1]).toEqual(early.final);
      expect(early.at(0.95)).toEqual(early.final);
      expect(seen.at(-1)).toBe(16);
      const never = integrate(problem, { ...common, stopWhen: () => 0 });
      expect([...never.endTimes]).toEqual(new Array(40).fill(0));
      expect(never.at(0.5)).toEqual(never.at(0));
    }
  });

  test('is refused when it is not a number', () => {
    expect(() =>
      integrate(walk, { ...options, method: 'sra1', steps: 2, stopWhen: () => Number.NaN }),
    ).toThrow('path 0 at time 0 has stopWhen not a number');
  });
});

describe('refusals', () => {
  const options: IntegrateOptions = { method: 'milstein', x0: [1, 2], t1: 1, steps: 4, rng };
  const attempt =
    (problem: SdeProblem, changes: Partial<Record<keyof IntegrateOptions, unknown>>) => (): unknown =>
      integrate(problem, { ...options, ...changes } as IntegrateOptions);

  test('of a method that does not fit name those that do', () => {
    expect(attempt(gbm, { method: 'stochasticHeun' })).toThrow(
      'integrate: options.method must be a method for ito problems with diagonal noise: one of eulerMaruyama, ' +
        'exponentialEuler, exponentialStrang, milstein, tamedEuler, implicitEuler, exponentialMilstein, ' +
        'milsteinCommutative, platenWeak, sriw1, sriw2, got "stochasticHeun, which needs a problem in stratonovich form"',
    );
    expect(attempt(gbm, { method: 'rk4' })).toThrow('"rk4, which needs noise of type none"');
    expect(attempt(levyArea('stratonovich'), { method: 'milstein' })).toThrow(
      'one of stochasticHeun, eulerHeun, midpoint, reversibleHeun, got "milstein, which needs noise of type diagonal"',
    );
    expect(attempt(levyArea('ito'), { method: 'exponentialEuler' })).toThrow('which needs problem.linear');
    const { diagonal: _, ...bare } = gbm.diffusion!;
    expect(attempt({ ...gbm, diffusion: bare }, {})).toThrow('which needs problem.diffusion.diagonal');
    expect(attempt(gbm, { method: 'euler' })).toThrow('platenWeak, sriw1, sriw2, got "euler"');
  });

  test('of noise that does not match its dimension', () => {
    const wrong = (changes: Partial<SdeProblem>): (() => unknown) => attempt({ ...gbm, ...changes }, {});
    expect(wrong({ noiseDimension: 3 })).toThrow(
      'problem.noiseDimension must be 2 for diagonal noise in dimension 2',
    );
    expect(wrong({ noise: 'scalar' })).toThrow('problem.noiseDimension must be 1');
    expect(wrong({ noise: 'none' })).toThrow('problem.noiseDimension must be 0');
    expect(wrong({ noise: 'general', noiseDimension: 0 })).toThrow('must be at least 1');
    expect(wrong({ noise: 'none', noiseDimension: 0 })).toThrow('problem.diffusion must be absent');
    expect(wrong({ noise: 'white' as 'none' })).toThrow('problem.noise must be one of none, additive');
    expect(wrong({ dimension: 0 })).toThrow('problem.dimension');
    const { diffusion: _, ...silent } = gbm;
    expect(attempt(silent, {})).toThrow('problem.diffusion must be given for diagonal noise');
  });

  test.each<[string, Partial<Record<keyof IntegrateOptions, unknown>>]>([
    ['options.step must be a finite number above 0, got -0.1', { steps: undefined, step: -0.1 }],
    ['a whole fraction of t1 − t0 = 1, got 0.3; pass { steps: 4 }', { steps: undefined, step: 0.3 }],
    ['options.steps must be given, or options.step, not both', { step: 0.25 }],
    ['options.steps must be given, or options.step, not both', { steps: undefined }],
    ['options.steps must be an integer of at least 1', { steps: 0 }],
    ['options.t1 must be above t0 = 0, got -1', { t1: -1 }],
    ['options.t1 must be finite', { t1: Number.NaN }],
    ['options.x0 must be of length 2 (dimension) or 6', { x0: [1], paths: 3 }],
    ['options.x0 must be finite', { x0: [1, Number.NaN] }],
    ['options.saveAt[1] must be above the one before, 0.5', { saveAt: [0.5, 0.25] }],
    ['options.saveAt[0] must be a time from 0 to 1', { saveAt: [1.25] }],
    ['options.saveAt[0] must be a time from 0 to 1', { saveAt: [Number.NaN] }],
    ['options.rng must be given, or options.increments, not both', { rng: undefined }],
    ['options.rng must be given, or options.increments, not both', { increments: () => {} }],
    ['options.paths must be an integer of at least 1', { paths: 0 }],
    ['options.firstPath must be an integer', { firstPath: -1 }],
  ])('%s', (message, changes) => {
    const fail = attempt(gbm, changes);
    expect(fail).toThrow(ArgumentError);
    expect(fail).toThrow(message);
  });
});
