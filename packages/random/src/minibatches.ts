import { ArgumentError, checkChoice, checkInteger } from '@sntk/errors';
import { checkCount, checkRng } from './checks.ts';
import { childKey, SEQUENCES, streamState } from './label.ts';
import type { Rng } from './rng.ts';
import { choose } from './subset.ts';
import { boundedInteger } from './xoshiro.ts';

/**
 * How minibatches are drawn.
 *
 * - `epoch`: a new order of all examples each epoch, cut into batches, the last one smaller when `b` does not divide
 *   `N`. What training code does.
 * - `with-replacement`: `b` independent draws a step.
 * - `without-replacement`: `b` different examples a step, independent between steps.
 */
export const SAMPLERS = ['epoch', 'with-replacement', 'without-replacement'] as const;
export type Sampler = (typeof SAMPLERS)[number];

export interface MinibatchOptions {
  /** `N`. */
  readonly samples: number;
  /** `b`. */
  readonly batch: number;
  readonly sampler: Sampler;
  readonly rng: Rng;
}

/** Indices of the examples of successive minibatches. */
export interface Minibatches {
  /** `ceil(N / b)`. */
  readonly stepsPerEpoch: number;
  /** The examples of step `step` (0 first), in any order of asking. Read only, valid until the next call. */
  at(step: number): Int32Array;
}

/**
 * The minibatches of a run, addressed by step: real SGD and kernel SGD given the same `rng` see the same examples.
 *
 * @throws ArgumentError when `samples` is not from 1 to 2^31, `batch` below 1, or above `samples` without replacement, or a step no
 * integer of at least 0.
 * @example
 * ```ts
 * import { createRng, minibatches } from '@sntk/random';
 *
 * const batches = minibatches({ samples: 5, batch: 2, sampler: 'epoch', rng: createRng(1) });
 * const epoch = [0, 1, 2].flatMap((step) => [...batches.at(step)]);
 * console.log(epoch.sort()); // [0, 1, 2, 3, 4]
 * ```
 */
export function minibatches(options: MinibatchOptions): Minibatches {
  const { samples, batch } = options;
  checkCount('minibatches', 'options.samples', samples, 1);
  checkInteger('minibatches', 'options.batch', batch, 1);
  checkChoice('minibatches', 'options.sampler', options.sampler, SAMPLERS);
  checkRng('minibatches', 'options.rng', options.rng);
  if (batch > samples && options.sampler !== 'with-replacement') {
    throw new ArgumentError({
      where: 'minibatches',
      argument: 'options.batch',
      wanted: `at most the number of samples, ${samples}`,
      got: batch,
      fix: "larger batches exist only with the sampler 'with-replacement'",
    });
  }
  const stepsPerEpoch = Math.ceil(samples / batch);
  const source = stepSource(options, stepsPerEpoch);
  return { stepsPerEpoch, at: (step) => source(checkInteger('Minibatches.at', 'step', step)) };
}

function stepSource(options: MinibatchOptions, stepsPerEpoch: number): (step: number) => Int32Array {
  const { samples, batch, sampler, rng } = options;
  if (sampler !== 'epoch') {
    const drawn = new Int32Array(batch);
    const draw = sampler === 'with-replacement' ? drawIntegers : choose;
    return (step) => draw(integersOf(rng, step), samples, batch, drawn);
  }
  let epoch = -1;
  let order: Int32Array = new Int32Array(0);
  return (step) => {
    const wanted = Math.floor(step / stepsPerEpoch);
    if (wanted !== epoch) {
      epoch = wanted;
      order = rng.split(epoch).permutation(samples);
    }
    const start = (step - epoch * stepsPerEpoch) * batch;
    return order.subarray(start, Math.min(samples, start + batch));
  };
}

const key = new Uint32Array(4);
const state = new Uint32Array(4);

/** Where the integers of `rng.split(step)` start: this runs for every step of every path, so nothing is allocated. */
function integersOf(rng: Rng, step: number): Uint32Array {
  childKey(rng.keyWords, step, key);
  streamState(key, SEQUENCES.integer, state);
  return state;
}

/** Draws `count` independent integers below `n`. */
function drawIntegers(from: Uint32Array, n: number, count: number, out: Int32Array): Int32Array {
  for (let i = 0; i < count; i++) out[i] = boundedInteger(from, n);
  return out;
}
