/** Collects the terms of a sum of second moments of pairs. */
export interface GapSum {
  clear(): void;
  /** A term: its weight, the roots of its variances, its covariance and its gap. */
  add(weight: number, rootU: number, rootV: number, covariance: number, gap: number): void;
  /** The gap of the sum, from the sum's own variance of u, `√(q q')` and covariance. */
  total(varianceU: number, scale: number, covariance: number): number;
}

/**
 * The gap `√(QP) − |C|` of a sum of second moments `(q_i, p_i, c_i)` with weights, as a sum of terms none of which is
 * negative: the gaps of the terms, and `√(QP) − R` with `R = Σ √(q_i p_i)`, of which by Lagrange's identity
 * `QP − R² = Q Σ (√p_i − (R/Q) √q_i)²`.
 */
export function createGapSum(): GapSum {
  let [weights, u, v, c, g] = Array.from({ length: 5 }, () => new Float64Array(16));
  let count = 0;
  return {
    clear() {
      count = 0;
    },
    add(weight, rootU, rootV, covariance, gap) {
      if (count === weights.length) {
        [weights, u, v, c, g] = [weights, u, v, c, g].map((old) => {
          const longer = new Float64Array(2 * count);
          longer.set(old);
          return longer;
        });
      }
      weights[count] = weight;
      u[count] = rootU;
      v[count] = rootV;
      c[count] = covariance;
      g[count] = gap;
      count++;
    },
    total(varianceU, scale, covariance) {
      if (scale === 0) return 0;
      const sign = covariance < 0 ? -1 : 1;
      let R = 0;
      let gaps = 0;
      for (let i = 0; i < count; i++) {
        R += weights[i] * u[i] * v[i];
        gaps += weights[i] * (sign * c[i] >= 0 ? g[i] : u[i] * v[i] + Math.abs(c[i]));
      }
      const ratio = R / varianceU;
      let spread = 0;
      for (let i = 0; i < count; i++) {
        const rest = v[i] - ratio * u[i];
        spread += weights[i] * rest * rest;
      }
      return (varianceU * spread) / (scale + R) + gaps;
    },
  };
}
