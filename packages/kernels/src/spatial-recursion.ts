import { mergePairs, mergeSites } from './spatial-merge.ts';
import type { Node, SpatialPlan } from './spatial-nodes.ts';
import { pointwisePairs, pointwiseSites } from './spatial-pointwise.ts';
import { pooledSites, poolGaps, poolPairs } from './spatial-pooling.ts';
import {
  type Buffers,
  copyPairs,
  givePairs,
  type Pairs,
  type Sides,
  type Sites,
  sitesOf,
  takePairs,
} from './spatial-state.ts';
import { windowPairs, windowSites } from './spatial-windows.ts';

/** What one example leaves: its sites before the first and after every node, and its kernels at the end. */
export interface SpatialTape {
  readonly sites: readonly Sites[];
  readonly nngp: number;
  readonly ntk: number;
}

/** Runs pairs of sites of two examples through the network; takes the pairs, and gives the two kernels. */
export function pairRun(
  plan: SpatialPlan,
  buffers: Buffers,
): (start: Pairs, u: SpatialTape, v: SpatialTape) => { readonly nngp: number; readonly ntk: number } {
  let cursor = 0;
  const run = (
    nodes: readonly Node[],
    start: { readonly pairs: Pairs; readonly sides: Sides },
    next: () => Sides,
  ): { readonly pairs: Pairs; readonly sides: Sides } => {
    let { pairs, sides } = start;
    for (const node of nodes) {
      if (node.kind === 'narrow') {
        pairs = narrow(pairs, buffers);
        continue;
      }
      if (node.kind === 'branches') {
        const { branches, merge, shares } = node;
        const ends = branches.map((branch, i) => {
          const own = i === branches.length - 1 ? pairs : copyPairs(buffers, pairs);
          return { ...run(branch, { pairs: own, sides }, next), share: shares[i] };
        });
        sides = next();
        mergePairs(merge, ends, sides);
        for (const end of ends.slice(1)) givePairs(buffers, end.pairs);
        pairs = ends[0].pairs;
        continue;
      }
      const after = next();
      if (node.kind === 'windows' || node.kind === 'pooling') {
        const out = takePairs(buffers, { full: pairs.full, sites: node.taps.outputs });
        if (node.kind === 'windows') windowPairs(node, pairs, out, { before: sides, after });
        else {
          poolPairs(node, pairs, out, buffers);
          poolGaps(node, { input: pairs, out }, { before: sides, after });
        }
        givePairs(buffers, pairs);
        pairs = out;
      } else pointwisePairs(node, pairs, { before: sides, after });
      sides = after;
    }
    return { pairs, sides };
  };
  return (start, u, v) => {
    cursor = 0;
    const next = (): Sides => {
      const sides = { u: u.sites[cursor], v: v.sites[cursor] };
      cursor++;
      return sides;
    };
    const { pairs } = run(plan.nodes, { pairs: start, sides: next() }, next);
    const kernels = { nngp: pairs.covariance[0], ntk: pairs.ntk[0] };
    givePairs(buffers, pairs);
    return kernels;
  };
}

/** One example on its way: variances and Θ of its sites, and all its pairs of sites where they are needed. */
interface Own {
  readonly sites: Sites;
  readonly theta: Float64Array;
  readonly pairs: Pairs | undefined;
}

/** Runs one example against itself; takes its pairs of sites, if all are needed. */
export function siteRun(
  plan: SpatialPlan,
  buffers: Buffers,
): (variances: Float64Array, pairs: Pairs | undefined) => SpatialTape {
  const step = (node: Exclude<Node, { kind: 'narrow' | 'branches' }>, own: Own): Own => {
    const before = { u: own.sites, v: own.sites };
    if (node.kind === 'pooling') {
      const input = own.pairs!;
      const out = takePairs(buffers, { full: true, sites: node.taps.outputs });
      poolPairs(node, input, out, buffers);
      const sites = pooledSites(node, own.sites, { input, out });
      poolGaps(node, { input, out }, { before, after: { u: sites, v: sites } });
      givePairs(buffers, input);
      const theta = sites.variances.map((_, a) => out.ntk[a * out.sites + a]);
      return { sites, theta, pairs: out };
    }
    const after =
      node.kind === 'windows'
        ? windowSites(node, own.sites, own.theta)
        : pointwiseSites(node, own.sites, own.theta);
    const sites = sitesOf(after.variances);
    if (!own.pairs) return { sites, theta: after.theta, pairs: undefined };
    const sides = { before, after: { u: sites, v: sites } };
    let { pairs } = own;
    if (node.kind === 'windows') {
      pairs = takePairs(buffers, { full: true, sites: node.taps.outputs });
      windowPairs(node, own.pairs, pairs, sides);
      givePairs(buffers, own.pairs);
    } else pointwisePairs(node, pairs, sides);
    return { sites, theta: after.theta, pairs };
  };

  const run = (nodes: readonly Node[], start: Own, tape: Sites[]): Own => {
    let own = start;
    for (const node of nodes) {
      if (node.kind === 'narrow') {
        if (own.pairs) givePairs(buffers, own.pairs);
        own = { ...own, pairs: undefined };
        continue;
      }
      if (node.kind === 'branches') own = runBranches(node, own, tape);
      else own = step(node, own);
      setDiagonal(own);
      tape.push(own.sites);
    }
    return own;
  };

  const runBranches = (
    { branches, merge, shares }: Extract<Node, { kind: 'branches' }>,
    start: Own,
    tape: Sites[],
  ): Own => {
    const ends = branches.map((branch, i) => {
      const kept = i === branches.length - 1 || !start.pairs;
      const pairs = kept ? start.pairs : copyPairs(buffers, start.pairs!);
      return run(branch, { ...start, pairs }, tape);
    });
    const merged = mergeSites(
      merge,
      ends.map(({ sites, theta }, i) => ({ variances: sites.variances, theta, share: shares[i] })),
    );
    const sites = sitesOf(merged.variances);
    const [first, ...rest] = ends;
    if (first.pairs) {
      const parts = ends.map((end, i) => ({
        pairs: end.pairs!,
        sides: { u: end.sites, v: end.sites },
        share: shares[i],
      }));
      mergePairs(merge, parts, { u: sites, v: sites });
      for (const end of rest) givePairs(buffers, end.pairs!);
    }
    return { sites, theta: merged.theta, pairs: first.pairs };
  };

  return (variances, pairs) => {
    const start = { sites: sitesOf(variances), theta: new Float64Array(variances.length), pairs };
    setDiagonal(start);
    const tape = [start.sites];
    const own = run(plan.nodes, start, tape);
    if (own.pairs) givePairs(buffers, own.pairs);
    return { sites: tape, nngp: own.sites.variances[0], ntk: own.theta[0] };
  };
}

/** A site against itself is exact: its variance, with no gap. */
function setDiagonal({ sites, theta, pairs }: Own): void {
  if (!pairs) return;
  for (let a = 0; a < pairs.sites; a++) {
    const at = a * (pairs.sites + 1);
    pairs.covariance[at] = sites.variances[a];
    pairs.gap[at] = 0;
    pairs.ntk[at] = theta[a];
  }
}

/** Keeps pairs of the same site. */
function narrow(pairs: Pairs, buffers: Buffers): Pairs {
  const out = takePairs(buffers, { full: false, sites: pairs.sites });
  for (let a = 0; a < pairs.sites; a++) {
    const at = a * (pairs.sites + 1);
    for (const name of ['covariance', 'gap', 'ntk'] as const) out[name][a] = pairs[name][at];
  }
  givePairs(buffers, pairs);
  return out;
}
