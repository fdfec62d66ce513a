import { createRng } from '@sntk/random';
import { describe, expect, test } from 'vitest';
import { strongConvergence } from '../src/analysis.ts';
import { integrate, methods, type SdeProblem } from '../src/index.ts';
import { levyArea, ornsteinUhlenbeck } from '../src/problems.ts';
import { each } from './order-problems.ts';
import { slope } from './support.ts';

type Name = keyof typeof methods;

// The mean square error of the second coordinate at T = 1 is h/2 for Euler–Maruyama, and h/4 for the methods that take
// the increments' product in full: what is left is the Lévy area.
describe('under noise that does not commute', () => {
  test.each<[Name, number]>([
    ['eulerMaruyama', 1 / 2],
    ['stochasticHeun', 1 / 4],
    ['eulerHeun', 1 / 4],
    ['midpoint', 1 / 4],
    ['reversibleHeun', 1 / 4],
  ])('%s is off by what the Lévy area dictates, %d h', (name, constant) => {
    const { calculus } = methods[name];
    const { steps, errors, standardErrors } = strongConvergence(levyArea(calculus), {
      method: name,
      x0: [0, 0],
      t1: 1,
      levels: [2, 4],
      paths: 60,
      rng: createRng('area'),
      reference: { level: 5, method: 'milsteinLevy', problem: levyArea('ito') },
    });
    // milsteinLevy is exact here: the noise is linear and its integrals are those of the path.
    steps.forEach((h, i) => {
      const error = 2 * errors[i] * standardErrors[i];
      expect(Math.abs(errors[i] ** 2 - constant * h)).toBeLessThan(4 * error);
    });
  });
});

describe('the stationary variance of stiff modes', () => {
  test('is g² h/(2 sinh λh) with Strang splitting, and e^{−λh} of it with exponential Euler', () => {
    // One step of the variance, exactly: the methods are linear here, so a unit increment shows its weight.
    for (const [rate, h] of [
      [1, 0.4],
      [8, 0.25],
    ]) {
      const problem = ornsteinUhlenbeck({ rate, volatility: 1 });
      const weight = (name: Name): number => {
        const out = new Float64Array(1);
        methods[name].prepare(problem, 1, h)(
          0,
          Float64Array.of(0),
          Float64Array.of(1),
          out,
          new Float64Array(0),
        );
        return (out[0] * out[0] * h) / -Math.expm1(-2 * rate * h);
      };
      const strang = h / (2 * Math.sinh(rate * h));
      expect(weight('exponentialStrang')).toBeCloseTo(strang, 13);
      expect(weight('exponentialEuler')).toBeCloseTo(strang * Math.exp(-rate * h), 13);
    }
  });
});

