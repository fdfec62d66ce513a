import { gaussHermite } from '../src/analysis/gauss-hermite.ts';
import type { Reference } from '../src/analysis.ts';
import type { BlockFunction, Calculus, NoiseType, SdeProblem } from '../src/index.ts';
import { arctangent, nonCommutativeLinear, type ReferenceProblem } from '../src/problems.ts';

/** A function of every entry by itself. */
export const each =
  (f: (x: number) => number): BlockFunction =>
  (_t, x, out) => {
    for (let i = 0; i < out.length; i++) out[i] = f(x[i]);
  };

/** A problem with everything a method may ask for: the drift split as −x/2 and the rest, and its Jacobian. */
function equip(problem: SdeProblem, slope: (x: number) => number): SdeProblem {
  return {
    ...problem,
    linear: {
      exponential: (h) => (x) => {
        for (let i = 0; i < x.length; i++) x[i] *= Math.exp(-h / 2);
      },
      remainder(t, x, out, paths) {
        problem.drift(t, x, out, paths);
        for (let i = 0; i < out.length; i++) out[i] += x[i] / 2;
      },
    },
    driftSolve: (h) => (_t, x, r) => {
      for (let i = 0; i < r.length; i++) r[i] /= 1 - h * slope(x[i]);
    },
  };
}

const additive = (drift: (x: number) => number, slope: (x: number) => number, s: number): SdeProblem =>
  equip(
    {
      dimension: 1,
      noiseDimension: 1,
      noise: 'additive',
      calculus: 'ito',
      drift: each(drift),
      diffusion: { apply: (_t, _x, dW, out) => each((w) => s * w)(0, dW, out, 1) },
    },
    slope,
  );

/** dx = sin x dt + dW: a nonlinear drift whose derivatives are bounded, so that no path rules the mean square. */
export const sine: SdeProblem = additive(Math.sin, Math.cos, 1);

/** x = ln y with dy = (r y + c) dt + s y dW, so that E e^x follows m' = r m + c. */
const [R, C, S] = [0.5, 1, 0.8];
export const logarithm: SdeProblem = additive(
  (x) => R - (S * S) / 2 + C * Math.exp(-x),
  (x) => -C * Math.exp(-x),
  S,
);
const logarithmMean = (h: number): number => Math.exp(R * h) + (C / R) * Math.expm1(R * h);

/** The arctangent problem, with noise of moderate size. */
function nonlinear(calculus: Calculus): ReferenceProblem {
  const size = calculus === 'ito' ? 0.7 : 0.5;
  const problem = arctangent({ a: size, calculus });
  const a = calculus === 'ito' ? size : 0;
  // (cos²x − a² sin x cos³x)' = −sin 2x − a² (cos⁴x − 3 sin²x cos²x).
  const slope = (x: number): number => {
    const [c, s] = [Math.cos(x) ** 2, Math.sin(x) ** 2];
    return -Math.sin(2 * x) - a * a * (c * c - 3 * s * c);
  };
  return { ...equip(problem, slope), solution: problem.solution! };
}

/** dx_i = r x_i dt + x_i Σ_j s_ji dW_j on two coordinates: one noise, or two that commute. */
export function twoCoordinates(noise: 'scalar' | 'commutative', calculus: Calculus): ReferenceProblem {
  const strengths =
    noise === 'scalar'
      ? [[0.6, 0.5]]
      : [
          [0.5, 0.5],
          [0.4, -0.4],
        ];
  const rate = 0.1;
  const half = calculus === 'ito' ? 0.5 : 0;
  const problem = equip(
    {
      dimension: 2,
      noiseDimension: strengths.length,
      noise,
      calculus,
      drift: each((x) => rate * x),
      diffusion: {
        apply(_t, x, dW, out, paths) {
          for (let i = 0; i < 2; i++) {
            for (let p = 0; p < paths; p++) {
              let sum = 0;
              for (let j = 0; j < strengths.length; j++) sum += strengths[j][i] * dW[j * paths + p];
              out[i * paths + p] = x[i * paths + p] * sum;
            }
          }
        },
      },
    },
    () => rate,
  );
  return {
    ...problem,
    solution(t, x0, W, out, paths) {
      for (let e = 0; e < out.length; e++) {
        const [i, p] = [Math.floor(e / paths), e % paths];
        const exponent = strengths.reduce(
          (sum, s, j) => sum + s[i] * W[j * paths + p] - half * s[i] ** 2 * t,
          0,
        );
        out[e] = x0[e] * Math.exp(rate * t + exponent);
      }
    },
    secondMoment(t, x0) {
      const entry = (i: number, j: number): number => {
        const cross = strengths.reduce((sum, s) => sum + s[i] * s[j], 0);
        const own = strengths.reduce((sum, s) => sum + s[i] ** 2 + s[j] ** 2, 0);
        return x0[i] * x0[j] * Math.exp((2 * rate + cross + (0.5 - half) * own) * t);
      };
      return Float64Array.of(entry(0, 0), entry(0, 1), entry(1, 0), entry(1, 1));
    },
  };
}

