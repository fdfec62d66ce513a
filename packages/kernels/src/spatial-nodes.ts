import type { ActivationDual, Merge } from '@sntk/architecture';
import type { Taps } from '@sntk/architecture/extending';
import type { ImageStep, SpatialStep } from './plan.ts';

/** A step of the recursion over images. Dense layers have become windows of one site. */
export type Node =
  | SpatialStep
  | Exclude<ImageStep, SpatialStep | { readonly kind: 'dense' | 'dual' | 'branches' }>
  | {
      readonly kind: 'dual';
      readonly dual: ActivationDual;
      /** The dual's moments of a pair, by tables where it has them: images have many pairs of sites. */
      readonly pair: ActivationDual['pair'];
    }
  /** Forgets pairs of different sites. */
  | { readonly kind: 'narrow' }
  | {
      readonly kind: 'branches';
      readonly merge: Merge;
      readonly branches: readonly (readonly Node[])[];
      readonly shares: readonly number[];
    };

/** The recursion of a network of images: what it starts from and its nodes. */
export interface SpatialPlan {
  readonly sites: number;
  /** Whether it starts from all pairs of sites, or from those of each site with itself. */
  readonly full: boolean;
  readonly nodes: readonly Node[];
}

/**
 * Decides where pairs of different sites are needed: up to the last pooling. Windows and what acts on each site alone
 * take a site with itself to such pairs again.
 *
 * Source: Novak and others, "Bayesian Deep Convolutional Networks with Many Channels are Gaussian Processes".
 */
export function spatialNodes(steps: readonly ImageStep[], sites: number): SpatialPlan {
  const full = needsAll(steps, false);
  return { sites, full, nodes: compile(steps, { sites, full, after: false }) };
}

/** Whether steps need all pairs of sites before them, given whether that is so after them. */
function needsAll(steps: readonly ImageStep[], after: boolean): boolean {
  return after || steps.some(pools);
}

function pools(step: ImageStep): boolean {
  if (step.kind === 'branches') return step.branches.some((branch) => branch.some(pools));
  return step.kind === 'pooling';
}

interface Place {
  readonly sites: number;
  readonly full: boolean;
  /** Whether all pairs are needed after the steps. */
  readonly after: boolean;
}

function compile(steps: readonly ImageStep[], place: Place): readonly Node[] {
  const nodes: Node[] = [];
  let { sites, full } = place;
  for (let i = 0; i <= steps.length; i++) {
    if (full && !needsAll(steps.slice(i), place.after)) {
      nodes.push({ kind: 'narrow' });
      full = false;
    }
    if (i === steps.length) break;
    const step = steps[i];
    switch (step.kind) {
      case 'dense':
        nodes.push({ kind: 'windows', taps: ownSite(sites), affine: step });
        break;
      case 'dual':
        nodes.push({ ...step, pair: step.dual.many?.() ?? step.dual.pair });
        break;
      case 'branches': {
        const after = needsAll(steps.slice(i + 1), place.after);
        const branches = step.branches.map((branch) => compile(branch, { sites, full, after }));
        nodes.push({ ...step, branches });
        sites = sitesAfter(step.branches[0], sites);
        full = after;
        break;
      }
      default:
        nodes.push(step);
        if (step.kind === 'windows' || step.kind === 'pooling') sites = step.taps.outputs;
    }
  }
  return nodes;
}

function sitesAfter(steps: readonly ImageStep[], before: number): number {
  return steps.reduce((sites, step) => {
    if (step.kind === 'windows' || step.kind === 'pooling') return step.taps.outputs;
    return step.kind === 'branches' ? sitesAfter(step.branches[0], sites) : sites;
  }, before);
}

/** A window of one site at each site. */
function ownSite(sites: number): Taps {
  return { inputs: sites, outputs: sites, size: 1, sites: Int32Array.from({ length: sites }, (_, a) => a) };
}
