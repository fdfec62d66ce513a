import { ArgumentError, NumericalError } from '@sntk/errors';
import { createRng } from '@sntk/random';
import { describe, expect, test } from 'vitest';
import { coupledNoise } from '../src/analysis/coupled-noise.ts';
import { gaussHermite } from '../src/analysis/gauss-hermite.ts';
import {
  amplification,
  meanSquareFactor,
  stabilityBoundary,
  stepExpectation,
  strongConvergence,
  weakConvergence,
} from '../src/analysis.ts';
import { integrate, type Method, methods } from '../src/index.ts';
import {
  arctangent,
  dampedAdditive,
  geometricBrownianMotion,
  levyArea,
  nonCommutativeLinear,
} from '../src/problems.ts';
import { expectOrder, meanAndError } from './support.ts';

const rng = createRng('analysis');

describe('strongConvergence and weakConvergence', () => {
  const gbm = geometricBrownianMotion({ rate: 0.5, volatility: 0.2 });
  const options = {
    method: 'eulerMaruyama',
    x0: [1],
    t1: 1,
    levels: [3, 4, 5, 6],
    paths: 1000,
    rng,
  } as const;

  test('measure the exact error of a mean that is known: Euler has (1 + rh)^n for e^r', () => {
    const { steps, errors, standardErrors, order, orderError } = weakConvergence(gbm, options);
    steps.forEach((h, i) => {
      const truth = Math.exp(0.5) - (1 + 0.5 * h) ** (1 / h);
      expect(Math.abs(errors[i] - truth)).toBeLessThan(4 * standardErrors[i]);
    });
    expectOrder({ mean: order, error: orderError }, 1);
  });

  test('have standard errors that tell how far another seed may be', () => {
    const runs = Array.from({ length: 30 }, (_, seed) =>
      strongConvergence(gbm, { ...options, levels: [3, 4, 5], paths: 20, rng: createRng(seed) }),
    );
    const orders = meanAndError(runs.map((run) => run.order));
    const spread = orders.error * Math.sqrt(runs.length);
    const told = meanAndError(runs.map((run) => run.orderError)).mean;
    // The spread of 30 runs is itself known to 13 %.
    expect(told / spread).toBeGreaterThan(0.6);
    expect(told / spread).toBeLessThan(1.6);
  });

  test('put the integrals of coarse steps together from fine ones, with the laws of those drawn directly', () => {
    const paths = 1500;
    for (const kind of ['spaceTime', 'levyArea', 'weakLevyArea'] as const) {
      const noise = coupledNoise({ rng, noiseDimension: 2, paths, duration: 1, depth: 3, kinds: [kind] });
      const dW = new Float64Array(2 * paths);
      const integrals = new Float64Array((kind === 'spaceTime' ? 2 : 4) * paths);
      noise.at(1, kind)(1, dW, integrals);
      const h = 0.5;
      const covariance = (a: Float64Array, b: Float64Array, truth: number): void => {
        const { mean, error } = meanAndError(Array.from(a, (v, p) => v * b[p]));
        expect(Math.abs(mean - truth)).toBeLessThan(4 * error);
      };
      const [u, v] = [dW.subarray(0, paths), dW.subarray(paths)];
      covariance(u, u, h);
      covariance(u, v, 0);
      if (kind === 'spaceTime') {
        const Z = integrals.subarray(0, paths);
        covariance(Z, Z, h ** 3 / 3);
        covariance(Z, u, h ** 2 / 2);
        continue;
      }
      const [uv, vu] = [integrals.subarray(paths, 2 * paths), integrals.subarray(2 * paths, 3 * paths)];
      covariance(uv, uv, h ** 2 / 2);
      covariance(uv, vu, 0);
      for (let p = 0; p < paths; p += 101) expect(uv[p] + vu[p]).toBeCloseTo(u[p] * v[p], 12);
    }
  });

  test('refuse what they cannot measure', () => {
    const { solution: _, ...bare } = gbm;
    expect(() => strongConvergence(bare, options)).toThrow('options.reference must be given');
    expect(() => strongConvergence(gbm, { ...options, levels: [4, 4] })).toThrow(
      'options.levels must be ascending',
    );
    expect(() => strongConvergence(gbm, { ...options, levels: [4] })).toThrow(ArgumentError);
    expect(() => strongConvergence(gbm, { ...options, reference: { level: 2 } })).toThrow(
      'options.reference.level',
    );
    expect(() => weakConvergence(gbm, { ...options, method: 'midpoint' })).toThrow(
      'a problem in stratonovich form',
    );
    expect(() => weakConvergence(gbm, { ...options, paths: -1 })).toThrow('options.paths');
    // Brownian motion, which Euler's method has exactly.
    const walk = {
      ...dampedAdditive({ a: 0, b: 0 }),
      drift: (_t: number, _x: Float64Array, out: Float64Array) => void out.fill(0),
    };
    const exact = { ...options, reference: { level: 6 }, x0: [1] };
    expect(() => strongConvergence(walk, exact)).toThrow('is 0, which has no logarithm');
  });
});

