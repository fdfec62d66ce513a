import { ArgumentError, checkFinite, checkInteger, checkPositive, NumericalError } from '@sntk/errors';
import type { Rng } from '@sntk/random';
import { brownianIncrements, type IncrementSource } from './brownian-increments.ts';
import { integrate } from './integrate.ts';
import type { Method } from './method.ts';
import { type MethodName, suitableMethod } from './methods/registry.ts';
import type { SdeProblem } from './problem.ts';
import { type RunningMoments, runningMoments } from './running-moments.ts';

/** What is to be estimated, and how closely. */
export interface MultilevelOptions {
  /** A method of increments alone or of ∫W dt. */
  readonly method: Method | MethodName;
  /** Start `[dimension]` of every path. */
  readonly x0: ArrayLike<number>;
  readonly t1: number;
  /** Steps on the coarsest level, doubled at each; 1 unless told. */
  readonly steps?: number;
  /** The wanted root mean square error, statistical and of the steps together. */
  readonly accuracy: number;
  /** Writes φ(x(t1)) `[paths]` of the states `[dimension, paths]`. */
  readonly payoff: (x: Float64Array, out: Float64Array, paths: number) => void;
  readonly rng: Rng;
  /** Paths a level starts with, 500 unless told, and the finest level allowed, 12 unless told. */
  readonly firstPaths?: number;
  readonly maxLevel?: number;
}

/** One level: the mean and variance over paths of φ_l − φ_{l−1}. */
export interface MultilevelLevel {
  readonly steps: number;
  readonly paths: number;
  readonly mean: number;
  readonly variance: number;
}

/** The estimate and where it comes from. */
export interface MultilevelEstimate {
  readonly mean: number;
  readonly standardError: number;
  /** Estimate of what the finest steps leave out, from the last levels. */
  readonly bias: number;
  readonly levels: readonly MultilevelLevel[];
  /** Steps of all paths together. */
  readonly cost: number;
}

const WHERE = 'multilevelMean';

/** Paths integrated at once. */
const BLOCK = 500;

interface Sums {
  readonly steps: number;
  /** Of φ_l − φ_{l−1}. */
  readonly moments: RunningMoments;
}

/**
 * E φ(x(t1)) by multilevel Monte Carlo: few paths with fine steps, many with coarse ones, on shared Brownian paths.
 *
 * E φ_L = E φ_0 + Σ_l E(φ_l − φ_{l−1}), where a pair shares its path and differs by a factor 2 in its steps. Numbers of
 * paths follow N_l ∝ √(V_l/C_l), so that the statistical variance is half of accuracy²; levels are added until
 * |E(φ_L − φ_{L−1})|/(2^α − 1), with α the method's weak order, is below accuracy/√2. Path p of level l draws from
 * `rng.split(l).split(p)`.
 *
 * @throws NumericalError when the finest level allowed is not fine enough; ArgumentError for methods with Lévy areas and
 * for payoffs that are not finite
 *
 * Source: Giles, "Multilevel Monte Carlo Path Simulation".
 *
 * @example
 * ```ts
 * import { createRng } from '@sntk/random';
 * import { geometricBrownianMotion } from '@sntk/sde/problems';
 * import { multilevelMean } from '@sntk/sde/statistics';
 *
 * const { mean } = multilevelMean(geometricBrownianMotion({ rate: 0.05, volatility: 0.2 }), {
 *   method: 'milstein', x0: [1], t1: 1, accuracy: 0.002, rng: createRng(1),
 *   payoff: (x, out) => out.set(x.map((v) => Math.max(0, v - 1))),
 * });
 * // Black and Scholes: e^{0.05} 0.10451 = 0.10986.
 * console.log(Math.abs(mean - 0.10986) < 0.006); // true
 * ```
 */
