import { ArgumentError, checkInteger, checkPositive, NumericalError } from '@sntk/errors';
import type { Rng } from '@sntk/random';
import { integrate } from '../integrate.ts';
import type { Method } from '../method.ts';
import { type MethodName, suitableMethod } from '../methods/registry.ts';
import type { SdeProblem } from '../problem.ts';
import type { ReferenceProblem } from '../problems/reference-problem.ts';
import { coupledNoise } from './coupled-noise.ts';

/** What stands for the exact solution when the problem has no `solution`. */
export interface Reference {
  /** It takes t1 / 2^level a step, on the same paths. */
  readonly level: number;
  /** The method of the reference and, for one of the other calculus, the problem in that form; as measured unless told. */
  readonly method?: Method | MethodName;
  readonly problem?: SdeProblem;
}

/** A problem, with its solution as a function of W if it is known. */
type Measured = SdeProblem & Pick<ReferenceProblem, 'solution'>;

/** How an order is measured. */
export interface ConvergenceOptions {
  readonly method: Method | MethodName;
  /** Start of every path, `[dimension]`. */
  readonly x0: readonly number[];
  /** Errors are taken at this time; the start is 0. */
  readonly t1: number;
  /** Step sizes are t1 / 2^level; at least two levels, ascending. */
  readonly levels: readonly number[];
  /** Paths a batch, and batches; 10 of them unless told. */
  readonly paths: number;
  readonly batches?: number;
  readonly rng: Rng;
  /** Needed unless the problem has a `solution`. */
  readonly reference?: Reference;
}

/** Errors by step size, and the order they show. */
export interface Convergence {
  /** Step sizes, and errors with their standard errors. */
  readonly steps: Float64Array;
  readonly errors: Float64Array;
  readonly standardErrors: Float64Array;
  /** Slope of log error over log step by least squares, and its standard error. */
  readonly order: number;
  readonly orderError: number;
}

/**
 * Measures a method's strong order: how (E|x_h(t1) − x(t1)|²)^½ falls with the step size h, all on the same Brownian paths.
 *
 * Standard errors come from leaving out one batch of paths after another (the jackknife).
 *
 * @throws ArgumentError for a method that does not fit, levels that do not ascend, or no reference where one is needed
 * @throws NumericalError when an error is 0, as for a method that is exact
 *
 * Source: Kloeden and Platen, "Numerical Solution of Stochastic Differential Equations"; for the errors, Efron, "The
 * Jackknife, the Bootstrap and Other Resampling Plans".
 *
 * @example
 * ```ts
 * import { createRng } from '@sntk/random';
 * import { strongConvergence } from '@sntk/sde/analysis';
 * import { geometricBrownianMotion } from '@sntk/sde/problems';
 *
 * const problem = geometricBrownianMotion({ rate: 0.5, volatility: 0.5 });
 * const { order, orderError } = strongConvergence(problem, {
 *   method: 'milstein', x0: [1], t1: 1, levels: [4, 5, 6, 7], paths: 100, rng: createRng(1),
 * });
 * console.log(Math.abs(order - 1) < 0.1, orderError < 0.05); // true true
 * ```
 */
export function strongConvergence(problem: Measured, options: ConvergenceOptions): Convergence {
  return convergence('strongConvergence', problem, options, {
    batch(x, exact) {
      let sum = 0;
      for (let i = 0; i < x.length; i++) sum += (x[i] - exact[i]) ** 2;
      return sum / options.paths;
    },
    error: Math.sqrt,
  });
}

/**
 * Measures a method's weak order: how |E φ(x_h(t1)) − E φ(x(t1))| falls with the step size h.
 *
 * The exact solution on the same paths takes out most of the scatter; what is left shrinks with the square root of the
 * paths, so that weak orders of 2 ask for many. `stepExpectation` measures those of one step without scatter.
 *
 * @param options.observe writes φ(x) `[paths]` of the states `[dimension, paths]`; the first coordinate unless told
 * @throws ArgumentError as `strongConvergence` does
 *
 * Source: as for `strongConvergence`.
 *
 * @example
 * ```ts
 * import { createRng } from '@sntk/random';
 * import { weakConvergence } from '@sntk/sde/analysis';
 * import { geometricBrownianMotion } from '@sntk/sde/problems';
 *
 * const problem = geometricBrownianMotion({ rate: 0.5, volatility: 0.2 });
 * const { order } = weakConvergence(problem, {
 *   method: 'eulerMaruyama', x0: [1], t1: 1, levels: [3, 4, 5, 6], paths: 1000, rng: createRng(1),
 * });
 * console.log(Math.abs(order - 1) < 0.1); // true
 * ```
 */
export function weakConvergence(
  problem: Measured,
  options: ConvergenceOptions & {
    readonly observe?: (x: Float64Array, out: Float64Array, paths: number) => void;
  },
): Convergence {
  const { paths, observe = (x, out) => out.set(x.subarray(0, paths)) } = options;
  checkInteger('weakConvergence', 'options.paths', paths, 1);
  const [a, b] = [new Float64Array(paths), new Float64Array(paths)];
  return convergence('weakConvergence', problem, options, {
    batch(x, exact) {
      observe(x, a, paths);
      observe(exact, b, paths);
      let sum = 0;
      for (let p = 0; p < paths; p++) sum += a[p] - b[p];
      return sum / paths;
    },
    error: Math.abs,
  });
}

