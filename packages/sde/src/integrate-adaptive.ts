import {
  ArgumentError,
  checkFinite,
  checkInteger,
  checkLength,
  checkPositive,
  NumericalError,
} from '@sntk/errors';
import type { Rng } from '@sntk/random';
import { brownianPath } from './brownian-path.ts';
import type { Method, VariableStep } from './method.ts';
import { type MethodName, suitableMethod } from './methods/registry.ts';
import { checkProblem, type SdeProblem } from './problem.ts';

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
  /** Times to keep, ascending, any of [t0, t1]; every path steps onto them. */
  readonly saveAt?: readonly number[];
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
}

const WHERE = 'integrateAdaptive';

/** Step ends are multiples of the interval's 2^-DEPTH, which is as far as a path is refined. */
const DEPTH = 32;

/** A step is made this part of what the estimate allows, and changes by no more than these factors. */
const SAFETY = 0.9;
const SMALLEST = 0.2;
const LARGEST = 5;

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
  const { t0 = 0, t1, paths = 1, firstPath = 0, saveAt = [], rng, signal } = options;
  checkInteger(WHERE, 'options.paths', paths, 1);
  checkInteger(WHERE, 'options.firstPath', firstPath);
  checkFinite(WHERE, 'options.t0', [t0]);
  checkFinite(WHERE, 'options.t1', [t1]);
  if (t1 <= t0) {
    throw new ArgumentError({ where: WHERE, argument: 'options.t1', wanted: `above t0 = ${t0}`, got: t1 });
  }
  const method = adaptiveMethod(problem, options.method);
  const { dimension: d, noiseDimension, noise } = problem;
  if (noise !== 'none' && rng === undefined) {
    throw new ArgumentError({ where: WHERE, argument: 'options.rng', wanted: 'given', got: rng });
  }
  checkFinite(WHERE, 'options.x0', options.x0);
  if (options.x0.length !== d) checkLength(WHERE, 'options.x0', options.x0, d * paths, 'dimension × paths');
  const stops = saveAt.map((time, k) => savedTick(time, k, options));
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
    const each = options.x0.length === d ? 1 : paths;
    const start = Float64Array.from({ length: d }, (_, i) => options.x0[each === 1 ? i : i * paths + p]);
    const run = followPath({
      problem,
      step,
      control,
      start,
      stops,
      name: firstPath + p,
      draw: (from, to, dW, dZ) => path?.increment(from, to, dW, dZ),
      save: (k, x) => put(x, states[k], p),
    });
    put(run.state, final, p);
    endTimes[p] = run.time;
    accepted[p] = run.accepted;
    rejected[p] = run.rejected;
  }
  return { times: Float64Array.from(saveAt), states, final, endTimes, accepted, rejected };
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
  if (!(time >= t0 && time <= t1) || late) {
    throw new ArgumentError({
      where: WHERE,
      argument: `options.saveAt[${k}]`,
      wanted: `a time from ${t0} to ${t1}, after the one before`,
      got: time,
    });
  }
  return Math.round(((time - t0) / (t1 - t0)) * 2 ** DEPTH);
}

