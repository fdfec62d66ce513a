import { ArgumentError, NumericalError } from '@sntk/errors';
import { createRng } from '@sntk/random';
import { describe, expect, test } from 'vitest';
import { strongConvergence } from '../src/analysis.ts';
import { brownianIncrements, integrate, methods, type SdeProblem } from '../src/index.ts';
import {
  arctangent,
  dampedAdditive,
  levyArea,
  nonCommutativeLinear,
  ornsteinUhlenbeck,
  type ReferenceProblem,
} from '../src/problems.ts';
import { runningMoments } from '../src/statistics.ts';
import { expectOrder, meanAndError } from './support.ts';

type Name = keyof typeof methods;

const rng = createRng('higher order');

describe('additive noise that depends on time', () => {
  test.each<Name>(['sra1', 'sra3'])('does not lower the order of %s', (name) => {
    // This problem is linear, where the terms of order 1.5 vanish and order 2 shows.
    const { order, orderError } = strongConvergence(dampedAdditive({ a: 0.7, b: 1 }), {
      method: name,
      x0: [1],
      t1: 1,
      levels: [4, 5, 6, 7],
      paths: 200,
      rng,
    });
    expectOrder({ mean: order, error: orderError }, 2);
  });
});

describe('Euler methods for hard drifts', () => {
  const cubic: SdeProblem = {
    dimension: 1,
    noiseDimension: 1,
    noise: 'diagonal',
    calculus: 'ito',
    drift: (_t, x, out) => out.set(x.map((v) => -v * v * v)),
    diffusion: { apply: (_t, x, dW, out) => out.set(x.map((v, i) => v * dW[i])) },
    driftSolve: (h) => (_t, x, r) => {
      for (let i = 0; i < r.length; i++) r[i] /= 1 + 3 * h * x[i] * x[i];
    },
  };

  test('tamed and implicit steps stay bounded under −x³ where Euler–Maruyama explodes', () => {
    const options = { x0: [6], t1: 5, steps: 50, paths: 200, rng };
    expect(() => integrate(cubic, { ...options, method: 'eulerMaruyama' })).toThrow(NumericalError);
    for (const method of ['tamedEuler', 'implicitEuler'] as const) {
      const { final } = integrate(cubic, { ...options, method });
      expect(Math.max(...final.map(Math.abs))).toBeLessThan(10);
    }
  });

  test('the implicit step solves its equation, by Newton or by iteration, and says when it cannot', () => {
    const dW = Float64Array.of(0.3);
    const none = new Float64Array(0);
    const out = new Float64Array(1);
    const h = 0.05;
    methods.implicitEuler.prepare(cubic, 1, h)(0, Float64Array.of(1.5), dW, out, none);
    expect(Math.abs(out[0] + h * out[0] ** 3 - 1.5 * 1.3)).toBeLessThan(1e-12);
    const { driftSolve: _, ...plain } = cubic;
    const byIteration = new Float64Array(1);
    methods.implicitEuler.prepare(plain, 1, h)(0, Float64Array.of(1.5), dW, byIteration, none);
    expect(Math.abs(byIteration[0] - out[0])).toBeLessThan(1e-11);
    expect(() => integrate(plain, { method: 'implicitEuler', x0: [30], t1: 1, steps: 2, rng })).toThrow(
      'give problem.driftSolve, or take smaller steps',
    );
  });

  test('the implicit step is stable for a linear drift at any step size, the explicit one up to h = 2/rate', () => {
    const size = (name: Name, h: number): number => {
      const problem = ornsteinUhlenbeck({ rate: 1, volatility: 0 });
      const out = new Float64Array(1);
      const step = methods[name].prepare(
        { ...problem, driftSolve: (k) => (_t, _x, r) => r.forEach((v, i) => void r.set([v / (1 + k)], i)) },
        1,
        h,
      );
      step(0, Float64Array.of(1), Float64Array.of(0), out, new Float64Array(1));
      return Math.abs(out[0]);
    };
    for (const h of [0.1, 1.9, 2.1, 50]) {
      expect(size('implicitEuler', h)).toBeCloseTo(1 / (1 + h), 12);
      expect(size('eulerMaruyama', h)).toBeCloseTo(Math.abs(1 - h), 12);
      // Explicit methods of order 2 and 3 have the Taylor polynomials of e^{−h}.
      expect(size('sra1', h) / Math.abs(1 - h + h ** 2 / 2)).toBeCloseTo(1, 12);
      expect(size('sra3', h) / Math.abs(1 - h + h ** 2 / 2 - h ** 3 / 6)).toBeCloseTo(1, 10);
    }
  });
});