describe('stepExpectation', () => {
  test('is exact for moments of polynomials of the noise', () => {
    const { nodes, weights } = gaussHermite(12);
    const moment = (k: number): number => nodes.reduce((sum, x, i) => sum + weights[i] * x ** k, 0);
    expect(moment(0)).toBeCloseTo(1, 12);
    expect(moment(3)).toBeCloseTo(0, 10);
    expect(moment(8)).toBeCloseTo(105, 9);
  });

  test('has the second moments that the Lévy area adds, which sampling confirms', () => {
    const problem = nonCommutativeLinear({ decay: 1, first: 0.8, second: 0.6 });
    const step = 0.4;
    const observe = (x: readonly number[]): number => x[0] * x[0];
    const found = stepExpectation(problem, { method: 'milsteinLevy', x0: [1, 0.5], step, observe });
    const paths = 5000;
    const { final } = integrate(problem, {
      method: 'milsteinLevy',
      x0: [1, 0.5],
      t1: step,
      steps: 1,
      paths,
      rng,
    });
    const sampled = meanAndError(Array.from(final.subarray(0, paths), (x) => x * x));
    expect(Math.abs(sampled.mean - found)).toBeLessThan(4 * sampled.error);
    // E x₂² of one step from 0 of the Lévy area problem is E I₁₂² = h²/2.
    const area = stepExpectation(levyArea('ito'), {
      method: 'milsteinLevy',
      x0: [0, 0],
      step,
      observe: ([, y]) => y * y,
    });
    expect(area).toBeCloseTo(step ** 2 / 2, 12);
  });

  test('refuses Lévy areas of three noises and a step that is not above 0', () => {
    const three = { ...levyArea('ito'), noiseDimension: 3 };
    const options = { method: 'milsteinLevy', x0: [0, 0], step: 1, observe: () => 0 } as const;
    expect(() => stepExpectation(three, options)).toThrow('weakConvergence');
    expect(() => stepExpectation(arctangent({ a: 1 }), { ...options, method: 'milstein', step: 0 })).toThrow(
      'options.step',
    );
  });
});