const [P, Q] = [0.5, 0.4];

/** The noise that does not commute, with half of the drift as the linear part. */
function turning(calculus: Calculus, decay = 0.1): ReferenceProblem {
  const problem = nonCommutativeLinear({ decay, first: P, second: Q, calculus });
  return { ...equip(problem, () => -decay), secondMoment: problem.secondMoment! };
}

/** A problem to measure a strong order on. */
export interface StrongCase {
  readonly problem: SdeProblem & Pick<ReferenceProblem, 'solution'>;
  readonly x0: readonly number[];
  readonly levels: readonly number[];
  readonly t1: number;
  readonly paths: number;
  readonly reference?: Reference;
}

/** Problems that show the strong order of methods for each kind of noise, no more and no less. */
export function strongCase(noise: NoiseType, calculus: Calculus): StrongCase {
  const levels = [4, 5, 6, 7];
  const paths = 100;
  // Over a longer time a few paths rule the mean square of what grows like an exponential of noise.
  const t1 = 0.5;
  switch (noise) {
    case 'additive':
      return {
        problem: sine,
        x0: [1],
        levels: [3, 4, 5, 6],
        t1: 1,
        paths,
        reference: { level: 9, method: 'sra3' },
      };
    case 'diagonal':
      return { problem: nonlinear(calculus), x0: [0.5], levels, t1, paths };
    case 'general':
      return {
        problem: turning(calculus),
        x0: [1, 0.5],
        levels: [2, 3, 4, 5],
        t1,
        paths: 50,
        // The Stratonovich equation is the Itô one with the decay less ½(p² + q²).
        reference: {
          level: 8,
          method: 'milsteinLevy',
          problem: calculus === 'ito' ? turning('ito') : turning('ito', 0.1 - (P * P + Q * Q) / 2),
        },
      };
    default:
      return {
        problem: twoCoordinates(noise as 'scalar', calculus),
        x0: [1, 2],
        levels,
        t1,
        paths: noise === 'scalar' ? 250 : paths,
      };
  }
}

/** An expectation after one step whose true value is known. */
export interface WeakCase {
  readonly problem: SdeProblem;
  readonly x0: readonly number[];
  readonly observe: (x: readonly number[]) => number;
  readonly exact: (h: number) => number;
}

/** Problems that show the weak order, likewise. */
export function weakCases(noise: NoiseType, calculus: Calculus): WeakCase[] {
  const moments = (problem: ReferenceProblem, x0: readonly number[]): WeakCase[] =>
    [0, 1, 3].map((entry) => ({
      problem,
      x0,
      observe: (x) => x[Math.floor(entry / 2)] * x[entry % 2],
      exact: (h) => problem.secondMoment!(h, x0)[entry],
    }));
  const curved = (): WeakCase => {
    const problem: ReferenceProblem = { ...nonlinear(calculus), noise };
    const { nodes, weights } = gaussHermite(40);
    return {
      problem,
      x0: [1.1],
      observe: ([x]) => Math.exp(x),
      exact(h) {
        const W = Float64Array.from(nodes, (node) => Math.sqrt(h) * node);
        const start = W.map(() => 1.1);
        const out = new Float64Array(W.length);
        problem.solution!(h, start, W, out, W.length);
        return out.reduce((sum, x, i) => sum + weights[i] * Math.exp(x), 0);
      },
    };
  };
  switch (noise) {
    case 'additive':
      return [{ problem: logarithm, x0: [0], observe: ([x]) => Math.exp(x), exact: logarithmMean }];
    case 'diagonal':
    case 'scalar':
      return [curved()];
    case 'general':
      return moments(turning(calculus), [1, 0.5]);
    default:
      return [curved(), ...moments(twoCoordinates('commutative', calculus), [1, 2])];
  }
}
