import { ArgumentError } from '@sntk/errors';
import type { Node, SpatialPlan } from './spatial-nodes.ts';

/** Numbers that a call may hold at once: 2 GiB of them. */
const LARGEST_COUNT = 2 ** 28;

/** Numbers that the recursion holds: `pairs` for two examples at a time, `tape` for every example. */
export function sizeOf(plan: SpatialPlan): { readonly pairs: number; readonly tape: number } {
  const { pairs, tape } = walk(plan.nodes, plan);
  return { pairs, tape: tape + 2 * plan.sites };
}

function walk(
  nodes: readonly Node[],
  start: { readonly sites: number; readonly full: boolean },
): { readonly pairs: number; readonly tape: number; readonly sites: number; readonly full: boolean } {
  let { sites, full } = start;
  const held = (): number => 3 * (full ? sites * sites : sites);
  let [pairs, tape] = [held(), 0];
  for (const node of nodes) {
    const before = held();
    if (node.kind === 'narrow') full = false;
    else if (node.kind === 'branches') {
      let ends = before;
      for (const branch of node.branches) {
        const walked = walk(branch, { sites, full });
        pairs = Math.max(pairs, ends + walked.pairs);
        tape += walked.tape;
        ends += 3 * (walked.full ? walked.sites ** 2 : walked.sites);
      }
      ({ sites, full } = walk(node.branches[0], { sites, full }));
    } else if (node.kind === 'windows' || node.kind === 'pooling') sites = node.taps.outputs;
    if (node.kind !== 'narrow') tape += (node.kind === 'pooling' ? 3 : 2) * sites;
    // Pooling sums over one window, then over the other.
    const between = node.kind === 'pooling' ? node.taps.inputs * node.taps.outputs : 0;
    pairs = Math.max(pairs, before + held() + between);
  }
  return { pairs, tape, sites, full };
}

/** Throws, before anything is allocated, where a call would hold too much. */
export function checkSize(
  where: string,
  plan: SpatialPlan,
  call: { readonly examples: number; readonly entries: number },
): void {
  const size = sizeOf(plan);
  const total = size.pairs + call.examples * size.tape + 2 * call.entries;
  if (total <= LARGEST_COUNT) return;
  const gigabytes = (count: number): string => `${((8 * count) / 2 ** 30).toPrecision(2)} GiB`;
  const ofPairs = size.pairs > LARGEST_COUNT / 2;
  throw new ArgumentError({
    where,
    argument: ofPairs ? 'architecture' : 'options.X',
    wanted: `small enough for ${gigabytes(LARGEST_COUNT)}`,
    got: ofPairs
      ? `${gigabytes(size.pairs)} of pairs of sites`
      : `${gigabytes(total)}: ${gigabytes(2 * call.entries)} of kernels and ${gigabytes(call.examples * size.tape)} of variances`,
    fix: ofPairs
      ? 'take smaller images, larger strides before the last pooling, or flatten in place of pooling'
      : 'take kernelBlocks, and fewer rows of X and Z at a time',
  });
}
