import { describe, expect, test } from 'vitest';
import {
  arctangent,
  type BlockFunction,
  geometricBrownianMotion,
  integrate,
  levyArea,
  methods,
  nonCommutativeLinear,
  ornsteinUhlenbeck,
  type ReferenceProblem,
  type SdeProblem,
} from '../src/index.ts';
import {
  coupled,
  gaussHermite,
  meanAndError,
  oneStepMean,
  slope,
  strongOrder,
  weakOrder,
} from './support.ts';

type Name = keyof typeof methods;

/** Methods for any noise. */
const ALL: readonly Name[] = [
  'eulerMaruyama',
  'exponentialEuler',
  'exponentialStrang',
  'stochasticHeun',
  'eulerHeun',
  'midpoint',
];

const stratonovich = { calculus: 'stratonovich' } as const;

/** A function of every entry by itself. */
const each =
  (f: (x: number) => number): BlockFunction =>
  (_t, x, out) => {
    for (let i = 0; i < out.length; i++) out[i] = f(x[i]);
  };

/** The order lies within 0.1 of the declared one, two standard errors included. */
function expectOrder({ mean, error }: { mean: number; error: number }, declared: number): void {
  expect(Math.abs(mean - declared) + 2 * error, `${mean} ± ${error} for ${declared}`).toBeLessThan(0.1);
}

describe('strong order', () => {
  const levels = [6, 7, 8, 9];
  const gbm = (name: Name): ReferenceProblem =>
    geometricBrownianMotion({ rate: 0.5, volatility: 0.5, calculus: methods[name].calculus });
  const arctan = (name: Name): ReferenceProblem => {
    const { calculus } = methods[name];
    return arctangent({ a: calculus === 'ito' ? 1 : 0.5, calculus });
  };

  test.each<[Name, string, (name: Name) => ReferenceProblem]>([
    ['eulerMaruyama', 'geometric Brownian motion', gbm],
    ['exponentialEuler', 'geometric Brownian motion', gbm],
    ['exponentialStrang', 'geometric Brownian motion', gbm],
    ['milstein', 'geometric Brownian motion', gbm],
    ['stochasticHeun', 'geometric Brownian motion', gbm],
    ['eulerHeun', 'geometric Brownian motion', gbm],
    ['midpoint', 'geometric Brownian motion', gbm],
    ['tamedEuler', 'geometric Brownian motion', gbm],
    ['implicitEuler', 'geometric Brownian motion', gbm],
    ['milsteinCommutative', 'geometric Brownian motion', gbm],
    ['exponentialMilstein', 'geometric Brownian motion', gbm],
    ['sriw1', 'geometric Brownian motion', gbm],
    ['sriw2', 'geometric Brownian motion', gbm],
    ['milsteinCommutative', 'a nonlinear problem', arctan],
    ['sriw1', 'a nonlinear problem', arctan],
    ['sriw2', 'a nonlinear problem', arctan],
    ['eulerMaruyama', 'a nonlinear problem', arctan],
    ['milstein', 'a nonlinear problem', arctan],
    ['stochasticHeun', 'a nonlinear problem', arctan],
    ['eulerHeun', 'a nonlinear problem', arctan],
    ['midpoint', 'a nonlinear problem', arctan],
  ])('of %s is the declared one for %s, whose noise is diagonal', (name, _text, make) => {
    const method = methods[name];
    expectOrder(
      strongOrder({ method, problem: make(name), x0: [0.5], levels, paths: 200 }),
      method.orders.diagonal!.strong,
    );
  });

  test.each(ALL)('of %s is the declared one for additive noise', (name) => {
    const method = methods[name];
    const problem = ornsteinUhlenbeck({ rate: 1, volatility: 1 });
    const order = strongOrder({
      method,
      problem,
      x0: [0],
      levels: [4, 5, 6, 7],
      paths: 200,
      reference: 11,
    });
    expectOrder(order, method.orders.additive!.strong);
  });

  test.each(ALL)('of %s is the declared one for commuting and scalar noise on two coordinates', (name) => {
    const { calculus, orders } = methods[name];
    const make = (noise: 'scalar' | 'commutative'): ReferenceProblem => twoCoordinates(noise, calculus);
    for (const noise of ['scalar', 'commutative'] as const) {
      const order = strongOrder({
        method: methods[name],
        problem: make(noise),
        x0: [1, 2],
        levels,
        paths: 200,
      });
      expectOrder(order, orders[noise]!.strong);
    }
  });

  // The mean square distance between the second coordinates at steps h and h' is T (h − h')/2 for Euler–Maruyama, and
  // T (h − h')/4 for the methods that take the increments' product in full: what is left is the Lévy area.
  test.each<[Name, number]>([
    ['eulerMaruyama', 1 / 2],
    ['stochasticHeun', 1 / 4],
    ['eulerHeun', 1 / 4],
    ['midpoint', 1 / 4],
  ])('of %s is ½ for general noise, with the constant that the Lévy area dictates', (name, constant) => {
    const method = methods[name];
    expect(method.orders.general!.strong).toBe(0.5);
    const paths = 4000;
    const levels = [3, 5];
    const problem = levyArea(method.calculus);
    const { states, exact } = coupled({ method, problem, x0: [0, 0], levels, paths, seed: 0, reference: 8 });
    states.forEach((x, i) => {
      const squares = Array.from({ length: paths }, (_, p) => (x[paths + p] - exact[paths + p]) ** 2);
      const { mean, error } = meanAndError(squares);
      const truth = constant * (2 ** -levels[i] - 2 ** -8);
      expect(Math.abs(mean - truth)).toBeLessThan(4 * error);
    });
  });
});

