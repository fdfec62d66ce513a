import type { ActivationDual, GaussianPair } from './activation.ts';
import { correlationGap } from './pair-algebra.ts';
import { setSlopes } from './pair-slopes.ts';

/** Below this angle `sin θ − θ cos θ` is summed as a series: the difference would lose digits. */
const SMALL_ANGLE = 0.25;

/** `sin θ − θ cos θ = θ³/3 − θ⁵/30 + θ⁷/840 − …`; the ratio of the terms is −θ²/(2n(2n+3)). */
export function sineMinusArc(angle: number, sine: number, cosine: number): number {
  if (angle >= SMALL_ANGLE) return sine - angle * cosine;
  const square = angle * angle;
  let term = (angle * square) / 3;
  let sum = term;
  for (let n = 1; n <= 6; n++) {
    term *= -square / (2 * n * (2 * n + 3));
    sum += term;
  }
  return sum;
}

/** `√(E u² E v²) − E|u||v|`, without cancellation at any angle. */
export function evenGap(p: GaussianPair): number {
  const scale = Math.sqrt(p.varianceU * p.varianceV);
  if (scale === 0) return 0;
  const area = Math.sqrt(Math.max(0, p.determinant));
  const size = Math.abs(p.covariance);
  const lost = sineMinusArc(Math.atan2(area, size), Math.min(1, area / scale), size / scale);
  return Math.max(0, correlationGap(p) - ((2 * scale) / Math.PI) * lost);
}

/**
 * Slopes of the moments of `s h + t |h|`, from `odd = s²` and `even = t²`: `T = odd c + even E|u||v|` with
 * `E|u||v| = (2/π)(√(qq') sin θ + c (π/2 − θ))`.
 */
export function kinkSlopes({
  odd,
  even,
}: {
  readonly odd: number;
  readonly even: number;
}): Required<Pick<ActivationDual, 'slopes' | 'distanceSlopes'>> {
  return {
    slopes({ varianceU, varianceV, covariance, determinant }, out) {
      const area = Math.sqrt(Math.max(0, determinant));
      const supplement = Math.atan2(area, -covariance);
      // Nothing at perfect correlation, two zeros that move together included.
      const together = area === 0 && varianceU === varianceV;
      const bend = (variance: number): number => (together ? 0 : (even * area) / (Math.PI * variance));
      const slope = odd - even + (2 * even * supplement) / Math.PI;
      setSlopes(
        out,
        { covariance: [bend(varianceU), bend(varianceV), slope], derivative: [0, 0, 0] },
        { derivative: (-2 * even) / Math.PI },
      );
    },
    distanceSlopes(p, out) {
      const [u, v] = [Math.sqrt(p.varianceU), Math.sqrt(p.varianceV)];
      const apart = (p.varianceU - p.varianceV) / (u + v);
      const gap = evenGap(p);
      const area = Math.sqrt(Math.max(0, p.determinant));
      const right = Math.atan2(p.covariance, area);
      out.distanceU = even * (apart / u + gap / p.varianceU);
      out.distanceV = even * (gap / p.varianceV - apart / v);
      out.distanceD = odd;
      out.distanceAngle = (4 * even * area * right) / Math.PI;
    },
  };
}