describe('ordinary differential equations', () => {
  const logistic: SdeProblem = {
    dimension: 1,
    noiseDimension: 0,
    noise: 'none',
    calculus: 'ito',
    drift: each((x) => x * (1 - x)),
    linear: {
      exponential: (h) => (x, paths) => each((v) => v * Math.exp(h))(0, x, x, paths),
      remainder: each((x) => -x * x),
    },
  };

  const odeMethods = Object.values(methods).filter((method) => method.orders.none);
  test.each(odeMethods.map((method) => [method.name, method] as const))(
    '%s has its declared order for the logistic equation',
    (_name, method) => {
      // Order 5 reaches the rounding soon, so it gets a longer interval and fewer levels.
      const high = method.orders.none!.strong > 4;
      const [t1, levels] = high ? [2, [5, 6, 7]] : [1, [5, 6, 7, 8]];
      const exact = 1 / (1 + 9 * Math.exp(-t1));
      const errors = levels.map((level) => {
        const { final } = integrate(logistic, { method, x0: [0.1], t1, steps: 2 ** level });
        return Math.abs(final[0] - exact);
      });
      expect(Math.abs(slope(levels, errors) - method.orders.none!.strong)).toBeLessThan(0.1);
    },
  );

  test.each(odeMethods.map((method) => [method.name, method] as const))(
    '%s has its declared order for a driven equation, whose drift depends on time',
    (_name, method) => {
      // x' = −x + cos 2t from 1.
      const driven: SdeProblem = {
        ...logistic,
        drift: (t, x, out) => void each((v) => Math.cos(2 * t) - v)(t, x, out, 1),
        linear: {
          exponential: (h) => (x, paths) => each((v) => v * Math.exp(-h))(0, x, x, paths),
          remainder: (t, _x, out) => void out.fill(Math.cos(2 * t)),
        },
      };
      const levels = method.orders.none!.strong > 4 ? [4, 5, 6] : [5, 6, 7, 8];
      const exact = 0.8 * Math.exp(-1) + 0.2 * (Math.cos(2) + 2 * Math.sin(2));
      const errors = levels.map((level) => {
        const { final } = integrate(driven, { method, x0: [1], t1: 1, steps: 2 ** level });
        return Math.abs(final[0] - exact);
      });
      const found = slope(levels, errors);
      expect(Math.abs(found - method.orders.none!.strong), `${found}`).toBeLessThan(0.1);
    },
  );

  test.each(['exponentialEuler', 'exponentialStrang'] as const)(
    '%s is exact for a linear system at any step, stiff or turning',
    (method) => {
      const [decay, turn] = [300, 40];
      const problem: SdeProblem = {
        dimension: 3,
        noiseDimension: 0,
        noise: 'none',
        calculus: 'ito',
        drift: () => {
          throw new Error('not asked for');
        },
        linear: {
          exponential(h) {
            const [c, s, e] = [Math.cos(turn * h), Math.sin(turn * h), Math.exp(-decay * h)];
            return (x, paths) => {
              for (let p = 0; p < paths; p++) {
                const [u, v] = [x[p], x[paths + p]];
                x[p] = c * u - s * v;
                x[paths + p] = s * u + c * v;
                x[2 * paths + p] *= e;
              }
            };
          },
        },
      };
      const { final } = integrate(problem, {
        method,
        x0: [1, 0, 1],
        t1: 0.5,
        steps: 10,
        paths: 2,
      });
      const exact = [Math.cos(20), Math.sin(20), Math.exp(-150)];
      exact.forEach((value, i) => {
        for (const p of [0, 1]) expect(Math.abs(final[2 * i + p] - value)).toBeLessThan(1e-14);
      });
    },
  );
});

// For x' = t^k and a unit noise the estimate is the difference of two quadratures: the method's and the one it is held against.
describe('the embedded error', () => {
  const held: readonly (readonly [Name, readonly number[]])[] = [
    // Against Euler's, 0 for k > 0, and the trapezoid rule: ∫₀¹ t^k dt less those.
    ['sra1', [0, 1 / 2]],
    ['sra3', [0, 0, 1 / 3 - 1 / 2]],
    ['sriw1', [0, 1 / 2]],
    ['sriw2', [0, 0, 1 / 3 - 1 / 2]],
    // Against methods of order 4.
    ['dormandPrince', [0, 0, 0, 0]],
    ['tsitouras', [0, 0, 0, 0]],
  ];
  test.each(held)('of %s is what another quadrature leaves', (name, moments) => {
    const noise = (['scalar', 'additive', 'none'] as const).find((kind) => methods[name].orders[kind])!;
    const h = 0.5;
    const estimate = (k: number): number => {
      const problem: SdeProblem = {
        dimension: 1,
        noiseDimension: noise === 'none' ? 0 : 1,
        noise,
        calculus: 'ito',
        drift: (t, _x, out) => void out.fill(t ** k),
        ...(noise !== 'none' && { diffusion: { apply: (_t, _x, dW, out) => out.set(dW) } }),
      };
      const [out, error] = [new Float64Array(1), new Float64Array(1)];
      const [dW, dZ] = [Float64Array.of(0.3), Float64Array.of(-0.2)];
      methods[name].embedded!.prepare(problem, 1)(0, h, Float64Array.of(1), dW, out, dZ, error);
      return error[0] / h ** (k + 1);
    };
    moments.forEach((moment, k) => {
      expect(estimate(k), `k = ${k}`).toBeCloseTo(moment, 13);
    });
    expect(Math.abs(estimate(moments.length))).toBeGreaterThan(1e-5);
  });
});
