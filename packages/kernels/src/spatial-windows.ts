import type { GapSum } from './gap-sum.ts';
import type { SpatialStep } from './plan.ts';
import { eachRow, type Pairs, plainGap, type Sides, type Sites } from './spatial-state.ts';
import type { Taps } from './spatial-window.ts';

type Windows = Extract<SpatialStep, { kind: 'windows' }>;

/** One example's variances and Θ after a dense layer over windows. */
export function windowSites(
  { taps, affine }: Windows,
  sites: Sites,
  theta: Float64Array,
): { readonly variances: Float64Array; readonly theta: Float64Array } {
  const { weightVariance: w, biasVariance: b, weightGain, biasGain } = affine;
  const same = { full: false };
  const [variances, thetas] = [new Float64Array(taps.outputs), new Float64Array(taps.outputs)];
  sumWindows(sites.variances, variances, { taps, ...same });
  sumWindows(theta, thetas, { taps, ...same });
  for (let a = 0; a < taps.outputs; a++) {
    const mean = variances[a] / taps.size;
    thetas[a] = weightGain * mean + biasGain + w * (thetas[a] / taps.size);
    variances[a] = w * mean + b;
  }
  return { variances, theta: thetas };
}

/**
 * Pairs after a dense layer over windows: `Σ_{pp'} ← (σ_w²/|W|) Σ_δ Σ_{p+δ, p'+δ} + σ_b²`, and Θ with the gains of its
 * parameterization, MATH (6).
 *
 * Sources: Novak and others, "Bayesian Deep Convolutional Networks with Many Channels are Gaussian Processes"; Arora and
 * others, "On Exact Computation with an Infinitely Wide Neural Net".
 */
export function windowPairs(
  { taps, affine }: Windows,
  input: Pairs,
  out: Pairs,
  request: { readonly before: Sides; readonly after: Sides; readonly gapSum: GapSum },
): void {
  const { before, after, gapSum } = request;
  const { weightVariance: w, biasVariance: b, weightGain, biasGain } = affine;
  const { full } = input;
  const { size, sites, inputs, outputs } = taps;
  sumWindows(input.covariance, out.covariance, { taps, full });
  sumWindows(input.ntk, out.ntk, { taps, full });
  eachRow(out, (a, from, to, start) => {
    const rootU = after.u.roots[a];
    for (let z = from; z < to; z++) {
      const at = start + z;
      const mean = out.covariance[at] / size;
      const covariance = w * mean + b;
      out.ntk[at] = weightGain * mean + biasGain + w * (out.ntk[at] / size);
      out.covariance[at] = covariance;
      const scale = rootU * after.v.roots[z];
      let gap = plainGap(scale, covariance);
      if (gap < 0) {
        gapSum.clear();
        if (b > 0) gapSum.add(b, 1, 1, 1, 0);
        for (let k = 0; k < size; k++) {
          const [ia, iz] = [sites[k * outputs + a], sites[k * outputs + z]];
          const [ru, rv] = [ia < 0 ? 0 : before.u.roots[ia], iz < 0 ? 0 : before.v.roots[iz]];
          const inside = ia >= 0 && iz >= 0;
          const place = full ? ia * inputs + iz : ia;
          gapSum.add(w / size, ru, rv, inside ? input.covariance[place] : 0, inside ? input.gap[place] : 0);
        }
        gap = gapSum.total(after.u.variances[a], scale, covariance);
      }
      out.gap[at] = gap;
    }
  });
}

/** Sums over the sites of a window, for pairs that have the same place in their windows. Overwrites `out`. */
function sumWindows(
  input: Float64Array,
  out: Float64Array,
  { taps, full }: { readonly taps: Taps; readonly full: boolean },
): void {
  const { size, sites, inputs, outputs } = taps;
  out.fill(0);
  for (let k = 0; k < size; k++) {
    const first = k * outputs;
    for (let a = 0; a < outputs; a++) {
      const site = sites[first + a];
      if (site < 0) continue;
      if (!full) {
        out[a] += input[site];
        continue;
      }
      const [row, start] = [site * inputs, a * outputs];
      for (let z = 0; z < outputs; z++) {
        const other = sites[first + z];
        if (other >= 0) out[start + z] += input[row + other];
      }
    }
  }
}