/** The mean of a batch of paths, and how the error follows from the mean of all batches. */
interface Measure {
  batch(x: Float64Array, exact: Float64Array): number;
  error(mean: number): number;
}

function convergence(
  where: string,
  problem: Measured,
  options: ConvergenceOptions,
  measure: Measure,
): Convergence {
  const { x0, t1, levels, batches = 10, rng, reference } = options;
  checkOptions(where, problem, options);
  const method = suitableMethod(where, options.method, problem);
  const exactProblem = reference?.problem ?? problem;
  const exactMethod =
    reference && suitableMethod(`${where}, reference`, reference.method ?? method, exactProblem);
  // means[i][b]: level i, batch b.
  const means = levels.map(() => new Float64Array(batches));
  for (let b = 0; b < batches; b++) {
    const noise = coupledNoise({
      rng: rng.split(b),
      noiseDimension: problem.noiseDimension,
      paths: options.paths,
      duration: t1,
      depth: Math.max(...levels, reference?.level ?? 0),
      kinds: [method.integrals, exactMethod?.integrals],
    });
    const { paths } = options;
    const run = (of: SdeProblem, by: Method, level: number): Float64Array => {
      const increments = problem.noise === 'none' ? {} : { increments: noise.at(level, by.integrals) };
      return integrate(of, { method: by, x0, t1, steps: 2 ** level, paths, ...increments }).final;
    };
    const exact = exactMethod
      ? run(exactProblem, exactMethod, reference.level)
      : exactState(problem, x0, t1, paths, noise.W);
    levels.forEach((level, i) => {
      means[i][b] = measure.batch(run(problem, method, level), exact);
    });
  }
  const steps = Float64Array.from(levels, (level) => t1 / 2 ** level);
  /** The errors that the batches but one show, or all. */
  const errorsWithout = (left: number): Float64Array =>
    Float64Array.from(means, (values) => {
      const rest = values.filter((_, b) => b !== left);
      return measure.error(rest.reduce((sum, value) => sum + value, 0) / rest.length);
    });
  const errors = errorsWithout(-1);
  const unfit = errors.findIndex((error) => !(error > 0 && error < Number.POSITIVE_INFINITY));
  if (unfit >= 0) {
    throw new NumericalError({
      where,
      found: `the error of ${method.name} with 2^${levels[unfit]} steps is ${errors[unfit]}, which has no logarithm`,
      fix: 'take a problem that the method does not solve exactly, and functions of finite values',
      details: { level: levels[unfit], error: errors[unfit] },
    });
  }
  const replicas = Array.from({ length: batches }, (_, b) => errorsWithout(b));
  return {
    steps,
    errors,
    standardErrors: errors.map((_, i) => jackknife(replicas.map((replica) => replica[i]))),
    order: slope(steps, errors),
    orderError: jackknife(replicas.map((replica) => slope(steps, replica))),
  };
}

function checkOptions(where: string, problem: Measured, options: ConvergenceOptions): void {
  const { t1, levels, paths, batches = 10, reference } = options;
  checkPositive(where, 'options.t1', t1);
  checkInteger(where, 'options.paths', paths, 1);
  checkInteger(where, 'options.batches', batches, 2);
  checkInteger(where, 'options.levels.length', levels.length, 2);
  levels.forEach((level, i) => {
    checkInteger(where, `options.levels[${i}]`, level);
    if (i > 0 && level <= levels[i - 1]) {
      throw new ArgumentError({ where, argument: 'options.levels', wanted: 'ascending', got: levels });
    }
  });
  if (reference) checkInteger(where, 'options.reference.level', reference.level, levels[levels.length - 1]);
  else if (!problem.solution) {
    throw new ArgumentError({
      where,
      argument: 'options.reference',
      wanted: 'given for a problem without a solution',
      got: reference,
      fix: 'pass { reference: { level } } with a level a few above the others',
    });
  }
}

function exactState(
  problem: Measured,
  x0: readonly number[],
  t1: number,
  paths: number,
  W: Float64Array,
): Float64Array {
  const exact = new Float64Array(problem.dimension * paths);
  const start = exact.map((_, i) => x0[Math.floor(i / paths)]);
  problem.solution!(t1, start, W, exact, paths);
  return exact;
}

/** Least-squares slope of log errors over log steps. */
function slope(steps: Float64Array, errors: Float64Array): number {
  const x = steps.map(Math.log);
  const centre = x.reduce((sum, v) => sum + v, 0) / x.length;
  let top = 0;
  let bottom = 0;
  x.forEach((v, i) => {
    top += (v - centre) * Math.log(errors[i]);
    bottom += (v - centre) ** 2;
  });
  return top / bottom;
}

/** The standard error of an estimate, from its values without one batch each. */
function jackknife(values: readonly number[]): number {
  const n = values.length;
  const mean = values.reduce((sum, v) => sum + v, 0) / n;
  return Math.sqrt(((n - 1) / n) * values.reduce((sum, v) => sum + (v - mean) ** 2, 0));
}
