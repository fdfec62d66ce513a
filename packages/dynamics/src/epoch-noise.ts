import { ArgumentError } from '@sntk/errors';
import { batchFactor } from '@sntk/noise';
import { brownianIncrements, type IncrementSource } from '@sntk/sde';
import type { SdeOptions, SdeRun } from './sde-run.ts';

/** Whether the noise knows that minibatches come in epochs. */
export interface EpochOptions {
  /**
   * False unless told: steps are independent. With `true` an epoch of `⌈N/b⌉` steps sees every example once, so that what an
   * example's noise adds in one step of it the others take back, and steps are SGD's own: Euler's, of length `η`. Not with
   * `replacement`, `batchFactor` or `batch` as a schedule.
   */
  readonly epochs?: boolean;
}

/** The noise of all examples in a step, and `c_b` of the step. */
export interface ExampleNoise {
  /** Fills `[N, P]` with numbers of unit variance. */
  readonly draw: IncrementSource;
  readonly factor: (step: number) => number;
}

/**
 * The noise that drives MATH (29) and (30): Brownian increments, or with `epochs` increments of one Brownian bridge for each
 * epoch and example.
 *
 * In an epoch of minibatches of `b_t` examples, `p_t = b_t/N`, the indicators `1[i ∈ B_t]` of one example have the covariance
 * `diag(p) − p pᵀ`, and so have the Gaussian increments here. They are drawn one after the other: after increments of sum `S`,
 * with the share `q` of the epoch to come, the next one has mean `−S p/q` and variance `p (1 − p/q)`.
 *
 * Source: Perko, "Towards continuous-time approximations for stochastic gradient descent without replacement", whose
 * epoched Brownian motion drives additive noise; that it multiplies the residuals here is ours.
 *
 * @throws ArgumentError for `epochs` with what contradicts it.
 */
export function exampleNoise(
  where: string,
  samples: number,
  options: SdeOptions & EpochOptions,
  { firstPath, factor }: Pick<SdeRun, 'firstPath' | 'factor'>,
): ExampleNoise {
  const { rng, paths } = options;
  const fresh = brownianIncrements({ rng, noiseDimension: samples, paths, firstPath, step: 1 });
  if (options.epochs !== true) return { draw: fresh, factor };
  const batch = batchOfEpochs(where, options);
  const length = Math.ceil(samples / batch);
  const sizeOf = (step: number): number =>
    step % length < length - 1 ? batch : samples - (length - 1) * batch;
  const sum = new Float64Array(samples * paths);
  return {
    draw(step, out) {
      if (step % length === 0) sum.fill(0);
      fresh(step, out);
      const p = sizeOf(step) / samples;
      const q = 1 - ((step % length) * batch) / samples;
      // The last minibatch holds what is left, whatever rounding makes of p/q.
      const share = step % length === length - 1 ? 1 : p / q;
      const deviation = Math.sqrt(p * (1 - share));
      const unit = p < 1 ? 1 / Math.sqrt(p * (1 - p)) : 0;
      for (let at = 0; at < out.length; at++) {
        const x = deviation * out[at] - share * sum[at];
        sum[at] += x;
        out[at] = unit * x;
      }
    },
    factor: (step) => batchFactor({ samples, batch: sizeOf(step) }),
  };
}

function batchOfEpochs(where: string, options: SdeOptions): number {
  const { batch, replacement, batchFactor: given } = options;
  if (typeof batch === 'function') {
    throw new ArgumentError({
      where,
      argument: 'options.batch',
      wanted: 'a number with epochs, which are cut into equal minibatches',
      got: 'a schedule',
    });
  }
  const contradiction = replacement ? 'replacement' : given === undefined ? undefined : 'batchFactor';
  if (contradiction) {
    throw new ArgumentError({
      where,
      argument: `options.${contradiction}`,
      wanted: 'nothing with epochs, whose minibatches say it',
      got: options[contradiction],
      fix: `leave ${contradiction} or epochs out`,
    });
  }
  return batch;
}