export function multilevelMean(problem: SdeProblem, options: MultilevelOptions): MultilevelEstimate {
  const { steps: coarsest = 1, firstPaths = BLOCK, maxLevel = 12 } = options;
  const accuracy = checkPositive(WHERE, 'options.accuracy', options.accuracy);
  checkInteger(WHERE, 'options.steps', coarsest, 1);
  checkInteger(WHERE, 'options.firstPaths', firstPaths, 2);
  checkInteger(WHERE, 'options.maxLevel', maxLevel, 2);
  const method = suitableMethod(WHERE, options.method, problem);
  if (method.integrals !== undefined && method.integrals !== 'spaceTime') {
    throw new ArgumentError({
      where: WHERE,
      argument: 'options.method',
      wanted: 'a method of increments alone or of ∫W dt, which can be added up to coarser steps',
      got: `${method.name}, which takes ${method.integrals} integrals`,
    });
  }
  const { weak } = method.orders[problem.noise]!;
  const levels: Sums[] = [];
  const bias = (): number => {
    // The level before, carried on at the same rate, guards against a last difference that is small by chance.
    const mean = (l: number): number => Math.abs(meanOf(levels[l]));
    const last = levels.length - 1;
    return Math.max(mean(last), mean(last - 1) / 2 ** weak) / (2 ** weak - 1);
  };
  for (let finest = 2; ; finest++) {
    while (levels.length <= finest) {
      levels.push({ steps: coarsest * 2 ** levels.length, moments: runningMoments(1) });
      extend(problem, options, method, levels, levels.length - 1, firstPaths);
    }
    // Variances change as paths are added, so the numbers are worked out until they stand.
    for (let missing = true; missing; ) {
      missing = false;
      const total = levels.reduce((sum, level) => sum + Math.sqrt(variance(level) * level.steps), 0);
      levels.forEach((level, l) => {
        const wanted = Math.ceil((2 * total * Math.sqrt(variance(level) / level.steps)) / accuracy ** 2);
        if (wanted <= level.moments.count) return;
        extend(problem, options, method, levels, l, wanted);
        missing = true;
      });
    }
    if (bias() <= accuracy / Math.SQRT2) break;
    if (finest === maxLevel) {
      throw new NumericalError({
        where: WHERE,
        found: `${coarsest * 2 ** finest} steps leave an error of about ${bias().toExponential(1)}`,
        fix: 'ask for less accuracy, allow more levels, or take a method of higher order',
        details: { bias: bias() },
      });
    }
  }
  return {
    mean: levels.reduce((sum, level) => sum + meanOf(level), 0),
    standardError: Math.sqrt(levels.reduce((sum, level) => sum + variance(level) / level.moments.count, 0)),
    bias: bias(),
    levels: levels.map((level) => ({
      steps: level.steps,
      paths: level.moments.count,
      mean: meanOf(level),
      variance: variance(level),
    })),
    cost: levels.reduce((sum, { steps, moments }, l) => sum + moments.count * (l > 0 ? 1.5 : 1) * steps, 0),
  };
}

function meanOf({ moments }: Sums): number {
  return moments.mean()[0];
}

function variance({ moments }: Sums): number {
  return moments.variance()[0];
}

/** Adds paths to a level until it has `wanted`. */
function extend(
  problem: SdeProblem,
  options: MultilevelOptions,
  method: Method,
  levels: readonly Sums[],
  l: number,
  wanted: number,
): void {
  const { x0, t1, payoff, rng } = options;
  const level = levels[l];
  while (level.moments.count < wanted) {
    const firstPath = level.moments.count;
    const paths = Math.min(BLOCK, wanted - firstPath);
    const { integrals } = method;
    const fine = brownianIncrements({
      rng: rng.split(l),
      noiseDimension: problem.noiseDimension,
      paths,
      firstPath,
      step: t1 / level.steps,
      ...(integrals && { integrals }),
    });
    const value = (steps: number, increments: IncrementSource): Float64Array => {
      const { final } = integrate(problem, { method, x0, t1, steps, paths, increments });
      const out = new Float64Array(paths);
      payoff(final, out, paths);
      checkFinite(WHERE, 'options.payoff', out);
      return out;
    };
    const found = value(level.steps, fine);
    if (l > 0) {
      const coarse = value(level.steps / 2, pairs(fine, t1 / level.steps));
      for (let p = 0; p < paths; p++) found[p] -= coarse[p];
    }
    level.moments.push(found, paths);
  }
}

/** Steps of twice the length on the same path. */
function pairs(fine: IncrementSource, h: number): IncrementSource {
  let [first, firstZ] = [new Float64Array(0), new Float64Array(0)];
  return (step, dW, dZ) => {
    if (first.length !== dW.length) {
      first = new Float64Array(dW.length);
      firstZ = new Float64Array(dZ?.length ?? 0);
    }
    fine(2 * step, first, firstZ);
    fine(2 * step + 1, dW, dZ);
    for (let i = 0; i < firstZ.length; i++) dZ![i] += firstZ[i] + h * first[i];
    for (let i = 0; i < dW.length; i++) dW[i] += first[i];
  };
}
