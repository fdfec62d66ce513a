import { ArgumentError, checkInteger, checkPositive } from '@sntk/errors';
import type { Rng } from '@sntk/random';
import { type BrownianPath, brownianPath } from './brownian-path.ts';
import { type Control, DEPTH, followPath } from './follow-path.ts';
import { notDense, startState } from './integrate.ts';
import { interpolant } from './interpolant.ts';
import type { Method } from './method.ts';
import { type MethodName, suitableMethod } from './methods/registry.ts';
import { checkProblem, type SdeProblem } from './problem.ts';
import { checkInterval } from './time-grid.ts';

/** How to integrate with steps chosen by their error. */
export interface AdaptiveOptions {
  /** A method with an embedded error: sra1, sra3, sriw1, sriw2, dormandPrince, tsitouras, or one of your own. */
  readonly method: Method | MethodName;
  /** Start: `[dimension]`, the same for all paths, or `[dimension, paths]`. */
  readonly x0: ArrayLike<number>;
  /** Start, 0 unless told, and end of the time interval. */
  readonly t0?: number;
  readonly t1: number;
  /** Number of paths, 1 unless told, and the address of the first, 0 unless told. */
  readonly paths?: number;
  readonly firstPath?: number;
  /** Where the noise comes from; needed unless the problem has none. */
  readonly rng?: Rng;
  /** Errors of a step are measured in units of absolute + relative·|x|. 1e-4 and 1e-3 unless told. */
  readonly tolerance?: { readonly absolute?: number; readonly relative?: number };
  /** Length of the first step tried, a hundredth of the interval unless told. */
  readonly firstStep?: number;
  /** Steps a path may take, refused ones included; 100,000 unless told. */
  readonly maxSteps?: number;
  /** Times to keep, ascending, any of [t0, t1]; with noise every path steps onto them, without it is interpolated. */
  readonly saveAt?: readonly number[];
  /** Keeps the state of every step, so that `at` can answer any time. */
  readonly dense?: boolean;
  /** A path stops where this first is ≤ 0; it sees `[dimension]` of one path. */
  readonly stopWhen?: (t: number, x: Float64Array) => number;
  /** Stops the integration with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What came out; a path that has stopped keeps its last state. */
export interface AdaptiveSolution {
  /** The times kept, and the states then, `[dimension, paths]` each. */
  readonly times: Float64Array;
  readonly states: readonly Float64Array[];
  /** The state at the end, `[dimension, paths]`, and each path's end: t1, or where `stopWhen` stopped it. */
  readonly final: Float64Array;
  readonly endTimes: Float64Array;
  /** Steps taken and refused, by path. */
  readonly accepted: Int32Array;
  readonly rejected: Int32Array;
  /**
   * The state at any time from t0 to t1, `[dimension, paths]`, to the order of the method; needs `dense`. Without noise it
   * is the method's continuous extension, with noise a shorter step on the same path.
   */
  at(time: number): Float64Array;
}

const WHERE = 'integrateAdaptive';

/**
 * Integrates with steps chosen by an error estimate, every path with its own, by proportional-integral control.
 *
 * The noise is `brownianPath`, addressed by time: a refused step is tried again with a part of the same increment, so
 * refusals do not change the path's law, and a path's answer depends neither on the other paths nor on the block. At a
 * zero of `stopWhen` the step is halved down to 2^-32 of the interval.
 *
 * @throws ArgumentError for a method without an error estimate, and for Euler-like ones of strong order below 1: with
 * steps that depend on the increments they may tend to another limit (Gaines and Lyons)
 * @throws NumericalError when the steps fall below 2^-32 of the interval or are too many; `details` has `time`, `path`
 *
 * Source: Gaines and Lyons, "Variable Step Size Control in the Numerical Solution of Stochastic Differential Equations";
 * Söderlind, "Automatic Control and Adaptive Time-Stepping".
 *
 * @example
 * ```ts
 * import { createRng } from '@sntk/random';
 * import { integrateAdaptive } from '@sntk/sde';
 * import { geometricBrownianMotion } from '@sntk/sde/problems';
 *
 * const stock = geometricBrownianMotion({ rate: 0.05, volatility: 0.2 });
 * const { endTimes } = integrateAdaptive(stock, {
 *   method: 'sriw1', x0: [100], t1: 1, paths: 3, rng: createRng(1), stopWhen: (_t, x) => 1000 - x[0],
 * });
 * console.log(endTimes); // Float64Array(3) [ 1, 1, 1 ]
 * ```
 */
export function integrateAdaptive(problem: SdeProblem, options: AdaptiveOptions): AdaptiveSolution {
  checkProblem(WHERE, problem);
  const { t0 = 0, t1, paths = 1, firstPath = 0, saveAt = [], dense = false, rng, signal } = options;
  checkInteger(WHERE, 'options.paths', paths, 1);
  checkInteger(WHERE, 'options.firstPath', firstPath);
  checkInterval(WHERE, options);
  const method = adaptiveMethod(problem, options.method);
  const { dimension: d, noiseDimension, noise } = problem;
  if (noise !== 'none' && rng === undefined) {
    throw new ArgumentError({
      where: WHERE,
      argument: 'options.rng',
      wanted: 'given',
      got: rng,
      fix: "pass { rng: createRng(seed) } of '@sntk/random'",
    });
  }
  const x0 = startState(WHERE, { dimension: d, paths }, options.x0);
  const ticks = saveAt.map((time, k) => savedTick(time, k, options));
  const control = controlOf(method, options);
  const states = saveAt.map(() => new Float64Array(d * paths));
  const final = new Float64Array(d * paths);
  const endTimes = new Float64Array(paths);
  const accepted = new Int32Array(paths);
  const rejected = new Int32Array(paths);
  const put = (x: Float64Array, into: Float64Array, p: number): void => {
    for (let i = 0; i < d; i++) into[i * paths + p] = x[i];
  };
  const step = method.embedded!.prepare(problem, 1);
  const interpolate = interpolant(problem, method, 1);
  const [dW, W, Z] = [0, 1, 2].map(() => new Float64Array(noiseDimension));
  const x = new Float64Array(d);
  const tracks: Track[] = [];
  for (let p = 0; p < paths; p++) {
    signal?.throwIfAborted();
    const path =
      rng && noise !== 'none'
        ? brownianPath({
            rng,
            noiseDimension,
            paths: 1,
            firstPath: firstPath + p,
            duration: t1 - t0,
            depth: DEPTH,
          })
        : undefined;
    const start = Float64Array.from({ length: d }, (_, i) => x0[i * paths + p]);
    const track: Track = { path, ticks: [0], states: [start.slice()] };
    let saved = 0;
    const run = followPath({
      problem,
      step,
      control,
      start,
      stops: path ? ticks : [],
      name: firstPath + p,
      draw: (from, to, dW, dZ) => path?.increment(from, to, dW, dZ),
      save: (k, x) => put(x, states[k], p),
      accept(ends, tick) {
        if (dense) {
          track.ticks.push(tick);
          track.states.push(ends.next.slice());
        }
        if (path) return;
        for (; saved < saveAt.length && saveAt[saved] <= ends.t + ends.h; saved++) {
          interpolate(ends)((saveAt[saved] - ends.t) / ends.h, x, { dW, W, Z });
          put(x, states[saved], p);
        }
      },
    });
    put(run.state, final, p);
    if (!path) for (; saved < saveAt.length; saved++) put(run.state, states[saved], p);
    endTimes[p] = run.time;
    accepted[p] = run.accepted;
    rejected[p] = run.rejected;
    if (dense) tracks.push(track);
  }
  const at = (time: number): Float64Array => {
    if (!dense) throw notDense(WHERE);
    if (!within(time, t0, t1)) {
      const wanted = `from ${t0} to ${t1}`;
      throw new ArgumentError({ where: `${WHERE}, at`, argument: 'time', wanted, got: time });
    }
    const out = new Float64Array(d * paths);
    const { tick } = control;
    tracks.forEach(({ path, ticks: stops, states: held }, p) => {
      const place = (Math.min(t1, Math.max(t0, time)) - t0) / tick;
      const k = stops.findIndex((end) => end >= place);
      // Before the first step, or after the last of a path that has stopped.
      if (k <= 0) {
        put(held.at(k)!, out, p);
        return;
      }
      const [from, to] = [stops[k - 1], stops[k]];
      const theta = (place - from) / (to - from);
      if (path) {
        path.increment(from * tick, to * tick, dW);
        path.increment(from * tick, Math.round(place) * tick, W, Z);
      }
      const ends = { t: t0 + from * tick, h: (to - from) * tick, x: held[k - 1], next: held[k] };
      interpolate(ends)(theta, x, { dW, W, Z });
      put(x, out, p);
    });
    return out;
  };
  return { times: Float64Array.from(saveAt), states, final, endTimes, accepted, rejected, at };
}

/** One path's Brownian motion, if it has one, and where its steps ended, the start first. */
interface Track {
  readonly path: BrownianPath | undefined;
  readonly ticks: number[];
  readonly states: Float64Array[];
}

function adaptiveMethod(problem: SdeProblem, choice: Method | MethodName): Method {
  const method = suitableMethod(WHERE, choice, problem);
  const spaceTime = method.integrals === undefined || method.integrals === 'spaceTime';
  const strong = method.orders[problem.noise]!.strong;
  if (!method.embedded || !spaceTime || strong < 1) {
    throw new ArgumentError({
      where: WHERE,
      argument: 'options.method',
      wanted: 'a method with an embedded error and strong order of at least 1',
      got: `${method.name}, of order ${strong}, with which steps chosen by their noise need not converge`,
      fix: 'take sra1 or sra3 (additive noise), sriw1 or sriw2 (scalar, diagonal), dormandPrince or tsitouras (none)',
    });
  }
  return method;
}

/** The number of the finest step at which a saved time lies. */
function savedTick(time: number, k: number, { t0 = 0, t1, saveAt }: AdaptiveOptions): number {
  const late = k > 0 && !(time > saveAt![k - 1]);
  if (!within(time, t0, t1) || late) {
    throw new ArgumentError({
      where: WHERE,
      argument: `options.saveAt[${k}]`,
      wanted: `a time from ${t0} to ${t1}, after the one before`,
      got: time,
    });
  }
  return Math.min(2 ** DEPTH, Math.max(0, Math.round(((time - t0) / (t1 - t0)) * 2 ** DEPTH)));
}

/** Whether a time lies in the interval, up to the rounding of a sum or product that was to be one of its ends. */
function within(time: number, t0: number, t1: number): boolean {
  const rounding = 4 * Number.EPSILON * Math.max(Math.abs(t0), Math.abs(t1));
  return time >= t0 - rounding && time <= t1 + rounding;
}

function controlOf(method: Method, options: AdaptiveOptions): Control {
  const { t0 = 0, t1, tolerance = {}, maxSteps = 100_000 } = options;
  const { absolute = 1e-4, relative = 1e-3 } = tolerance;
  const firstStep = options.firstStep ?? (t1 - t0) / 100;
  return {
    t0,
    tick: (t1 - t0) / 2 ** DEPTH,
    absolute: checkPositive(WHERE, 'options.tolerance.absolute', absolute),
    relative: checkPositive(WHERE, 'options.tolerance.relative', relative),
    firstStep: checkPositive(WHERE, 'options.firstStep', firstStep),
    maxSteps: checkInteger(WHERE, 'options.maxSteps', maxSteps, 1),
    order: method.embedded!.order,
    stopWhen: options.stopWhen,
    signal: options.signal,
  };
}
