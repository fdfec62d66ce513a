import { type PairMoments, relu } from '@sntk/architecture';
import type { Node } from './spatial-nodes.ts';
import { reluPairs } from './spatial-relu.ts';
import { eachRow, type Pairs, plainGap, type Sides, type Sites } from './spatial-state.ts';

/** A node that acts on each site alone. */
export type Pointwise = Extract<Node, { kind: 'dual' | 'norm' | 'dropout' }>;

/** One example's variances and Θ after a node that acts on each site alone. */
export function pointwiseSites(
  node: Pointwise,
  sites: Sites,
  theta: Float64Array,
): { readonly variances: Float64Array; readonly theta: Float64Array } {
  const [variances, thetas] = [sites.variances.slice(), theta.slice()];
  for (let a = 0; a < variances.length; a++) {
    const q = variances[a];
    switch (node.kind) {
      case 'dual': {
        const { covariance, derivative } = node.dual.diagonal(q);
        variances[a] = covariance;
        thetas[a] *= derivative;
        break;
      }
      case 'norm':
        variances[a] /= q + node.epsilon;
        thetas[a] /= q + node.epsilon;
        break;
      case 'dropout':
        variances[a] /= node.keep;
        thetas[a] /= node.keep;
    }
  }
  return { variances, theta: thetas };
}

/** Changes pairs of different examples, or of different sites, by a node that acts on each site alone. */
export function pointwisePairs(
  node: Pointwise,
  pairs: Pairs,
  sides: { readonly before: Sides; readonly after: Sides },
): void {
  if (node.kind === 'dual') {
    dualPairs(node, pairs, sides);
    return;
  }
  const { u, v } = sides.before;
  const { covariance, gap, ntk } = pairs;
  eachRow(pairs, (a, from, to, start) => {
    for (let z = from; z < to; z++) {
      const at = start + z;
      if (node.kind === 'norm') {
        const root = Math.sqrt((u.variances[a] + node.epsilon) * (v.variances[z] + node.epsilon));
        covariance[at] /= root;
        gap[at] /= root;
        ntk[at] /= root;
      } else {
        // Masks are independent: covariances stay.
        gap[at] += (1 / node.keep - 1) * u.roots[a] * v.roots[z];
      }
    }
  });
}

/** Up to this gap, relative to the covariance, units of one variance are the same one: an angle of a rounding error. */
const EQUAL = 4 * Number.EPSILON ** 2;

function dualPairs(
  { dual, pair }: Extract<Pointwise, { kind: 'dual' }>,
  pairs: Pairs,
  sides: { readonly before: Sides; readonly after: Sides },
): void {
  const { before, after } = sides;
  const { covariance, gap, ntk } = pairs;
  const p = { varianceU: 0, varianceV: 0, covariance: 0, distance: 0, determinant: 0 };
  const out: PairMoments = { covariance: 0, derivative: 0, distance: 0, determinant: 0 };
  const one = (a: number, z: number, at: number): void => {
    const rootU = before.u.roots[a];
    const rootV = before.v.roots[z];
    const c = covariance[at];
    const g = gap[at];
    p.varianceU = before.u.variances[a];
    p.varianceV = before.v.variances[z];
    if (c > 0 && g <= EQUAL * c && p.varianceU === p.varianceV) {
      covariance[at] = after.u.variances[a];
      gap[at] = 0;
      ntk[at] *= dual.diagonal(p.varianceU).derivative;
      return;
    }
    p.covariance = c;
    p.distance = c > 0 ? (rootU - rootV) ** 2 + 2 * g : p.varianceU + p.varianceV - 2 * c;
    p.determinant = g * (rootU * rootV + Math.abs(c));
    pair(p, out);
    covariance[at] = out.covariance;
    ntk[at] *= out.derivative;
    const scale = after.u.roots[a] * after.v.roots[z];
    const plain = plainGap(scale, out.covariance);
    if (plain >= 0) gap[at] = plain;
    else gap[at] = scale === 0 ? 0 : Math.max(0, out.determinant) / (scale + Math.abs(out.covariance));
  };
  if (dual === relu.dual) reluPairs(pairs, sides, one);
  else {
    eachRow(pairs, (a, from, to, start) => {
      for (let z = from; z < to; z++) one(a, z, start + z);
    });
  }
}
