import type { GaussianPair, PairMoments } from './activation.ts';

/** `(√a − √b)²` from the difference `a − b`: no cancellation beyond that of the difference. */
export function rootGapSquared(a: number, b: number, difference: number): number {
  const sum = Math.sqrt(a) + Math.sqrt(b);
  return sum === 0 ? 0 : (difference / sum) ** 2;
}

/** `√(qp) − |c|`, the part of a covariance that perfect (anti)correlation would add, from the determinant. */
export function correlationGap(p: GaussianPair): number {
  const scale = Math.sqrt(p.varianceU * p.varianceV);
  return scale === 0 ? 0 : Math.max(0, p.determinant) / (scale + Math.abs(p.covariance));
}

/** `E (u + v)²`, accurate where `v` is nearly `−u`. */
export function sumVariance(p: GaussianPair): number {
  const { varianceU, varianceV, covariance } = p;
  if (covariance >= 0) return varianceU + varianceV + 2 * covariance;
  return rootGapSquared(varianceU, varianceV, varianceU - varianceV) + 2 * correlationGap(p);
}

/** `E (φ(u) − φ(v))²` from `A = E φ(u)²`, `B = E φ(v)²`, their difference, T ≥ 0 and the determinant `AB − T²`. */
export function distanceFrom(
  moments: { readonly a: number; readonly b: number; readonly difference: number },
  covariance: number,
  determinant: number,
): number {
  const { a, b, difference } = moments;
  const sum = Math.sqrt(a * b) + covariance;
  return rootGapSquared(a, b, difference) + (sum === 0 ? 0 : (2 * determinant) / sum);
}

/**
 * `AB − T²`: for close pairs from the distance, `((A + B) D − (A − B)²/2 − D²/2)/2`, which is small as it should be; for
 * others as it stands.
 */
export function determinantFrom(
  moments: { readonly a: number; readonly b: number; readonly difference: number },
  distance: number,
  covariance: number,
): number {
  const { a, b, difference } = moments;
  if ((a + b) * distance > a * b) return Math.max(0, a * b - covariance * covariance);
  return Math.max(0, ((a + b) * distance - (difference * difference) / 2 - (distance * distance) / 2) / 2);
}

/** The pair `√square · (u, v)`. */
export function rescalePair(p: GaussianPair, square: number): GaussianPair {
  return {
    varianceU: square * p.varianceU,
    varianceV: square * p.varianceV,
    covariance: square * p.covariance,
    distance: square * p.distance,
    determinant: square * square * p.determinant,
  };
}

/** Moments of `outer · φ(inner · h) + shift` for odd φ, from those of φ at variances `inner² q`. */
export function rescaleOdd(
  pair: (p: GaussianPair, out: PairMoments) => void,
  scales: { readonly outer: number; readonly inner: number; readonly shift: number },
): (p: GaussianPair, out: PairMoments) => void {
  const { outer, inner, shift } = scales;
  const [i2, o2, s2] = [inner * inner, outer * outer, shift * shift];
  return (p, out) => {
    pair(rescalePair(p, i2), out);
    const { covariance, distance, determinant } = out;
    // E φ = 0, so a shift adds to second moments only; det(o² M + s²) = o⁴ det M + o² s² (A + B − 2T).
    out.covariance = o2 * covariance + s2;
    out.derivative = o2 * i2 * out.derivative;
    out.distance = o2 * distance;
    out.determinant = o2 * o2 * determinant + o2 * s2 * distance;
  };
}
