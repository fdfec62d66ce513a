import { ArgumentError, checkFinite } from '@sntk/errors';

/** How a positive quantity goes with a size, and whether a predicted power of the size bounds it. */
export interface Rate {
  readonly sizes: readonly number[];
  /** Mean over draws, a size each, with its standard error. */
  readonly means: Float64Array;
  readonly standardErrors: Float64Array;
  /** Slope of the logarithm of the mean in the logarithm of the size, each size weighted by its number of draws. */
  readonly slope: number;
  /** Its standard error, which also counts the scatter of the means about the line. */
  readonly slopeError: number;
  readonly order: number;
  /** Whether the slope is at most `order`, but for two of its standard errors. */
  readonly holds: boolean;
}

/**
 * Whether a quantity is `O(size^order)`: the slope of its mean over draws, in logarithms, against `order`.
 *
 * For statements in probability such as `O(n^{−1/2})` of a width `n`: Lemma 5, the drift of the kernel, MATH (11), the lazy
 * meters, MATH (12). A bound says nothing of quantities that fall faster: then the slope is below the order, and `holds`.
 *
 * @param sizes two different ones at least
 * @param draws for each size, two values above 0 at least
 * @throws ArgumentError for fewer, or values that are not above 0.
 * @example
 * ```ts
 * import { measureRate } from '@sntk/noise/measurements';
 *
 * const widths = [16, 64, 256];
 * const { slope, holds } = measureRate(widths, widths.map((n) => [0.9 / n, 1.1 / n]), { order: -0.5 });
 * console.log(slope.toFixed(3), holds); // -1.000 true
 * ```
 */
export function measureRate(
  sizes: readonly number[],
  draws: readonly ArrayLike<number>[],
  options: { readonly order: number },
): Rate {
  const where = 'measureRate';
  const { order } = options;
  checkFinite(where, 'options.order', [order]);
  if (
    new Set(sizes).size < 2 ||
    sizes.length !== draws.length ||
    sizes.some((size) => !(size > 0 && size < Number.POSITIVE_INFINITY))
  ) {
    throw new ArgumentError({
      where,
      argument: 'sizes',
      wanted: 'two different ones above 0 at least, with draws for each',
      got: `${sizes.join(', ')} with draws for ${draws.length}`,
    });
  }
  const means = new Float64Array(sizes.length);
  const standardErrors = new Float64Array(sizes.length);
  let relativeScatter = 0;
  let freedom = 0;
  draws.forEach((values, s) => {
    const list = Array.from(values);
    if (list.length < 2 || list.some((value) => !(value > 0 && value < Number.POSITIVE_INFINITY))) {
      throw new ArgumentError({
        where,
        argument: `draws[${s}]`,
        wanted: 'two finite values above 0 at least',
        got: list,
      });
    }
    // Relative to the mean, and divided before they are added: nothing overflows.
    const mean = list.reduce((sum, value) => sum + value / list.length, 0);
    const scatter = list.reduce((sum, value) => sum + (value / mean - 1) ** 2, 0);
    means[s] = mean;
    standardErrors[s] = mean * Math.sqrt(scatter / (list.length - 1) / list.length);
    relativeScatter += scatter;
    freedom += list.length - 1;
  });
  // One relative scatter for all sizes: of skewed draws a mean that is too small has a standard error that is too small,
  // and weights of their own would pull the line down to it.
  const relativeErrors = draws.map((values) => Math.sqrt(relativeScatter / freedom / values.length));
  const line = fitLogarithms(sizes, means, relativeErrors);
  return { sizes, means, standardErrors, ...line, order, holds: line.slope - 2 * line.slopeError <= order };
}

/** The slope of `log y` in `log x` by least squares; without relative errors of `y`, all points count the same. */
export function fitLogarithms(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  relativeErrors?: readonly number[],
): { readonly slope: number; readonly slopeError: number } {
  const n = x.length;
  const u = Array.from(x, Math.log);
  const v = Array.from(y, Math.log);
  // Draws without scatter count the same.
  const weights = u.map((_, i) => (relativeErrors?.[i] || 1) ** -2);
  const total = weights.reduce((sum, w) => sum + w, 0);
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value, i) => sum + (weights[i] * value) / total, 0);
  const [uMean, vMean] = [mean(u), mean(v)];
  const spread = mean(u.map((value) => (value - uMean) ** 2)) * total;
  const slope = (mean(u.map((value, i) => (value - uMean) * (v[i] - vMean))) * total) / spread;
  const misfit = mean(u.map((value, i) => (v[i] - vMean - slope * (value - uMean)) ** 2)) * total;
  // Scatter beyond the errors of the points is counted; without errors it is all there is.
  const inflation = n > 2 ? misfit / (n - 2) : 0;
  return {
    slope,
    slopeError: Math.sqrt((relativeErrors?.[0] ? Math.max(1, inflation) : inflation) / spread),
  };
}
