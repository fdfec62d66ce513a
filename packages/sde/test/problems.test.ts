import { ArgumentError } from '@sntk/errors';
import { createRng } from '@sntk/random';
import { describe, expect, test } from 'vitest';
import { strongConvergence } from '../src/analysis.ts';
import { brownianPath, integrate, matrixDiffusion, type SdeProblem } from '../src/index.ts';
import {
  arctangent,
  coxIngersollRoss,
  dampedAdditive,
  doubleWell,
  geometricBrownianMotion,
  hyperbolicTangent,
  kuboOscillator,
  nonCommutativeLinear,
  type ReferenceProblem,
} from '../src/problems.ts';
import { meanAndError } from './support.ts';

const rng = createRng('problems');

describe('solutions that are functions of W', () => {
  // A method tends to the solution of the equation it is given: a drift, a noise or a solution with an error would leave
  // a distance that does not shrink.
  test.each<[string, ReferenceProblem, 'milsteinCommutative' | 'stochasticHeun', number[]]>([
    ['arctangent', arctangent({ a: 0.6 }), 'milsteinCommutative', [0.4]],
    ['its Stratonovich form', arctangent({ a: 0.6, calculus: 'stratonovich' }), 'stochasticHeun', [0.4]],
    ['hyperbolicTangent', hyperbolicTangent({ a: 0.6 }), 'milsteinCommutative', [0.4]],
    [
      'its Stratonovich form',
      hyperbolicTangent({ a: 0.6, calculus: 'stratonovich' }),
      'stochasticHeun',
      [0.4],
    ],
    [
      'kuboOscillator',
      kuboOscillator({ frequency: 1, volatility: 0.6, calculus: 'ito' }),
      'milsteinCommutative',
      [1, 0.5],
    ],
    ['its Stratonovich form', kuboOscillator({ frequency: 1, volatility: 0.6 }), 'stochasticHeun', [1, 0.5]],
    ['dampedAdditive', dampedAdditive({ a: 0.5, b: 1 }), 'stochasticHeun', [0.4]],
    [
      'geometricBrownianMotion',
      geometricBrownianMotion({ rate: 0.2, volatility: 0.6 }),
      'milsteinCommutative',
      [1],
    ],
  ])('%s: a method of order 1 tends to them', (_name, problem, method, x0) => {
    const { errors } = strongConvergence(problem, { method, x0, t1: 1, levels: [4, 8], paths: 40, rng });
    // Sixteen times as many steps, an error about sixteen times smaller.
    expect(errors[1]).toBeLessThan(errors[0] / 8);
    expect(errors[1]).toBeLessThan(0.01);
  });

  test('the derivative of the noise is its derivative', () => {
    for (const problem of [
      arctangent({ a: 0.6 }),
      hyperbolicTangent({ a: 0.6 }),
      coxIngersollRoss({ rate: 1, center: 1, volatility: 0.5 }),
      geometricBrownianMotion({ rate: 1, volatility: 0.5 }),
    ]) {
      const { value, derivative } = problem.diffusion!.diagonal!;
      const at = (f: typeof value, x: number): number => {
        const out = new Float64Array(1);
        f(0, Float64Array.of(x), out, 1);
        return out[0];
      };
      for (const x of [0.2, 0.7]) {
        const e = 1e-5;
        expect(at(derivative, x)).toBeCloseTo((at(value, x + e) - at(value, x - e)) / (2 * e), 8);
      }
    }
  });

  test('the Kubo oscillator keeps its norm, and its mean turns and shrinks', () => {
    const problem = kuboOscillator({ frequency: 2, volatility: 0.8 });
    const paths = 4000;
    const W = new Float64Array(paths);
    brownianPath({ rng, noiseDimension: 1, paths, duration: 1 }).increment(0, 1, W);
    const start = new Float64Array(2 * paths).fill(1, 0, paths);
    const out = new Float64Array(2 * paths);
    problem.solution!(1, start, W, out, paths);
    const mean = problem.mean!(1, [1, 0]);
    for (const i of [0, 1]) {
      const found = meanAndError(Array.from(out.subarray(i * paths, (i + 1) * paths)));
      expect(Math.abs(found.mean - mean[i])).toBeLessThan(4 * found.error);
    }
    for (let p = 0; p < paths; p += 97) expect(Math.hypot(out[p], out[paths + p])).toBeCloseTo(1, 12);
    // Its linear part is the whole drift: without noise one exponential step is exact.
    const still = kuboOscillator({ frequency: 2, volatility: 0, calculus: 'ito' });
    const { final } = integrate(still, { method: 'exponentialEuler', x0: [1, 0], t1: 1, steps: 1, rng });
    expect(final[0]).toBeCloseTo(Math.cos(2), 14);
    expect(final[1]).toBeCloseTo(Math.sin(2), 14);
  });
});

