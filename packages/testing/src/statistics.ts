import { ArgumentError, checkFinite, checkLength } from '@sntk/errors';

export interface SlopeEstimate {
  readonly slope: number;
  /** Standard error of the slope, from the scatter about the line. */
  readonly standardError: number;
}

/**
 * The least-squares slope of `logY` on `logX`: the order of convergence, when the logarithms are those of an error and
 * of a step.
 *
 * @throws ArgumentError for fewer than 3 points, two lengths, entries that are not finite or equal abscissas.
 */
export function fitSlope(logX: ArrayLike<number>, logY: ArrayLike<number>): SlopeEstimate {
  const n = logX.length;
  checkAtLeast('fitSlope', 'logX', n, 3);
  checkLength('fitSlope', 'logY', logY, n, 'that of logX');
  checkFinite('fitSlope', 'logX', logX);
  checkFinite('fitSlope', 'logY', logY);
  const meanX = meanOf(logX);
  const meanY = meanOf(logY);
  let xx = 0;
  let xy = 0;
  for (let i = 0; i < n; i++) {
    xx += (logX[i] - meanX) ** 2;
    xy += (logX[i] - meanX) * (logY[i] - meanY);
  }
  if (xx === 0) {
    throw new ArgumentError({
      where: 'fitSlope',
      argument: 'logX',
      wanted: 'of two values at least',
      got: logX[0],
    });
  }
  const slope = xy / xx;
  let rest = 0;
  for (let i = 0; i < n; i++) rest += (logY[i] - meanY - slope * (logX[i] - meanX)) ** 2;
  return { slope, standardError: Math.sqrt(rest / (n - 2) / xx) };
}

export interface MeanEstimate {
  readonly mean: number;
  /** Standard deviation of the mean, from the scatter of the values. */
  readonly standardError: number;
}

/**
 * The mean of independent values with its standard error.
 *
 * @throws ArgumentError for fewer than 2 values or values that are not finite.
 */
export function meanAndStandardError(values: ArrayLike<number>): MeanEstimate {
  const n = values.length;
  checkAtLeast('meanAndStandardError', 'values', n, 2);
  checkFinite('meanAndStandardError', 'values', values);
  const mean = meanOf(values);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (values[i] - mean) ** 2;
  return { mean, standardError: Math.sqrt(sum / (n - 1) / n) };
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

function checkAtLeast(where: string, argument: string, count: number, least: number): void {
  if (count < least) {
    throw new ArgumentError({ where, argument, wanted: `of at least ${least} entries`, got: count });
  }
}
