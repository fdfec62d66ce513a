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
  const size = problem.noiseDimension * paths;
  const W = brownianMotion(
    createRng('orders').split(seed),
    problem.noiseDimension,
    paths,
    duration,
    2 ** depth,
  );
  const at = (level: number): Float64Array =>
    integrate(problem, {
      method,
      x0,
      t1: duration,
      steps: 2 ** level,
      paths,
      increments: (step, dW) => {
        const stride = size * 2 ** (depth - level);
        for (let i = 0; i < size; i++) dW[i] = W[(step + 1) * stride + i] - W[step * stride + i];
      },
    }).final;
  const states = levels.map(at);
  if (reference !== undefined) return { states, exact: at(reference) };
  const exact = new Float64Array(problem.dimension * paths);
  const start = Float64Array.from(exact, (_, i) => x0[Math.floor(i / paths)]);
  problem.solution!(duration, start, W.subarray(size << depth), exact, paths);
  return { states, exact };
}

/** W at 0, T/steps, …, T, `[steps + 1, noiseDimension, paths]`. */
function brownianMotion(
  rng: Rng,
  noiseDimension: number,
  paths: number,
  duration: number,
  steps: number,
): Float64Array {
  const size = noiseDimension * paths;
  const draw = brownianIncrements({ rng, noiseDimension, paths, step: duration / steps });
  const W = new Float64Array((steps + 1) * size);
  for (let k = 0; k < steps; k++) {
    const next = W.subarray((k + 1) * size, (k + 2) * size);
    draw(k, next);
    for (let i = 0; i < size; i++) next[i] += W[k * size + i];
  }
  return W;
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
  const paths = 12 ** m;
  const digit = (p: number, j: number): number => Math.floor(p / 12 ** j) % 12;
  const { final } = integrate(problem, {
    method,
    x0,
    t1: h,
    steps: 1,
    paths,
    increments: (_step, dW) => {
      for (let i = 0; i < dW.length; i++)
        dW[i] = Math.sqrt(h) * rule.nodes[digit(i % paths, Math.floor(i / paths))];
    },
  });
  let mean = 0;
  for (let p = 0; p < paths; p++) {
    let weight = 1;
    for (let j = 0; j < m; j++) weight *= rule.weights[digit(p, j)];
    mean += weight * phi(Array.from(x0, (_, i) => final[i * paths + p]));
  }
  return mean;
}
