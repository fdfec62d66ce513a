/** What the recursion carries of a pair of points. */
export interface PairState {
  varianceU: number;
  varianceV: number;
  covariance: number;
  /** `E (u − v)²`. */
  distance: number;
  /** `varianceU · varianceV − covariance²`. */
  determinant: number;
  ntk: number;
}

export const emptyState = (): PairState => ({
  varianceU: 0,
  varianceV: 0,
  covariance: 0,
  distance: 0,
  determinant: 0,
  ntk: 0,
});

/** `E (u − v)²` from the other second moments and the difference of the variances, without cancellation. */
export function distanceOf(s: Omit<PairState, 'distance' | 'ntk'>, difference: number): number {
  const { varianceU: a, varianceV: b, covariance, determinant } = s;
  if (covariance <= 0) return a + b - 2 * covariance;
  return rootGap(a, b, difference) + (2 * determinant) / (Math.sqrt(a * b) + covariance);
}

/** `(√a − √b)²` from the difference `a − b`. */
export function rootGap(a: number, b: number, difference: number): number {
  const total = Math.sqrt(a) + Math.sqrt(b);
  return total === 0 ? 0 : (difference / total) ** 2;
}
