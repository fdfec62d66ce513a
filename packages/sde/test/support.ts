import { createRng, type Rng } from '@sntk/random';
import {
  brownianIncrements,
  integrate,
  type Method,
  type ReferenceProblem,
  type SdeProblem,
} from '../src/index.ts';

/** Mean and standard error over equal batches. */
export function meanAndError(values: readonly number[]): { mean: number; error: number } {
  const n = values.length;
  const mean = values.reduce((s, v) => s + v, 0) / n;
  const variance = values.reduce((s, v) => s + (v - mean) ** 2, 0) / (n - 1);
  return { mean, error: Math.sqrt(variance / n) };
}

/** Least-squares slope of log₂ errors[i] over log₂ step, where step i is 2^-levels[i]. */
export function slope(levels: readonly number[], errors: readonly number[]): number {
  const centre = levels.reduce((s, l) => s + l, 0) / levels.length;
  let top = 0;
  let bottom = 0;
  levels.forEach((level, i) => {
    top -= (level - centre) * Math.log2(errors[i]);
    bottom += (level - centre) ** 2;
  });
  return top / bottom;
}

export interface OrderOptions {
  readonly method: Method;
  readonly problem: ReferenceProblem;
  readonly x0: readonly number[];
  /** Steps are T / 2^level. */
  readonly levels: readonly number[];
  readonly paths: number;
  readonly duration?: number;
}

/**
 * States at T of one set of paths at every level, and the exact one (`solution` of W(T), or the level `reference`).
 * All levels see the same Brownian paths.
 */
export function coupled(options: OrderOptions & { readonly seed: number; readonly reference?: number }): {
  readonly states: Float64Array[];
  readonly exact: Float64Array;
} {
  const { method, problem, x0, levels, paths, duration = 1, seed, reference } = options;
  const depth = Math.max(...levels, reference ?? 0);
  const m = problem.noiseDimension;
  const size = m * paths;
  const path = brownianMotion(createRng('orders').split(seed), method, {
    m,
    paths,
    duration,
    steps: 2 ** depth,
  });
  const { W } = path;
  const at = (level: number): Float64Array =>
    integrate(problem, {
      method,
      x0,
      t1: duration,
      steps: 2 ** level,
      paths,
      increments: (step, dW, integrals) => {
        const stride = 2 ** (depth - level);
        const from = step * stride * size;
        for (let i = 0; i < size; i++) dW[i] = W[from + stride * size + i] - W[from + i];
        if (method.integrals === 'spaceTime') spaceTimeOf(path, step, stride, integrals!);
        if (method.integrals === 'levyArea') iteratedOf(path, step, stride, integrals!);
      },
    }).final;
  const states = levels.map(at);
  if (reference !== undefined) return { states, exact: at(reference) };
  const exact = new Float64Array(problem.dimension * paths);
  const start = Float64Array.from(exact, (_, i) => x0[Math.floor(i / paths)]);
  problem.solution!(duration, start, W.subarray(size << depth), exact, paths);
  return { states, exact };
}

interface Motion {
  /** W at 0, T/steps, …, T, `[steps + 1, noiseDimension, paths]`. */
  readonly W: Float64Array;
  /** ∫(W_s − W_t) ds over every fine step, `[steps, noiseDimension, paths]`. */
  readonly Z: Float64Array;
  readonly m: number;
  readonly paths: number;
  readonly h: number;
}

function brownianMotion(
  rng: Rng,
  method: Method,
  shape: {
    readonly m: number;
    readonly paths: number;
    readonly duration: number;
    readonly steps: number;
  },
): Motion {
  const { m, paths, duration, steps } = shape;
  const size = m * paths;
  const h = duration / steps;
  const wanted = method.integrals === 'spaceTime';
  const draw = brownianIncrements({
    rng,
    noiseDimension: m,
    paths,
    step: h,
    ...(wanted && { integrals: 'spaceTime' }),
  });
  const W = new Float64Array((steps + 1) * size);
  const Z = new Float64Array(wanted ? steps * size : 0);
  for (let k = 0; k < steps; k++) {
    const next = W.subarray((k + 1) * size, (k + 2) * size);
    draw(k, next, Z.subarray(k * size, (k + 1) * size));
    for (let i = 0; i < size; i++) next[i] += W[k * size + i];
  }
  return { W, Z, m, paths, h };
}

/** ∫(W_s − W_t) ds over `stride` fine steps. */
function spaceTimeOf({ W, Z, m, paths, h }: Motion, step: number, stride: number, out: Float64Array): void {
  const size = m * paths;
  const start = step * stride * size;
  out.fill(0);
  for (let k = 0; k < stride; k++) {
    const at = start + k * size;
    for (let i = 0; i < size; i++) out[i] += Z[at + i] + h * (W[at + i] - W[start + i]);
  }
}

/** The Itô integrals I_jk over `stride` fine steps, each of which counts with ½(dW_j dW_k − δ_jk h). */
function iteratedOf({ W, m, paths, h }: Motion, step: number, stride: number, out: Float64Array): void {
  const size = m * paths;
  const start = step * stride * size;
  out.fill(0);
  for (let k = 0; k < stride; k++) {
    const at = start + k * size;
    for (let j = 0; j < m; j++) {
      for (let l = 0; l < m; l++) {
        for (let p = 0; p < paths; p++) {
          const J = j * paths + p;
          const L = l * paths + p;
          const dJ = W[at + size + J] - W[at + J];
          const dL = W[at + size + L] - W[at + L];
          out[(j * m + l) * paths + p] +=
            (W[at + J] - W[start + J]) * dL + 0.5 * (dJ * dL - (j === l ? h : 0));
        }
      }
    }
  }
}

