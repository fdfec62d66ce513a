import { NumericalError } from '@sntk/errors';
import type { StepEnds } from './interpolant.ts';
import type { VariableStep } from './method.ts';
import type { SdeProblem } from './problem.ts';

/** Step ends are multiples of the interval's 2^-DEPTH, which is as far as a path is refined. */
export const DEPTH = 32;

/** A step is made this part of what the estimate allows, and changes by no more than these factors. */
const SAFETY = 0.9;
const SMALLEST = 0.2;
const LARGEST = 5;

const WHERE = 'integrateAdaptive';

/** What rules the sizes of steps. */
export interface Control {
  readonly t0: number;
  /** Length of the finest step. */
  readonly tick: number;
  readonly absolute: number;
  readonly relative: number;
  readonly firstStep: number;
  readonly maxSteps: number;
  readonly order: { readonly noise: number; readonly none: number };
  readonly stopWhen: ((t: number, x: Float64Array) => number) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** One path from tick 0 to tick 2^DEPTH. */
export function followPath(run: {
  readonly problem: SdeProblem;
  readonly step: VariableStep;
  readonly control: Control;
  readonly start: Float64Array;
  readonly stops: readonly number[];
  readonly name: number;
  readonly draw: (from: number, to: number, dW: Float64Array, dZ: Float64Array) => void;
  readonly save: (k: number, x: Float64Array) => void;
  /** Called with every step that is accepted and the tick it ends at; its states are valid until it returns. */
  readonly accept: (ends: StepEnds, tick: number) => void;
}): { state: Float64Array; time: number; accepted: number; rejected: number } {
  const { problem, step, control, start, stops, name, draw, save, accept } = run;
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
      // Math.max keeps NaN, which counts as a refusal, whatever comes after it.
      worst = Math.max(worst, part);
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
    accept({ t: t0 + at * tick, h, x: state, next }, at + size);
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
