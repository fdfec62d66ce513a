import {
  ArgumentError,
  allFinite,
  checkInteger,
  checkNonNegative,
  checkPositive,
  NumericalError,
} from '@sntk/errors';
import { batchFactor } from '@sntk/noise';
import type { Rng } from '@sntk/random';
import type { RunHooks } from './kernel-sgd.ts';
import { type Schedule, scheduleOf } from './schedule.ts';

/** An ensemble of paths of an SDE that describes minibatch SGD. */
export interface SdeOptions extends RunHooks {
  /** η, or a function of the step: the size of the noise, and the step of the integrator. */
  readonly learningRate: Schedule;
  /** Number of SGD steps; time runs to the sum of their `η`. */
  readonly steps: number;
  /** `b`, or a function of the step. */
  readonly batch: Schedule;
  /** False unless told: minibatches hold different examples. */
  readonly replacement?: boolean;
  /** `c_b` itself, where minibatches are not all of one size; see `samplerBatchFactor` of `@sntk/noise`. */
  readonly batchFactor?: number;
  readonly paths: number;
  /** Number of the first path; the noise of path `p` is that of `rng.split(p)`, whatever the block it runs in. */
  readonly firstPath?: number;
  readonly rng: Rng;
}

/** A checked run of an SDE: its functions of the step. */
export interface SdeRun {
  readonly rate: (step: number) => number;
  readonly batch: (step: number) => number;
  /** `c_b` of a step. */
  readonly factor: (step: number) => number;
  readonly firstPath: number;
}

/** Checks what the SDEs have in common. */
export function checkRun(where: string, samples: number, options: SdeOptions): SdeRun {
  checkInteger(where, 'options.paths', options.paths, 1);
  checkInteger(where, 'options.steps', options.steps, 1);
  const rate = scheduleOf(where, 'options.learningRate', options.learningRate, checkPositive);
  const { replacement = false, firstPath = 0 } = options;
  const batch = scheduleOf(where, 'options.batch', options.batch, (place, argument, value) => {
    const b = checkInteger(place, argument, value, 1);
    if (replacement || options.batchFactor !== undefined || b <= samples) return b;
    throw new ArgumentError({
      where: place,
      argument,
      wanted: `at most the number of samples, ${samples}`,
      got: b,
      fix: 'larger batches exist only with replacement',
    });
  });
  checkInteger(where, 'options.firstPath', firstPath);
  const given = options.batchFactor;
  if (given !== undefined) checkNonNegative(where, 'options.batchFactor', given);
  const factor = (step: number): number => given ?? batchFactor({ samples, batch: batch(step), replacement });
  return { rate, batch, factor, firstPath };
}

/** The time of drift before the noise of a step: half its own, and half that of the step before. */
export function driftBefore(rate: (step: number) => number, step: number): number {
  return step === 0 ? rate(0) / 2 : (rate(step - 1) + rate(step)) / 2;
}

/** Takes the mean over examples from the noise of each path, `[N, P]`: MATH (29). */
export function centre(dW: Float64Array, paths: number): void {
  const N = dW.length / paths;
  const mean = new Float64Array(paths);
  for (let q = 0; q < dW.length; q++) mean[q % paths] += dW[q] / N;
  for (let q = 0; q < dW.length; q++) dW[q] -= mean[q % paths];
}

/** `out ← intensity · r ∘ dW` for residuals or slopes `[N, O, P]`: all outputs of an example share its noise. */
export function kick(
  r: Float64Array,
  dW: Float64Array,
  options: {
    readonly out: Float64Array;
    readonly outputs: number;
    readonly paths: number;
    readonly intensity: number;
  },
): void {
  const { out, outputs, paths, intensity } = options;
  for (let row = 0; row * paths < r.length; row++) {
    let noise = Math.floor(row / outputs) * paths;
    for (let q = row * paths; q < (row + 1) * paths; q++) out[q] = intensity * r[q] * dW[noise++];
  }
}

export function firstNotFinite(values: Float64Array): number {
  return allFinite(values) ? -1 : values.findIndex((value) => !Number.isFinite(value));
}

export function diverged(
  where: string,
  at: { readonly path: number; readonly step: number; readonly fix: string },
): NumericalError {
  const { path, step, fix } = at;
  return new NumericalError({
    where,
    found: `path ${path} diverged: it is not finite at step ${step}`,
    fix,
    details: { path, step },
  });
}