describe('Lévy areas', () => {
  test('of one noise in two coordinates agree with the commutative scheme', () => {
    const problem: SdeProblem = { ...arctangent({ a: 0.5 }), noise: 'commutative' };
    const options = { x0: [0.3], t1: 1, steps: 8, paths: 20, rng };
    expect(integrate(problem, { ...options, method: 'milsteinLevy' }).final).toEqual(
      integrate(problem, { ...options, method: 'milsteinCommutative' }).final,
    );
  });

  const paths = 20_000;
  const [h, terms] = [0.25, 6];
  const draw = brownianIncrements({ rng, noiseDimension: 2, paths, step: h, integrals: 'levyArea', terms });
  const dW = new Float64Array(2 * paths);
  const I = new Float64Array(4 * paths);
  draw(3, dW, I);
  const area = Array.from({ length: paths }, (_, p) => 0.5 * (I[paths + p] - I[2 * paths + p]));

  test('keep the algebra of iterated integrals', () => {
    for (let p = 0; p < paths; p += 97) {
      const [u, v] = [dW[p], dW[paths + p]];
      expect(I[p]).toBeCloseTo(0.5 * (u * u - h), 14);
      expect(I[3 * paths + p]).toBeCloseTo(0.5 * (v * v - h), 14);
      expect(I[paths + p] + I[2 * paths + p]).toBeCloseTo(u * v, 14);
    }
  });

  test('have variance h²/4, by themselves, and h²/12 (1 + |dW|²/h) given the increments', () => {
    const squares = meanAndError(area.map((a) => a * a));
    expect(Math.abs(squares.mean - (h * h) / 4)).toBeLessThan(4 * squares.error);
    const residual = meanAndError(
      area.map((a, p) => {
        const radius = dW[p] ** 2 + dW[paths + p] ** 2;
        return (a * a - (h * h * (1 + radius / h)) / 12) * radius;
      }),
    );
    expect(Math.abs(residual.mean)).toBeLessThan(4 * residual.error);
  });

  test('have the characteristic function of the Lévy area, 1/cosh(λh/2), up to the truncation', () => {
    for (const frequency of [2, 8, 16]) {
      const found = meanAndError(area.map((a) => Math.cos(frequency * a)));
      const truth = 1 / Math.cosh((frequency * h) / 2);
      // With a normal of the same variance the whole law would be e^{−λ²h²/8}, many errors away.
      expect(Math.abs(found.mean - truth)).toBeLessThan(4 * found.error);
    }
    const normal = Math.exp(-((16 * h) ** 2) / 8);
    const found = meanAndError(area.map((a) => Math.cos(16 * a)));
    expect(Math.abs(found.mean - normal)).toBeGreaterThan(20 * found.error);
  });

  test('belong to the same increments and the same ∫W as the other integrals', () => {
    const plain = new Float64Array(2 * paths);
    brownianIncrements({ rng, noiseDimension: 2, paths, step: h })(3, plain);
    expect(plain).toEqual(dW);
    const Z = new Float64Array(2 * paths);
    const again = new Float64Array(2 * paths);
    brownianIncrements({ rng, noiseDimension: 2, paths, step: h, integrals: 'spaceTime' })(3, again, Z);
    expect(again).toEqual(dW);
    // E[A | dW, H] = H₁ dW₂ − H₂ dW₁, which has two thirds of the variance; what is left does not know of it.
    const H = Z.map((z, i) => z / h - 0.5 * dW[i]);
    const explained = Array.from({ length: paths }, (_, p) => H[p] * dW[paths + p] - H[paths + p] * dW[p]);
    const left = area.map((a, p) => a - explained[p]);
    const cross = meanAndError(left.map((b, p) => b * explained[p]));
    expect(Math.abs(cross.mean)).toBeLessThan(4 * cross.error);
    const rest = meanAndError(left.map((b) => b * b));
    expect(Math.abs(rest.mean - (h * h) / 12)).toBeLessThan(4 * rest.error);
    const variance = meanAndError(Array.from(H, (v) => v * v));
    expect(Math.abs(variance.mean - h / 12)).toBeLessThan(4 * variance.error);
    const withW = meanAndError(Array.from(H, (v, i) => v * dW[i]));
    expect(Math.abs(withW.mean)).toBeLessThan(4 * withW.error);
  });

  test('make the moments of noise that does not commute exact with milsteinLevy and platenWeak', () => {
    const problem: ReferenceProblem = nonCommutativeLinear({ decay: 1, first: 0.8, second: 0.6 });
    for (const [method, steps] of [
      ['milsteinLevy', 100],
      ['platenWeak', 16],
    ] as const) {
      const count = 4000;
      const { final } = integrate(problem, { method, x0: [1, 0.5], t1: 1, steps, paths: count, rng });
      const moments = runningMoments(2);
      moments.push(
        final.map((x) => x * x),
        count,
      );
      const truth = problem.secondMoment!(1, [1, 0.5]);
      [0, 3].forEach((at, i) => {
        expect(Math.abs(moments.mean()[i] - truth[at])).toBeLessThan(4 * moments.standardError()[i]);
      });
    }
  });

  test('depend neither on the block of paths nor on the order of the steps', () => {
    for (const integrals of ['spaceTime', 'levyArea', 'weakLevyArea'] as const) {
      const common = { rng, noiseDimension: 3, step: 0.1, integrals, terms: 3 };
      const whole = brownianIncrements({ ...common, paths: 7 });
      const part = brownianIncrements({ ...common, paths: 2, firstPath: 4 });
      const rows = integrals === 'spaceTime' ? 3 : 9;
      const [w, v] = [new Float64Array(3 * 7), new Float64Array(3 * 2)];
      const [a, b] = [new Float64Array(rows * 7), new Float64Array(rows * 2)];
      whole(1, w, a);
      whole(20, w, a);
      part(20, v, b);
      for (let r = 0; r < rows; r++) for (const p of [0, 1]) expect(b[r * 2 + p]).toBe(a[r * 7 + 4 + p]);
    }
  });

  test('are asked for when a method takes them', () => {
    const options = { method: 'milsteinLevy', x0: [1, 1], t1: 1, steps: 2 } as const;
    const plain = brownianIncrements({ rng, noiseDimension: 2, paths: 1, step: 0.5 });
    expect(() => integrate(levyArea('ito'), { ...options, increments: plain })).toThrow(ArgumentError);
    expect(() =>
      integrate(levyArea('ito'), { ...options, increments: (_k, out) => void out.fill(0) }),
    ).toThrow('a source that also writes the levyArea integrals, which milsteinLevy takes');
    expect(() =>
      brownianIncrements({ rng, noiseDimension: 2, paths: 1, step: 0.5, integrals: 'area' as 'levyArea' }),
    ).toThrow('options.integrals must be one of spaceTime, levyArea, weakLevyArea');
    expect(() => brownianIncrements({ rng, noiseDimension: 2, paths: 1, step: 0.5, terms: 0 })).toThrow(
      'terms',
    );
  });
});
