import { checkInteger } from '@sntk/errors';
import { checkBlock, checkSameDimension, checkSpread } from './accumulator-checks.ts';

/** Moments as plain data, to be sent between workers. */
export interface MomentState {
  readonly dimension: number;
  /** Number of samples. */
  readonly count: number;
  /** `[dimension]` */
  readonly mean: Float64Array;
  /** `[dimension]` sums of squared deviations from the mean. */
  readonly squares: Float64Array;
}

/** Mean and variance of a stream of samples that are not kept. */
export interface RunningMoments {
  /** Adds the columns of `x`, `[dimension, paths]`. */
  push(x: Float64Array, paths: number): void;
  /** Adds the samples another accumulator has seen. */
  merge(other: MomentState): void;
  readonly count: number;
  /** `[dimension]`, a copy. */
  mean(): Float64Array;
  /** `[dimension]` unbiased variances; needs two samples. */
  variance(): Float64Array;
  /** `[dimension]` standard errors of the mean; needs two samples. */
  standardError(): Float64Array;
  /** A copy of the accumulated numbers. */
  state(): MomentState;
}

/**
 * Mean and variance of every coordinate over paths, without storing the paths.
 *
 * Blocks are summed in two passes and merged by the pairwise update, which loses no digits to a large mean. Merging
 * parts in one order gives the same bits each time; another order may differ in the last digits.
 *
 * @throws ArgumentError for numbers that are not finite, blocks of another shape, or a variance of fewer than two samples
 *
 * Source: Chan, Golub and LeVeque, "Algorithms for Computing the Sample Variance: Analysis and Recommendations".
 *
 * @example
 * ```ts
 * import { runningMoments } from '@sntk/sde/statistics';
 *
 * const moments = runningMoments(1);
 * moments.push(Float64Array.of(1, 2), 2);
 * moments.push(Float64Array.of(3), 1);
 * console.log(moments.mean()[0], moments.variance()[0]); // 2 1
 * ```
 */
export function runningMoments(dimension: number): RunningMoments {
  const where = 'runningMoments';
  checkInteger(where, 'dimension', dimension, 1);
  const mean = new Float64Array(dimension);
  const squares = new Float64Array(dimension);
  let count = 0;

  const add = (i: number, n: number, blockMean: number, blockSquares: number): void => {
    const delta = blockMean - mean[i];
    const share = n / (count + n);
    mean[i] += delta * share;
    squares[i] += blockSquares + delta * delta * count * share;
  };

  const variance = (): Float64Array => {
    checkSpread(`${where}.variance`, count);
    return squares.map((sum) => sum / (count - 1));
  };

  return {
    get count() {
      return count;
    },
    push(x, paths) {
      checkBlock(where, x, dimension, paths);
      for (let i = 0; i < dimension; i++) {
        const from = i * paths;
        const to = from + paths;
        let sum = 0;
        for (let p = from; p < to; p++) sum += x[p];
        const blockMean = sum / paths;
        let blockSquares = 0;
        for (let p = from; p < to; p++) {
          const d = x[p] - blockMean;
          blockSquares += d * d;
        }
        add(i, paths, blockMean, blockSquares);
      }
      count += paths;
    },
    merge(other) {
      checkSameDimension(where, dimension, other.dimension);
      if (other.count === 0) return;
      for (let i = 0; i < dimension; i++) add(i, other.count, other.mean[i], other.squares[i]);
      count += other.count;
    },
    mean: () => mean.slice(),
    variance,
    standardError: () => variance().map((v) => Math.sqrt(v / count)),
    state: () => ({ dimension, count, mean: mean.slice(), squares: squares.slice() }),
  };
}