describe('moments', () => {
  test('of the Cox–Ingersoll–Ross process are those of paths', () => {
    const problem = coxIngersollRoss({ rate: 1.5, center: 1, volatility: 0.6 });
    const paths = 8000;
    for (const method of ['milstein', 'exponentialEuler', 'implicitEuler'] as const) {
      const { final } = integrate(problem, { method, x0: [0.5], t1: 0.8, steps: 200, paths, rng });
      const first = meanAndError(Array.from(final));
      expect(Math.abs(first.mean - problem.mean!(0.8, [0.5])[0])).toBeLessThan(4 * first.error);
      const second = meanAndError(Array.from(final, (x) => x * x));
      expect(Math.abs(second.mean - problem.secondMoment!(0.8, [0.5])[0])).toBeLessThan(4 * second.error);
    }
  });

  test('of the double well in the long run are those of its density, to which the flow of probability is nought', () => {
    const s = 0.7;
    const problem = doubleWell({ volatility: s });
    const density = problem.stationaryDensity!;
    const integral = (f: (x: number) => number): number => {
      let sum = 0;
      for (let i = -4000; i <= 4000; i++) sum += f(i / 1000) * density(i / 1000);
      return sum / 1000;
    };
    expect(integral(() => 1)).toBeCloseTo(1, 10);
    const drift = new Float64Array(1);
    for (const x of [-1.4, -0.3, 0.8]) {
      problem.drift(0, Float64Array.of(x), drift, 1);
      const e = 1e-5;
      const slope = (density(x + e) - density(x - e)) / (2 * e);
      expect(Math.abs(drift[0] * density(x) - 0.5 * s * s * slope)).toBeLessThan(1e-8);
    }
    const paths = 2000;
    // Both methods are of weak order 2, far below the scatter at this step.
    for (const method of ['stochasticHeun', 'sra1'] as const) {
      const { final } = integrate(problem, { method, x0: [0], t1: 6, steps: 200, paths, rng });
      for (const power of [2, 4]) {
        const found = meanAndError(Array.from(final, (x) => x ** power));
        expect(Math.abs(found.mean - integral((x) => x ** power))).toBeLessThan(4 * found.error);
      }
    }
    // Little noise does not overflow.
    expect(doubleWell({ volatility: 0.02 }).stationaryDensity!(1)).toBeGreaterThan(1);
  });

  test.each([
    ['coxIngersollRoss', () => coxIngersollRoss({ rate: 1, center: -1, volatility: 1 }), 'options.center'],
    ['coxIngersollRoss', () => coxIngersollRoss({ rate: 0, center: 1, volatility: 1 }), 'options.rate'],
    ['doubleWell', () => doubleWell({ volatility: 0 }), 'options.volatility'],
    ['kuboOscillator', () => kuboOscillator({ frequency: Number.NaN, volatility: 1 }), 'options'],
    ['hyperbolicTangent', () => hyperbolicTangent({ a: Number.POSITIVE_INFINITY }), 'options.a'],
  ])('%s refuses what it is not defined for', (name, make, argument) => {
    expect(make).toThrow(ArgumentError);
    expect(make).toThrow(`${name}: ${argument}`);
  });
});

describe('a matrix of noise', () => {
  const plain = nonCommutativeLinear({ decay: 1, first: 0.8, second: 0.6 });
  const written: SdeProblem = {
    ...plain,
    diffusion: matrixDiffusion({ dimension: 2, noiseDimension: 2 }, (_t, x, g, paths) => {
      for (let p = 0; p < paths; p++) {
        const [u, v] = [x[p], x[paths + p]];
        [0.8 * u, 0.6 * v, -0.8 * v, 0.6 * u].forEach((value, entry) => {
          g[entry * paths + p] = value;
        });
      }
    }),
  };

  test('is the operator it stands for', () => {
    const options = { method: 'milsteinLevy', x0: [1, 0.5], t1: 1, steps: 8, paths: 5, rng } as const;
    const [a, b] = [integrate(plain, options).final, integrate(written, options).final];
    for (let i = 0; i < a.length; i++) expect(Math.abs(a[i] - b[i])).toBeLessThan(1e-14);
  });

  test('is refused when its shape is not the problem’s', () => {
    const wrong: SdeProblem = {
      ...plain,
      diffusion: matrixDiffusion({ dimension: 2, noiseDimension: 3 }, () => {}),
    };
    const options = { method: 'eulerMaruyama', x0: [1, 0.5], t1: 1, steps: 8, rng } as const;
    expect(() => integrate(wrong, options)).toThrow('matrixDiffusion: dW must be of length 3');
    const { drift: _, ...still } = plain;
    expect(() => integrate(still as SdeProblem, options)).toThrow('problem.drift must be a function');
    expect(() => matrixDiffusion({ dimension: 0, noiseDimension: 1 }, () => {})).toThrow('shape.dimension');
  });
});
