import { NumericalError } from '@sntk/errors';
import { createRng } from '@sntk/random';
import { describe, expect, test } from 'vitest';
import { strongConvergence } from '../src/analysis.ts';
import { integrate, methods, type SdeProblem } from '../src/index.ts';
import { dampedAdditive, ornsteinUhlenbeck } from '../src/problems.ts';
import { expectOrder } from './support.ts';

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
