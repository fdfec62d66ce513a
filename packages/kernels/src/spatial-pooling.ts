import type { SpatialStep } from './plan.ts';
import { type Buffers, type Pairs, plainGap, type Sides, type Sites, sitesOf } from './spatial-state.ts';

type Pooling = Extract<SpatialStep, { kind: 'pooling' }>;

/** Covariances and Θ of pooled units, the scaled sums over both windows; needs all pairs. Leaves `out.gap`. */
export function poolPairs({ taps, scale }: Pooling, input: Pairs, out: Pairs, buffers: Buffers): void {
  const { inputs, outputs, size, sites } = taps;
  const rows = buffers.take(outputs * inputs);
  for (const name of ['covariance', 'ntk'] as const) {
    const [from, to] = [input[name], out[name]];
    rows.fill(0);
    to.fill(0);
    for (let k = 0; k < size; k++) {
      for (let a = 0; a < outputs; a++) {
        const site = sites[a * size + k];
        if (site < 0) continue;
        for (let z = 0; z < inputs; z++) rows[a * inputs + z] += from[site * inputs + z];
      }
    }
    for (let k = 0; k < size; k++) {
      for (let z = 0; z < outputs; z++) {
        const site = sites[z * size + k];
        if (site < 0) continue;
        for (let a = 0; a < outputs; a++) to[a * outputs + z] += rows[a * inputs + site];
      }
    }
    for (let at = 0; at < to.length; at++) to[at] *= scale * scale;
  }
  buffers.give(rows);
}

/** One example's variances after pooling, from its own pooled pairs. */
export function pooledSites(
  step: Pooling,
  before: Sites,
  pairs: { readonly input: Pairs; readonly out: Pairs },
): Sites {
  const { outputs } = step.taps;
  const { covariance } = pairs.out;
  const variances = Float64Array.from({ length: outputs }, (_, a) =>
    Math.max(0, covariance[a * outputs + a]),
  );
  const gapBetween = windowGaps(step, pairs.input, { u: before, v: before });
  return sitesOf(
    variances,
    variances.map((_, a) => gapBetween(a, a, 1)),
  );
}

/**
 * Gaps of pooled units. Where a difference would not do: with `m`, `m'` what the deviations would be if all sites of a
 * window were perfectly correlated, `γ`, `γ'`, `g` the pooled gaps within and between the windows and `s = √(q'/q)`,
 * the gap is `((g − s γ) + (g − γ'/s))/2 + (s m − m')²/(2s)`. Exact for equal examples, and accurate where the sites of
 * the two windows are nearly parallel to each other; elsewhere `g − s γ` is a difference with rounding errors.
 */
export function poolGaps(
  step: Pooling,
  pairs: { readonly input: Pairs; readonly out: Pairs },
  sides: { readonly before: Sides; readonly after: Sides },
): void {
  const { outputs } = step.taps;
  const { before, after } = sides;
  const [meansU, meansV] = [meanRoots(step, before.u), meanRoots(step, before.v)];
  const [ownU, ownV] = [after.u.windowGaps!, after.v.windowGaps!];
  const gapBetween = windowGaps(step, pairs.input, before);
  for (let a = 0; a < outputs; a++) {
    for (let z = 0; z < outputs; z++) {
      const at = a * outputs + z;
      const scale = after.u.roots[a] * after.v.roots[z];
      // Where sites cancel, rounding may leave more covariance than variance.
      const covariance = Math.max(-scale, Math.min(scale, pairs.out.covariance[at]));
      let gap = plainGap(scale, covariance);
      if (gap < 0) {
        const between = gapBetween(a, z, covariance < 0 ? -1 : 1);
        const ratio = after.v.roots[z] / after.u.roots[a];
        const mismatch = ratio * meansU[a] - meansV[z];
        const excess = between - ratio * ownU[a] + (between - ownV[z] / ratio);
        gap = Math.max(0, Math.min(scale, (excess + (mismatch * mismatch) / ratio) / 2));
      }
      pairs.out.covariance[at] = covariance;
      pairs.out.gap[at] = gap;
    }
  }
}

/** Pooled roots of variances: the deviation that pooled units would have if sites were perfectly correlated. */
function meanRoots({ taps, scale }: Pooling, { roots }: Sites): Float64Array {
  const { outputs, size, sites } = taps;
  const means = new Float64Array(outputs);
  for (let k = 0; k < size; k++) {
    for (let a = 0; a < outputs; a++) {
      const site = sites[a * size + k];
      if (site >= 0) means[a] += scale * roots[site];
    }
  }
  return means;
}

/** The scaled sum of `√(q p) − sign · c` over pairs of sites of two windows. */
function windowGaps(
  { taps, scale }: Pooling,
  input: Pairs,
  before: Sides,
): (a: number, z: number, sign: number) => number {
  const { inputs, size, sites } = taps;
  return (a, z, sign) => {
    let total = 0;
    for (let k = 0; k < size; k++) {
      const i = sites[a * size + k];
      if (i < 0) continue;
      for (let l = 0; l < size; l++) {
        const j = sites[z * size + l];
        if (j < 0) continue;
        const at = i * inputs + j;
        const covariance = sign * input.covariance[at];
        total += covariance >= 0 ? input.gap[at] : before.u.roots[i] * before.v.roots[j] - covariance;
      }
    }
    return scale * scale * total;
  };
}
