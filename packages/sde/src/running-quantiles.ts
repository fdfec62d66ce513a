import { ArgumentError, checkInteger } from '@sntk/errors';
import { checkBlock } from './accumulator-checks.ts';

/** Quantiles of a stream of samples that are not kept. */
export interface RunningQuantiles {
  /** Adds the columns of `x`, `[dimension, paths]`. */
  push(x: Float64Array, paths: number): void;
  /** Adds the samples that `state()` of another accumulator of the same kind holds. */
  merge(other: QuantileState): void;
  readonly count: number;
  /** `[dimension]`: the sample of rank ⌊q (count − 1)⌋, up to the relative error. */
  quantile(q: number): Float64Array;
  /** A copy of the counts, to be sent between workers. */
  state(): QuantileState;
}

/** Counts by coordinate and bucket. */
export interface QuantileState {
  readonly dimension: number;
  readonly relativeError: number;
  readonly count: number;
  /** For every coordinate, pairs of bucket and count. */
  readonly buckets: readonly (readonly (readonly [number, number])[])[];
}

/** Sizes below this count as zero. */
const TINY = 1e-300;

/** Beyond every bucket number that a double can have, so that a bucket's sign can be told from its number. */
const OFFSET = 2 ** 40;

/**
 * Quantiles of every coordinate over paths, up to a relative error, without storing the paths.
 *
 * A number falls into bucket ⌈log|x|/log γ⌉ of its sign with γ = (1 + ε)/(1 − ε), whose middle is within ε|x| of it. Buckets
 * hold counts, so merging parts in any order gives the same answer.
 *
 * @param options.relativeError ε, between 1e-6 and 0.5; 0.005 unless told
 * @throws ArgumentError for numbers that are not finite, blocks of another shape, or a quantile of no samples
 *
 * Source: Masson, Rim and Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees".
 *
 * @example
 * ```ts
 * import { runningQuantiles } from '@sntk/sde/statistics';
 *
 * const quantiles = runningQuantiles(1);
 * quantiles.push(Float64Array.from({ length: 101 }, (_, i) => i), 101);
 * console.log(Math.round(quantiles.quantile(0.5)[0])); // 50
 * ```
 */
export function runningQuantiles(
  dimension: number,
  options: { readonly relativeError?: number } = {},
): RunningQuantiles {
  const where = 'runningQuantiles';
  const { relativeError = 0.005 } = options;
  checkInteger(where, 'dimension', dimension, 1);
  if (!(relativeError >= 1e-6 && relativeError <= 0.5)) {
    throw new ArgumentError({
      where,
      argument: 'options.relativeError',
      wanted: 'from 1e-6 to 0.5',
      got: relativeError,
    });
  }
  const logGamma = Math.log((1 + relativeError) / (1 - relativeError));
  const buckets = Array.from({ length: dimension }, () => new Map<number, number>());
  let count = 0;

  // Buckets are numbered so that their order is the order of the numbers in them.
  const bucketOf = (x: number): number => {
    if (Math.abs(x) < TINY) return 0;
    return Math.sign(x) * (OFFSET + Math.ceil(Math.log(Math.abs(x)) / logGamma));
  };
  const middle = (bucket: number): number => {
    if (bucket === 0) return 0;
    return Math.sign(bucket) * (1 - relativeError) * Math.exp((Math.abs(bucket) - OFFSET) * logGamma);
  };
  const add = (i: number, bucket: number, n: number): void => {
    buckets[i].set(bucket, (buckets[i].get(bucket) ?? 0) + n);
  };

  return {
    get count() {
      return count;
    },
    push(x, paths) {
      checkBlock(where, x, dimension, paths);
      for (let i = 0; i < dimension; i++) {
        for (let p = 0; p < paths; p++) add(i, bucketOf(x[i * paths + p]), 1);
      }
      count += paths;
    },
    merge(other) {
      if (other.dimension !== dimension || other.relativeError !== relativeError) {
        throw new ArgumentError({
          where: `${where}.merge`,
          argument: 'other',
          wanted: `of dimension ${dimension} and relative error ${relativeError}`,
          got: `${other.dimension} and ${other.relativeError}`,
        });
      }
      other.buckets.forEach((pairs, i) => {
        for (const [bucket, n] of pairs) add(i, bucket, n);
      });
      count += other.count;
    },
    quantile(q) {
      if (!(q >= 0 && q <= 1) || count === 0) {
        throw new ArgumentError({
          where: `${where}.quantile`,
          argument: count === 0 ? 'count' : 'q',
          wanted: count === 0 ? 'at least 1 sample' : 'from 0 to 1',
          got: count === 0 ? count : q,
        });
      }
      const rank = Math.floor(q * (count - 1));
      return Float64Array.from(buckets, (held) => {
        let below = 0;
        for (const [bucket, n] of [...held].sort((a, b) => a[0] - b[0])) {
          below += n;
          if (below > rank) return middle(bucket);
        }
        return Number.NaN;
      });
    },
    state: () => ({
      dimension,
      relativeError,
      count,
      buckets: buckets.map((held) => [...held].sort((a, b) => a[0] - b[0])),
    }),
  };
}
