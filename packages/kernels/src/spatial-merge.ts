import type { Merge } from '@sntk/architecture';
import { gapOfSum, gapTerms } from './gap-sum.ts';
import { eachRow, type Pairs, plainGap, type Sides } from './spatial-state.ts';

/** What a branch gives: its pairs, the sites of both examples at its end and its share of the merged units. */
export interface BranchEnd {
  readonly pairs: Pairs;
  readonly sides: Sides;
  readonly share: number;
}

/** Merges the ends of branches as a step of the recursion over flat units does, and writes to the first one's pairs. */
export function mergePairs(merge: Merge, ends: readonly BranchEnd[], after: Sides): void {
  if (merge === 'product') multiply(ends);
  else add(ends, after);
}

function add(ends: readonly BranchEnd[], after: Sides): void {
  const out = ends[0].pairs;
  const terms = gapTerms(ends.length);
  terms.weights.set(ends.map(({ share }) => share));
  eachRow(out, (a, from, to, start) => {
    for (let z = from; z < to; z++) {
      const at = start + z;
      let covariance = 0;
      let ntk = 0;
      for (const { pairs, share } of ends) {
        covariance += share * pairs.covariance[at];
        ntk += share * pairs.ntk[at];
      }
      const scale = after.u.roots[a] * after.v.roots[z];
      let gap = plainGap(scale, covariance);
      if (gap < 0) {
        ends.forEach(({ pairs, sides }, i) => {
          terms.u[i] = sides.u.roots[a];
          terms.v[i] = sides.v.roots[z];
          terms.covariances[i] = pairs.covariance[at];
          terms.gaps[i] = pairs.gap[at];
        });
        gap = gapOfSum(terms, {
          count: ends.length,
          varianceU: after.u.variances[a],
          scale,
          covariance,
        });
      }
      out.covariance[at] = covariance;
      out.ntk[at] = ntk;
      out.gap[at] = gap;
    }
  });
}

function multiply(ends: readonly BranchEnd[]): void {
  const out = ends[0].pairs;
  for (const { pairs } of ends.slice(1)) {
    for (let at = 0; at < out.covariance.length; at++) {
      const c = out.covariance[at];
      const g = out.gap[at];
      const other = pairs.covariance[at];
      const otherGap = pairs.gap[at];
      out.gap[at] = Math.abs(c) * otherGap + g * Math.abs(other) + g * otherGap;
      out.ntk[at] = out.ntk[at] * other + pairs.ntk[at] * c;
      out.covariance[at] = c * other;
    }
  }
}

/** The same of one example's variances and Θ. */
export function mergeSites(
  merge: Merge,
  ends: readonly { readonly variances: Float64Array; readonly theta: Float64Array; readonly share: number }[],
): { readonly variances: Float64Array; readonly theta: Float64Array } {
  const variances = ends[0].variances.map((q) => ends[0].share * q);
  const theta = ends[0].theta.map((t) => ends[0].share * t);
  for (const end of ends.slice(1)) {
    for (let a = 0; a < variances.length; a++) {
      const [q, t] = [end.variances[a], end.theta[a]];
      if (merge === 'product') {
        theta[a] = theta[a] * q + t * variances[a];
        variances[a] *= q;
      } else {
        theta[a] += end.share * t;
        variances[a] += end.share * q;
      }
    }
  }
  return { variances, theta };
}
