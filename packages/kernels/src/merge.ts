import { distanceOf, type PairState, rootGap } from './state.ts';

/** Multiplies second moments by a share of units. */
export function scaleState(s: PairState, share: number): void {
  if (share === 1) return;
  s.varianceU *= share;
  s.varianceV *= share;
  s.covariance *= share;
  s.distance *= share;
  s.determinant *= share * share;
  s.ntk *= share;
}

/** Of the sum of uncorrelated branches, or of units side by side weighted by their shares: second moments and Θ add. */
export function sum(s: PairState, other: PairState): void {
  s.determinant += other.determinant + mixedDeterminant(s, other);
  s.varianceU += other.varianceU;
  s.varianceV += other.varianceV;
  s.covariance += other.covariance;
  s.distance += other.distance;
  s.ntk += other.ntk;
}

/** `q₁p₂ + p₁q₂ − 2c₁c₂`, what the determinant of a sum of two matrices has beside theirs. */
function mixedDeterminant(a: PairState, b: PairState): number {
  const [first, second] = [a.varianceU * b.varianceV, a.varianceV * b.varianceU];
  if (a.covariance * b.covariance <= 0) return first + second - 2 * a.covariance * b.covariance;
  const gap = (s: PairState): number =>
    s.determinant / (Math.sqrt(s.varianceU * s.varianceV) + Math.abs(s.covariance));
  const [gapA, gapB] = [gap(a), gap(b)];
  const difference = first - second;
  return (
    rootGap(first, second, difference) +
    2 * (Math.abs(a.covariance) * gapB + Math.abs(b.covariance) * gapA + gapA * gapB)
  );
}

/** Of the product of independent branches, unit by unit. */
export function product(s: PairState, other: PairState): void {
  const difference =
    (s.varianceU - s.varianceV) * other.varianceU + s.varianceV * (other.varianceU - other.varianceV);
  const { covariance } = s;
  s.determinant =
    s.determinant * other.varianceU * other.varianceV + covariance * covariance * other.determinant;
  s.ntk = s.ntk * other.covariance + other.ntk * covariance;
  s.covariance = covariance * other.covariance;
  s.varianceU *= other.varianceU;
  s.varianceV *= other.varianceV;
  s.distance = distanceOf(s, difference);
}