const BATCHES = 10;

/** The strong order with its standard error, from the fits of ten independent batches of paths. */
export function strongOrder(options: OrderOptions & { readonly reference?: number }): {
  mean: number;
  error: number;
} {
  const fits = Array.from({ length: BATCHES }, (_, seed) => {
    const { states, exact } = coupled({ ...options, seed });
    const errors = states.map((x) => Math.sqrt(x.reduce((s, v, i) => s + (v - exact[i]) ** 2, 0) / x.length));
    return slope(options.levels, errors);
  });
  return meanAndError(fits);
}

/** The weak order for φ(x) = x₁ (or `phi`), likewise; the exact solution on the same paths takes out most of the noise. */
export function weakOrder(
  options: OrderOptions & { readonly phi?: (x: number) => number; readonly reference?: number },
): { mean: number; error: number } {
  const { phi = (x) => x, levels, paths } = options;
  const fits = Array.from({ length: BATCHES }, (_, seed) => {
    const { states, exact } = coupled({ ...options, seed });
    const errors = states.map((x) => {
      let sum = 0;
      for (let p = 0; p < paths; p++) sum += phi(x[p]) - phi(exact[p]);
      return Math.abs(sum / paths);
    });
    return slope(levels, errors);
  });
  return meanAndError(fits);
}

/** Nodes and weights of Gauss–Hermite quadrature for a standard normal, by Newton's method on the polynomial. */
export function gaussHermite(n: number): { nodes: number[]; weights: number[] } {
  // Orthonormal Hermite polynomials: √(k+1) p_{k+1} = x p_k − √k p_{k−1}, and p_n' = √n p_{n−1}.
  const evaluate = (x: number): [number, number] => {
    let previous = 0;
    let current = 1;
    for (let k = 0; k < n; k++) {
      [previous, current] = [current, (x * current - Math.sqrt(k) * previous) / Math.sqrt(k + 1)];
    }
    return [current, previous];
  };
  const nodes: number[] = [];
  for (let i = 0; i < n; i++) {
    let x = (i === 0 ? 2 * Math.sqrt(n) : nodes[i - 1]) + 0.01;
    for (let iteration = 0; iteration < 200; iteration++) {
      const [p, q] = evaluate(x);
      const deflated = nodes.reduce((s, node) => s + 1 / (x - node), 0);
      x -= 1 / ((Math.sqrt(n) * q) / p - deflated || Number.POSITIVE_INFINITY);
    }
    nodes.push(x);
  }
  return { nodes, weights: nodes.map((x) => 1 / (n * evaluate(x)[1] ** 2)) };
}

/** E φ(x) after one step of size `h`, exactly up to the quadrature: its nodes are the paths. */
export function oneStepMean(
  problem: SdeProblem,
  method: Method,
  x0: readonly number[],
  h: number,
  phi: (x: readonly number[]) => number,
): number {
  const rule = gaussHermite(12);
  const m = problem.noiseDimension;
  // The further numbers of a step: H of every noise by quadrature, or one sign for every pair.
  const pairs = (m * (m - 1)) / 2;
  const { integrals: kind } = method;
  const radices = [
    ...new Array<number>(m).fill(12),
    ...(kind === 'spaceTime' ? new Array<number>(m).fill(12) : []),
    ...(kind === 'weakLevyArea' ? new Array<number>(pairs).fill(2) : []),
  ];
  const paths = radices.reduce((product, radix) => product * radix, 1);
  const digit = (p: number, j: number): number => {
    let rest = p;
    for (let i = 0; i < j; i++) rest = Math.floor(rest / radices[i]);
    return rest % radices[j];
  };
  const { final } = integrate(problem, {
    method,
    x0,
    t1: h,
    steps: 1,
    paths,
    increments: (_step, dW, integrals) => {
      for (let i = 0; i < dW.length; i++)
        dW[i] = Math.sqrt(h) * rule.nodes[digit(i % paths, Math.floor(i / paths))];
      if (!integrals?.length) return;
      for (let p = 0; p < paths; p++) {
        for (let j = 0; j < m; j++) {
          const w = dW[j * paths + p];
          if (kind === 'spaceTime') {
            const H = Math.sqrt(h / 12) * rule.nodes[digit(p, m + j)];
            integrals[j * paths + p] = h * (0.5 * w + H);
            continue;
          }
          for (let k = 0; k < m; k++) {
            const sign = j < k ? 1 : -1;
            const V = j === k ? -h : sign * h * (2 * digit(p, m + j + k - 1) - 1);
            integrals[(j * m + k) * paths + p] = 0.5 * (w * dW[k * paths + p] + V);
          }
        }
      }
    },
  });
  let mean = 0;
  for (let p = 0; p < paths; p++) {
    let weight = 1;
    radices.forEach((radix, j) => {
      weight *= radix === 2 ? 0.5 : rule.weights[digit(p, j)];
    });
    mean += weight * phi(Array.from(x0, (_, i) => final[i * paths + p]));
  }
  return mean;
}
