import { ArgumentError, allFinite, checkFinite, checkInteger, NumericalError } from '@sntk/errors';
import type { Rng } from '@sntk/random';
import type { IncrementSource } from './brownian-increments.ts';
import type { Method } from './method.ts';
import { type MethodName, suitableMethod } from './methods/registry.ts';
import { checkProblem, type SdeProblem } from './problem.ts';
import { betweenSteps, missingIntegrals, stepNoise } from './step-noise.ts';
import { stoppingOf } from './stopping.ts';
import { type GridOptions, placeOf, savedTimes, timeAt, timeGrid } from './time-grid.ts';

/** How to integrate a problem. */
export interface IntegrateOptions extends GridOptions {
  /** A method of `methods`, by name or as it is, or one of your own. */
  readonly method: Method | MethodName;
  /** Start: `[dimension]`, the same for all paths, or `[dimension, paths]`. */
  readonly x0: ArrayLike<number>;
  /** Number of paths, 1 unless told. */
  readonly paths?: number;
  /** Address of the first path, 0 unless told: a worker that has paths 64 … 127 passes 64. */
  readonly firstPath?: number;
  /** Where the noise comes from; needed unless the problem has none or `increments` is given. */
  readonly rng?: Rng;
  /** Brownian increments of your own, of variance h; in place of `rng`. */
  readonly increments?: IncrementSource;
  /**
   * Times to keep, ascending, or 'all' of the grid; none but the end unless told. States between steps have the order of
   * the method, but strong order 1 at most unless it takes ∫W dt. They do not change the steps.
   */
  readonly saveAt?: readonly number[] | 'all';
  /** Keeps the state of every step, so that `at` can answer any time. */
  readonly dense?: boolean;
  /**
   * A path stops at the end of the step where this first is ≤ 0, and keeps that state; it sees `[dimension]` of one path.
   * `integrateAdaptive` finds the time more closely.
   */
  readonly stopWhen?: (t: number, x: Float64Array) => number;
  /** Called after every step with the state `[dimension, paths]`, which is valid until it returns. */
  readonly onStep?: (done: {
    readonly step: number;
    readonly time: number;
    readonly state: Float64Array;
  }) => void;
  /** Called about a hundred times, and at the end. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Stops the integration with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What came out. */
export interface Solution {
  /** The times kept. */
  readonly times: Float64Array;
  /** The states at those times, `[dimension, paths]` each. */
  readonly states: readonly Float64Array[];
  /** The state at the end, `[dimension, paths]`, and each path's end: t1, or where `stopWhen` stopped it. */
  readonly final: Float64Array;
  readonly endTimes: Float64Array;
  /** The state at any time from t0 to t1, `[dimension, paths]`; needs `dense`. Values are those that `saveAt` gives. */
  at(time: number): Float64Array;
}

const WHERE = 'integrate';

/**
 * Integrates a stochastic or ordinary differential equation with equal steps, many paths at once.
 *
 * Path p draws from `rng.split(firstPath + p)` by step number, so a block of paths gives the same bits whether it is
 * integrated alone or as part of a larger one.
 *
 * @throws ArgumentError for a method that does not fit the problem (the fitting ones are listed), dimensions or times
 * that do not fit
 * @throws NumericalError when a state stops being finite; `details` has `time`, `step`, `path` and `lastFinite`, the
 * path's last finite state `[dimension]`
 *
 * @example
 * ```ts
 * import { createRng } from '@sntk/random';
 * import { integrate } from '@sntk/sde';
 * import { geometricBrownianMotion } from '@sntk/sde/problems';
 *
 * const stock = geometricBrownianMotion({ rate: 0.05, volatility: 0.2 });
 * const { final } = integrate(stock, {
 *   method: 'milstein', x0: [100], t1: 1, steps: 50, paths: 1000, rng: createRng(1),
 * });
 * console.log((final.reduce((sum, x) => sum + x) / 1000).toFixed(0)); // 105
 * ```
 */
export function integrate(problem: SdeProblem, options: IntegrateOptions): Solution {
  const run = steps(problem, options);
  for (;;) {
    const { done, value } = run.next();
    if (done) return value;
  }
}

/** Time between two pauses of {@link integrateAsync}, in milliseconds. */
const SLICE = 12;

/**
 * The same as `integrate`, bit for bit, with a pause every few milliseconds, so that a page stays responsive, progress
 * can be shown, and `signal` can be raised from outside.
 *
 * @returns a promise that rejects with what `integrate` throws
 *
 * @example
 * ```ts
 * import { createRng } from '@sntk/random';
 * import { integrateAsync } from '@sntk/sde';
 * import { ornsteinUhlenbeck } from '@sntk/sde/problems';
 *
 * const problem = ornsteinUhlenbeck({ rate: 1, volatility: 0.5 });
 * const { final } = await integrateAsync(problem, {
 *   method: 'exponentialEuler', x0: [3], t1: 2, steps: 200, rng: createRng(1),
 * });
 * console.log(final.length); // 1
 * ```
 */
export async function integrateAsync(problem: SdeProblem, options: IntegrateOptions): Promise<Solution> {
  const run = steps(problem, options);
  let resumed = performance.now();
  for (;;) {
    const { done, value } = run.next();
    if (done) return value;
    if (performance.now() - resumed > SLICE) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      resumed = performance.now();
    }
  }
}

