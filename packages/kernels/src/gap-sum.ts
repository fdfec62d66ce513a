/** Room for the terms of a sum of second moments of pairs, each with a weight. */
export interface GapTerms {
  readonly weights: Float64Array;
  /** Roots of the variances. */
  readonly u: Float64Array;
  readonly v: Float64Array;
  readonly covariances: Float64Array;
  readonly gaps: Float64Array;
}

export function gapTerms(length: number): GapTerms {
  const room = (): Float64Array => new Float64Array(length);
  return { weights: room(), u: room(), v: room(), covariances: room(), gaps: room() };
}

/** What is known of the sum itself. */
export interface GapTotal {
  /** Number of terms. */
  readonly count: number;
  readonly varianceU: number;
  /** `√(q q')` */
  readonly scale: number;
  readonly covariance: number;
}

/**
 * The gap `√(QP) − |C|` of a sum of second moments `(q_i, p_i, c_i)` with weights, as a sum of terms none of which is
 * negative: the gaps of the terms, and `√(QP) − R` with `R = Σ √(q_i p_i)`, of which by Lagrange's identity
 * `QP − R² = Q Σ (√p_i − (R/Q) √q_i)²`.
 */
export function gapOfSum(terms: GapTerms, { count, varianceU, scale, covariance }: GapTotal): number {
  if (scale === 0) return 0;
  const { weights, u, v, covariances, gaps } = terms;
  const sign = covariance < 0 ? -1 : 1;
  let R = 0;
  let gap = 0;
  for (let i = 0; i < count; i++) {
    const c = sign * covariances[i];
    const product = u[i] * v[i];
    R += weights[i] * product;
    gap += weights[i] * (c >= 0 ? gaps[i] : product - c);
  }
  const ratio = R / varianceU;
  let spread = 0;
  for (let i = 0; i < count; i++) {
    const rest = v[i] - ratio * u[i];
    spread += weights[i] * rest * rest;
  }
  return (varianceU * spread) / (scale + R) + gap;
}