describe('weak order', () => {
  test.each<[Name, number]>([
    ['eulerMaruyama', 0.2],
    ['milstein', 0.2],
    ['stochasticHeun', 0.5],
    ['eulerHeun', 0.5],
    ['midpoint', 0.5],
  ])('of %s is the declared one for the mean of geometric Brownian motion', (name, volatility) => {
    const method = methods[name];
    const problem = geometricBrownianMotion({ rate: 0.5, volatility, calculus: method.calculus });
    const order = weakOrder({ method, problem, x0: [1], levels: [3, 4, 5, 6], paths: 2000 });
    expectOrder(order, method.orders.diagonal!.weak);
  });

  // One step errs by h^(order + 1). Quadrature over the increments gives that error without sampling.
  const sizes = [5, 6, 7, 8];
  const localOrder = (error: (h: number) => number): number =>
    slope(
      sizes,
      sizes.map((l) => Math.abs(error(2 ** -l))),
    );

  test.each(ALL)(
    'of %s is the declared one for the second moments under noise that does not commute',
    (name) => {
      const method = methods[name];
      const problem = nonCommutativeLinear({ decay: 1, first: 0.8, second: 0.5, calculus: method.calculus });
      const x0 = [1, 0.5];
      [
        (x: readonly number[]) => x[0] * x[0],
        (x: readonly number[]) => x[0] * x[1],
        (x: readonly number[]) => x[1] * x[1],
      ].forEach((phi, entry) => {
        const at = [0, 1, 3][entry];
        const order = localOrder(
          (h) => oneStepMean(problem, method, x0, h, phi) - problem.secondMoment!(h, x0)[at],
        );
        expect(Math.abs(order - 1 - method.orders.general!.weak)).toBeLessThan(0.1);
      });
    },
  );

  test.each<Name>(['eulerMaruyama', 'exponentialEuler', 'exponentialStrang', 'eulerHeun'])(
    'of %s is the declared one for the second moment of an Ornstein–Uhlenbeck process',
    (name) => {
      const problem = ornsteinUhlenbeck({ rate: 1, volatility: 1, center: 0.5 });
      const square = ([x]: readonly number[]): number => x * x;
      const order = localOrder(
        (h) => oneStepMean(problem, methods[name], [2], h, square) - problem.secondMoment!(h, [2])[0],
      );
      expect(Math.abs(order - 1 - methods[name].orders.additive!.weak)).toBeLessThan(0.1);
    },
  );

  test.each<Name>(['eulerMaruyama', 'exponentialStrang', 'stochasticHeun', 'eulerHeun', 'midpoint'])(
    'of %s is the declared one for a nonlinear drift with additive noise',
    (name) => {
      // x = ln y with dy = (r y + c) dt + s y dW, so E e^x follows m' = r m + c.
      const [r, c, s] = [0.5, 1, 0.8];
      const problem: SdeProblem = {
        dimension: 1,
        noiseDimension: 1,
        noise: 'additive',
        calculus: 'ito',
        drift: each((x) => r - (s * s) / 2 + c * Math.exp(-x)),
        diffusion: { apply: (t, _x, dW, out, paths) => each((w) => s * w)(t, dW, out, paths) },
        // Split as −x/2 and the rest.
        linear: {
          exponential: (h) => (x, paths) => each((v) => v * Math.exp(-h / 2))(0, x, x, paths),
          remainder: each((x) => r - (s * s) / 2 + c * Math.exp(-x) + x / 2),
        },
      };
      const exact = (h: number): number => Math.exp(r * h) + (c / r) * Math.expm1(r * h);
      const mean = (h: number): number => oneStepMean(problem, methods[name], [0], h, ([x]) => Math.exp(x));
      const order = localOrder((h) => mean(h) - exact(h));
      expect(Math.abs(order - 1 - methods[name].orders.additive!.weak)).toBeLessThan(0.1);
    },
  );

  test('shows in the stationary variance of stiff modes: Strang splitting has g² h/(2 sinh λh), Euler e^{−λh} of it', () => {
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

  test('is measured with a quadrature that integrates polynomials of a normal', () => {
    const { nodes, weights } = gaussHermite(12);
    const moment = (k: number): number => nodes.reduce((sum, x, i) => sum + weights[i] * x ** k, 0);
    expect(moment(0)).toBeCloseTo(1, 12);
    expect(moment(3)).toBeCloseTo(0, 10);
    expect(moment(8)).toBeCloseTo(105, 9);
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

/** dx = r x dt + s x dW on two coordinates, driven by one noise or by two that act as s₁ I and s₂ diag(1, −1). */
function twoCoordinates(noise: 'scalar' | 'commutative', calculus: 'ito' | 'stratonovich'): ReferenceProblem {
  const base = geometricBrownianMotion({ rate: 0.5, volatility: 1, calculus, dimension: 2 });
  const m = noise === 'scalar' ? 1 : 2;
  const strengths =
    noise === 'scalar'
      ? [[0.5, 0.3]]
      : [
          [0.4, 0.4],
          [0.3, -0.3],
        ];
  const { rate, half } = { rate: 0.5, half: calculus === stratonovich.calculus ? 0 : 0.5 };
  return {
    dimension: 2,
    noiseDimension: m,
    noise,
    calculus,
    drift: base.drift,
    linear: base.linear!,
    diffusion: {
      apply(_t, x, dW, out, paths) {
        for (let i = 0; i < 2; i++) {
          for (let p = 0; p < paths; p++) {
            let sum = 0;
            for (let j = 0; j < m; j++) sum += strengths[j][i] * dW[j * paths + p];
            out[i * paths + p] = x[i * paths + p] * sum;
          }
        }
      },
    },
    solution(t, x0, W, out, paths) {
      for (let i = 0; i < 2; i++) {
        for (let p = 0; p < paths; p++) {
          let exponent = rate * t;
          for (let j = 0; j < m; j++)
            exponent += strengths[j][i] * W[j * paths + p] - half * strengths[j][i] ** 2 * t;
          out[i * paths + p] = x0[i * paths + p] * Math.exp(exponent);
        }
      }
    },
  };
}