describe('stability', () => {
  test('in mean square is the one of the polynomials that are known', () => {
    for (const [rate, variance] of [
      [-0.3, 0.2],
      [-1.5, 0.5],
      [0.4, 1.1],
    ]) {
      const factor = (method: keyof typeof methods): number => meanSquareFactor(method, { rate, variance });
      const euler = (1 + rate) ** 2 + variance;
      expect(factor('eulerMaruyama')).toBeCloseTo(euler, 10);
      expect(factor('milstein')).toBeCloseTo(euler + variance ** 2 / 2, 10);
      // Without a derivative: the difference of the noise at x + λh + μ√h stands for μ² x.
      const difference = variance * (rate + Math.sqrt(variance)) ** 2;
      expect(factor('milsteinLevy')).toBeCloseTo(euler + difference / 2, 10);
      expect(factor('implicitEuler')).toBeCloseTo((1 + variance) / (1 - rate) ** 2, 10);
      expect(factor('tamedEuler')).toBeCloseTo((1 + rate / (1 + Math.abs(rate))) ** 2 + variance, 10);
      expect(factor('exponentialEuler')).toBeCloseTo(Math.exp(2 * rate) * (1 + variance), 10);
      // Heun is the polynomial 1 + z + z²/2 in z = (λ − μ²/2)h + μ dW.
      const b = rate - variance / 2;
      const mean = 1 + b + (b * b + variance) / 2;
      const square = variance * (1 + b) ** 2 + variance ** 2 / 2;
      expect(factor('stochasticHeun')).toBeCloseTo(mean ** 2 + square, 10);
    }
  });

  test('without noise is the Taylor polynomial of explicit methods, 1/(1 − z) and e^z of the others', () => {
    const z = { re: -0.7, im: 1.3 };
    const times = (a: typeof z, b: typeof z): typeof z => ({
      re: a.re * b.re - a.im * b.im,
      im: a.re * b.im + a.im * b.re,
    });
    const taylor = (order: number): typeof z => {
      let [sum, power] = [
        { re: 1, im: 0 },
        { re: 1, im: 0 },
      ];
      for (let k = 1; k <= order; k++) {
        power = times(power, { re: z.re / k, im: z.im / k });
        sum = { re: sum.re + power.re, im: sum.im + power.im };
      }
      return sum;
    };
    const close = (method: keyof typeof methods, truth: typeof z): void => {
      const found = amplification(method, z);
      expect(Math.hypot(found.re - truth.re, found.im - truth.im)).toBeLessThan(1e-12);
    };
    for (const [method, order] of [
      ['eulerMaruyama', 1],
      ['midpoint', 2],
      ['stochasticHeun', 2],
      ['sra1', 2],
      ['sra3', 3],
      ['rk4', 4],
    ] as const) {
      close(method, taylor(order));
    }
    const exponential = { re: Math.exp(z.re) * Math.cos(z.im), im: Math.exp(z.re) * Math.sin(z.im) };
    close('exponentialEuler', exponential);
    const norm = (1 - z.re) ** 2 + z.im ** 2;
    close('implicitEuler', { re: (1 - z.re) / norm, im: z.im / norm });
  });

  test('has a boundary that closes, with the real ends that the polynomials have', () => {
    for (const [method, end] of [
      ['eulerMaruyama', -2],
      ['midpoint', -2],
      // The real roots of 1 + z/2 + z²/6 + z³/24 = 0 and 1 + z/2 + z²/6 = −2/z.
      ['rk4', -2.785293563405282],
      ['sra3', -2.512745326618329],
    ] as const) {
      const { re, im } = stabilityBoundary(method, { points: 64 });
      const turns = { eulerMaruyama: 1, midpoint: 2, rk4: 4, sra3: 3 }[method];
      expect(re.length).toBe(64 * turns + 1);
      re.forEach((x, k) => {
        const { re: a, im: b } = amplification(method, { re: x, im: im[k] });
        expect(Math.abs(Math.hypot(a, b) - 1)).toBeLessThan(1e-9);
      });
      const crossings = Array.from(re).filter((_, k) => Math.abs(im[k]) < 1e-6);
      expect(Math.min(...crossings)).toBeCloseTo(end, 6);
    }
  });

  test('is refused for steps that remember, noise a method has none of, and curves without an end', () => {
    expect(() => meanSquareFactor('reversibleHeun', { rate: -1, variance: 0 })).toThrow(
      'reversibleHeun, whose steps depend on the ones before',
    );
    expect(() => meanSquareFactor('sra1', { rate: -1, variance: 1 })).toThrow('which needs noise of type');
    expect(() => meanSquareFactor('midpoint', { rate: -1, variance: -1 })).toThrow('options.variance');
    expect(() => meanSquareFactor('none' as 'midpoint', { rate: -1, variance: 1 })).toThrow(ArgumentError);
    expect(() => amplification('milstein', { re: 0, im: 0 })).toThrow(ArgumentError);
    expect(() => stabilityBoundary('exponentialEuler')).toThrow(NumericalError);
    const still: Method = { ...methods.eulerMaruyama, prepare: () => (_t, x, _w, out) => out.set(x) };
    expect(() => stabilityBoundary(still)).toThrow('cannot be followed');
  });
});
