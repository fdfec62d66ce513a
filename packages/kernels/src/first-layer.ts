import type { ResolvedLayer } from '@sntk/architecture';
import type { FloatArray } from '@sntk/linalg';

/** Rows of points with their squared lengths, `[N, d]` row-major. */
export interface Points {
  readonly entries: FloatArray;
  readonly count: number;
  readonly dimension: number;
  readonly squaredNorms: Float64Array;
}

export function pointsOf(entries: FloatArray, count: number, dimension: number): Points {
  const squaredNorms = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    for (let p = i * dimension; p < (i + 1) * dimension; p++) squaredNorms[i] += entries[p] * entries[p];
  }
  return { entries, count, dimension, squaredNorms };
}

/** First-layer variances `Σ¹(x, x) = (σ_w²/d)|x|² + σ_b²`, MATH (3). */
export function firstVariances(points: Points, layer: ResolvedLayer): Float64Array {
  const scale = layer.weightVariance / points.dimension;
  return points.squaredNorms.map((norm) => scale * norm + layer.biasVariance);
}

/** What a recursion over a pair of points starts from. */
export interface FirstPair {
  covariance: number;
  distance: number;
  determinant: number;
}

/**
 * First-layer covariance of a pair with its distance and determinant from coordinates, so that nearly equal, parallel
 * and opposite points keep all their digits: `|x|²|z|² − (x·z)²` is taken as `|x|²` times the squared length of what
 * is left of `z` after projection on `x`.
 */
export function firstPair(
  X: Points,
  i: number,
  Z: Points,
  j: number,
  layer: ResolvedLayer,
  out: FirstPair,
): void {
  const d = X.dimension;
  const x = X.entries;
  const z = Z.entries;
  let inner = 0;
  let apart = 0;
  for (let p = 0; p < d; p++) {
    const xp = x[i * d + p];
    const zp = z[j * d + p];
    inner += xp * zp;
    apart += (xp - zp) * (xp - zp);
  }
  const norm = X.squaredNorms[i];
  const share = norm > 0 ? inner / norm : 0;
  let rest = 0;
  if (norm > 0) {
    for (let p = 0; p < d; p++) {
      const left = z[j * d + p] - share * x[i * d + p];
      rest += left * left;
    }
  }
  const scale = layer.weightVariance / d;
  out.covariance = scale * inner + layer.biasVariance;
  out.distance = scale * apart;
  out.determinant = scale * scale * norm * rest + layer.biasVariance * out.distance;
}
