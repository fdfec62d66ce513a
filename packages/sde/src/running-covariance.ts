import { checkInteger } from '@sntk/errors';
import { checkBlock, checkSameDimension, checkSpread } from './accumulator-checks.ts';

/** Means and sums of products as plain data, to be sent between workers. */
export interface CovarianceState {
  readonly dimension: number;
  /** Number of samples. */
  readonly count: number;
  /** `[dimension]` */
  readonly mean: Float64Array;
  /** `[dimension, dimension]` sums of products of deviations from the mean. */
  readonly products: Float64Array;
}

/** Mean and covariance of a stream of samples that are not kept. */
export interface RunningCovariance {
  /** Adds the columns of `x`, `[dimension, paths]`. */
  push(x: Float64Array, paths: number): void;
  /** Adds the samples another accumulator has seen. */
  merge(other: CovarianceState): void;
  readonly count: number;
  /** `[dimension]`, a copy. */
  mean(): Float64Array;
  /** `[dimension, dimension]`, unbiased; needs two samples. */
  covariance(): Float64Array;
  /** A copy of the accumulated numbers. */
  state(): CovarianceState;
}

/**
 * Mean and covariance of all coordinates over paths, without storing the paths; `runningMoments` is the cheaper one for
 * variances alone.
 *
 * Blocks are summed in two passes and merged by the pairwise update, which loses no digits to a large mean.
 *
 * @throws ArgumentError for numbers that are not finite, blocks of another shape, or a covariance of fewer than two samples
 *
 * Source: Chan, Golub and LeVeque, "Algorithms for Computing the Sample Variance: Analysis and Recommendations".
 *
 * @example
 * ```ts
 * import { runningCovariance } from '@sntk/sde/statistics';
 *
 * const found = runningCovariance(2);
 * found.push(Float64Array.of(1, 2, 3, 5, 5, 8), 3);
 * console.log(found.covariance()); // Float64Array(4) [ 1, 1.5, 1.5, 3 ]
 * ```
 */
export function runningCovariance(dimension: number): RunningCovariance {
  const where = 'runningCovariance';
  const d = checkInteger(where, 'dimension', dimension, 1);
  const mean = new Float64Array(d);
  const products = new Float64Array(d * d);
  const delta = new Float64Array(d);
  let count = 0;

  const add = (n: number, otherMean: Float64Array, otherProducts: Float64Array): void => {
    const share = n / (count + n);
    for (let i = 0; i < d; i++) delta[i] = otherMean[i] - mean[i];
    for (let i = 0; i < d; i++) {
      mean[i] += delta[i] * share;
      for (let j = 0; j < d; j++) {
        products[i * d + j] += otherProducts[i * d + j] + delta[i] * delta[j] * count * share;
      }
    }
    count += n;
  };

  return {
    get count() {
      return count;
    },
    push(x, paths) {
      checkBlock(where, x, d, paths);
      const rows = Array.from({ length: d }, (_, i) => x.subarray(i * paths, (i + 1) * paths));
      const means = Float64Array.from(rows, (row) => row.reduce((sum, v) => sum + v, 0) / paths);
      const squares = new Float64Array(d * d);
      for (let i = 0; i < d; i++) {
        for (let j = 0; j <= i; j++) {
          let sum = 0;
          for (let p = 0; p < paths; p++) sum += (rows[i][p] - means[i]) * (rows[j][p] - means[j]);
          squares[i * d + j] = sum;
          squares[j * d + i] = sum;
        }
      }
      add(paths, means, squares);
    },
    merge(other) {
      checkSameDimension(where, d, other.dimension);
      if (other.count > 0) add(other.count, other.mean, other.products);
    },
    mean: () => mean.slice(),
    covariance() {
      checkSpread(`${where}.covariance`, count);
      return products.map((sum) => sum / (count - 1));
    },
    state: () => ({ dimension: d, count, mean: mean.slice(), products: products.slice() }),
  };
}
