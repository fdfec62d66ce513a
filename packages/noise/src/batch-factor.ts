import { ArgumentError, checkInteger } from '@sntk/errors';

/** A minibatch drawn with replacement, or of different examples. */
export interface BatchOptions {
  /** `N`. */
  readonly samples: number;
  /** `b`. */
  readonly batch: number;
  /** False unless told: a minibatch holds different examples. */
  readonly replacement?: boolean;
}

/**
 * `c_b`, the variance of a minibatch mean for a population of unit variance, MATH (22): `1/b` with replacement,
 * `(N − b)/(b(N − 1))` without.
 *
 * @throws ArgumentError unless `1 ≤ b`, and `b ≤ N` without replacement.
 * @example
 * ```ts
 * import { batchFactor } from '@sntk/noise';
 *
 * console.log(batchFactor({ samples: 500, batch: 500 })); // 0
 * console.log(batchFactor({ samples: 500, batch: 8, replacement: true })); // 0.125
 * ```
 */
export function batchFactor(options: BatchOptions): number {
  const N = checkInteger('batchFactor', 'options.samples', options.samples, 1);
  const b = checkInteger('batchFactor', 'options.batch', options.batch, 1);
  if (options.replacement) return 1 / b;
  if (b > N) {
    throw new ArgumentError({
      where: 'batchFactor',
      argument: 'options.batch',
      wanted: `at most the number of samples, ${N}`,
      got: b,
      fix: 'larger batches exist only with replacement',
    });
  }
  return N === 1 ? 0 : (N - b) / (b * (N - 1));
}

/** How minibatches are drawn, as `@sntk/random` names it. */
export interface SampledBatchOptions extends Pick<BatchOptions, 'samples' | 'batch'> {
  readonly sampler: 'epoch' | 'with-replacement' | 'without-replacement';
}

/**
 * `c_b` of what a sampler draws: `batchFactor`, and for epochs its mean over the minibatches of one, the last of which is
 * smaller, and so noisier, when `b` does not divide `N`.
 *
 * This accounts for the sizes alone: that an epoch sees every example once also cancels noise between its steps.
 *
 * @throws ArgumentError as `batchFactor`.
 * @example
 * ```ts
 * import { samplerBatchFactor } from '@sntk/noise';
 *
 * console.log(samplerBatchFactor({ samples: 500, batch: 8, sampler: 'with-replacement' })); // 0.125
 * // Sixty-two minibatches of 8 and one of 4.
 * console.log(samplerBatchFactor({ samples: 500, batch: 8, sampler: 'epoch' }).toFixed(4)); // 0.1252
 * ```
 */
export function samplerBatchFactor({ samples, batch, sampler }: SampledBatchOptions): number {
  const full = batchFactor({ samples, batch, replacement: sampler === 'with-replacement' });
  const last = samples % batch;
  if (sampler !== 'epoch' || last === 0) return full;
  const count = Math.floor(samples / batch);
  return (count * full + batchFactor({ samples, batch: last })) / (count + 1);
}