/** One step at every `next`. */
function* steps(problem: SdeProblem, options: IntegrateOptions): Generator<undefined, Solution, undefined> {
  checkProblem(WHERE, problem);
  const { paths = 1, firstPath = 0, dense = false, onStep, onProgress, signal } = options;
  checkInteger(WHERE, 'options.paths', paths, 1);
  checkInteger(WHERE, 'options.firstPath', firstPath);
  const grid = timeGrid(WHERE, options);
  const keep = savedTimes(WHERE, grid, options.saveAt, options.increments === undefined);
  const method = suitableMethod(WHERE, options.method, problem);
  const step = method.prepare(problem, paths, grid.h);
  const noise = stepNoise(problem, options, method, grid);
  const { dW, integrals } = noise;
  const between = betweenSteps(problem, method, paths, noise);
  const { dimension } = problem;
  const stopping = options.stopWhen && stoppingOf(WHERE, { dimension, paths, firstPath }, options.stopWhen);

  let state = startState(WHERE, { dimension, paths }, options.x0);
  let next: Float64Array = new Float64Array(state.length);
  const states: Float64Array[] = [];
  const all: Float64Array[] = [];
  const save = (k: number): void => {
    if (dense) all.push(state.slice());
    if (keep[states.length]?.step === k && keep[states.length].part === 0) states.push(state.slice());
  };
  save(0);
  let running = stopping?.check(grid.t0, state) ?? true;
  const stride = Math.max(1, Math.ceil(grid.steps / 100));
  for (let k = 0; k < grid.steps && running; k++) {
    signal?.throwIfAborted();
    const t = timeAt(grid, k);
    const time = timeAt(grid, k + 1);
    noise.draw?.(k, dW, integrals);
    if (k === 0 && !allFinite(integrals)) throw missingIntegrals(method);
    step(t, state, dW, next, integrals);
    stopping?.hold(t, state, next);
    if (!allFinite(next))
      throw divergence({ state, next, paths, firstPath, step: k + 1, time, method: method.name });
    while (keep[states.length]?.step === k) {
      const inside = between({ t, h: grid.h, x: state, next }, k, keep[states.length].part);
      stopping?.hold(t, state, inside);
      states.push(inside);
    }
    [state, next] = [next, state];
    save(k + 1);
    running = stopping?.check(time, state) ?? true;
    onStep?.({ step: k + 1, time, state });
    const last = k + 1 === grid.steps || !running;
    if (last || (k + 1) % stride === 0) onProgress?.({ done: last ? grid.steps : k + 1, total: grid.steps });
    yield undefined;
  }
  while (states.length < keep.length) states.push(state.slice());
  const at = (time: number): Float64Array => {
    if (!dense) throw notDense('integrate');
    const { step: k, part } = placeOf('integrate, at', 'time', time, grid, options.increments === undefined);
    // All paths may have stopped before.
    if (part === 0 || k + 1 >= all.length) return all[Math.min(k, all.length - 1)].slice();
    noise.draw?.(k, dW, integrals);
    const t = timeAt(grid, k);
    const inside = between({ t, h: grid.h, x: all[k], next: all[k + 1] }, k, part);
    stopping?.hold(t, all[k], inside);
    return inside;
  };
  const end = timeAt(grid, grid.steps);
  const endTimes = Float64Array.from({ length: paths }, (_, p) =>
    Math.min(end, stopping?.endTimes[p] ?? end),
  );
  return { times: Float64Array.from(keep, ({ time }) => time), states, final: state, endTimes, at };
}

/** The start of every path, `[dimension, paths]`, from one for all or one for each. */
export function startState(
  where: string,
  { dimension, paths }: { readonly dimension: number; readonly paths: number },
  x0: ArrayLike<number>,
): Float64Array {
  const size = dimension * paths;
  if (x0.length !== dimension && x0.length !== size) {
    throw new ArgumentError({
      where,
      argument: 'options.x0',
      wanted: `of length ${dimension} (dimension) or ${size} (dimension × paths)`,
      got: `length ${x0.length}`,
    });
  }
  checkFinite(where, 'options.x0', x0);
  return Float64Array.from({ length: size }, (_, i) =>
    x0.length === size ? x0[i] : x0[Math.floor(i / paths)],
  );
}

/** The refusal to say what the state was at times that were not kept. */
export function notDense(where: string): ArgumentError {
  return new ArgumentError({
    where: `${where}, at`,
    argument: 'options.dense',
    wanted: 'true, for states at any time',
    got: false,
    fix: 'pass { dense: true }, or the times in saveAt',
  });
}

function divergence(found: {
  readonly state: Float64Array;
  readonly next: Float64Array;
  readonly paths: number;
  readonly firstPath: number;
  readonly step: number;
  readonly time: number;
  readonly method: string;
}): NumericalError {
  const { state, next, paths, firstPath, step, time, method } = found;
  const local = next.findIndex((value) => !Number.isFinite(value)) % paths;
  const lastFinite = state.filter((_, i) => i % paths === local);
  const size = Math.sqrt(lastFinite.reduce((sum, value) => sum + value * value, 0));
  return new NumericalError({
    where: WHERE,
    found: `path ${firstPath + local} is not finite after step ${step} (time ${time}) of ${method}; the step before its norm was ${size.toPrecision(3)}`,
    fix: 'take smaller steps, or a method that treats the stiff part exactly',
    details: { time, step, path: firstPath + local, lastFinite },
  });
}
