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

/** `(√a − √b)²` from the difference `a − b`. */
export function rootGap(a: number, b: number, difference: number): number {
  const total = Math.sqrt(a) + Math.sqrt(b);
  return total === 0 ? 0 : (difference / total) ** 2;
}