interface Control {
  readonly t0: number;
  /** Length of the finest step. */
  readonly tick: number;
  readonly absolute: number;
  readonly relative: number;
  readonly firstStep: number;
  readonly maxSteps: number;
  readonly order: { readonly noise: number; readonly none: number };
  readonly stopWhen: AdaptiveOptions['stopWhen'];
  readonly signal: AbortSignal | undefined;
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

/** One path from tick 0 to tick 2^DEPTH. */
function followPath(run: {
  readonly problem: SdeProblem;
  readonly step: VariableStep;
  readonly control: Control;
  readonly start: Float64Array;
  readonly stops: readonly number[];
  readonly name: number;
  readonly draw: (from: number, to: number, dW: Float64Array, dZ: Float64Array) => void;
  readonly save: (k: number, x: Float64Array) => void;
}): { state: Float64Array; time: number; accepted: number; rejected: number } {
  const { problem, step, control, start, stops, name, draw, save } = run;
  const { t0, tick, absolute, relative, stopWhen } = control;
  const { dimension, noiseDimension, noise } = problem;
  const power = noise === 'none' ? control.order.none : control.order.noise;
  const end = 2 ** DEPTH;
  const dW = new Float64Array(noiseDimension);
  const dZ = new Float64Array(noiseDimension);
  const error = new Float64Array(dimension);
  let state = start;
  let next: Float64Array = new Float64Array(dimension);
  let at = 0;
  let saved = 0;
  let accepted = 0;
  let rejected = 0;
  let lastError = 1;
  let wanted = Math.max(1, Math.min(end, Math.round(control.firstStep / tick)));
  // Once the sign has changed, no step may reach beyond this tick.
  let barrier = end;
  const fail = (found: string, fix: string): NumericalError =>
    new NumericalError({
      where: WHERE,
      found: `path ${name} at time ${t0 + at * tick} ${found}`,
      fix,
      details: { time: t0 + at * tick, path: name, lastFinite: state.slice() },
    });
  const keep = (upTo: number): void => {
    while (saved < stops.length && stops[saved] <= upTo) save(saved++, state);
  };
  keep(0);
  const stopped = (t: number, x: Float64Array): boolean => {
    if (!stopWhen) return false;
    const value = stopWhen(t, x);
    if (Number.isNaN(value)) throw fail('has stopWhen not a number', 'return a number for every state');
    return value <= 0;
  };
  let done = stopped(t0, state);
  while (!done && at < end) {
    control.signal?.throwIfAborted();
    if (accepted + rejected >= control.maxSteps) {
      throw fail(`has taken ${control.maxSteps} steps`, 'allow more error, or raise options.maxSteps');
    }
    const limit = Math.min(saved < stops.length ? stops[saved] : end, barrier);
    const size = Math.min(wanted, limit - at);
    const h = size * tick;
    draw(at * tick, (at + size) * tick, dW, dZ);
    step(t0 + at * tick, h, state, dW, next, dZ, error);
    let worst = 0;
    for (let i = 0; i < dimension; i++) {
      const scale = absolute + relative * Math.max(Math.abs(state[i]), Math.abs(next[i]));
      const part = Math.abs(error[i]) / scale;
      // Written so that NaN counts as a refusal.
      if (!(part <= worst)) worst = part;
    }
    const finite = Number.isFinite(worst) && next.every(Number.isFinite);
    if (!finite || worst > 1) {
      rejected++;
      const factor = finite ? Math.max(SMALLEST, SAFETY * worst ** (-1 / power)) : SMALLEST;
      if (size <= 1) throw fail('needs steps below 2^-32 of the interval', 'allow more error');
      wanted = Math.max(1, Math.floor(size * factor));
      continue;
    }
    const hit = stopped(t0 + (at + size) * tick, next);
    if (hit && size > 1) {
      // The zero lies within: half the step, with half of this path's own increment.
      barrier = at + size;
      wanted = Math.max(1, Math.floor(size / 2));
      rejected++;
      continue;
    }
    accepted++;
    at += size;
    [state, next] = [next, state];
    done = hit;
    keep(at);
    const floor = Math.max(worst, 1e-10);
    const factor = SAFETY * floor ** (-0.7 / power) * lastError ** (0.4 / power);
    lastError = floor;
    const allowed = Math.round(size * Math.min(LARGEST, Math.max(SMALLEST, factor)));
    // A step cut short to meet a saved time says little against the one that was wanted.
    wanted = Math.max(1, Math.min(end, size < wanted ? Math.max(wanted, allowed) : allowed));
    if (barrier < end) {
      // Bisection: no step beyond half of what is left to the tick where the sign had changed.
      if (at >= barrier) barrier = end;
      else wanted = Math.min(wanted, Math.max(1, Math.floor((barrier - at) / 2)));
    }
  }
  keep(end);
  return { state: state.slice(), time: t0 + at * tick, accepted, rejected };
}
