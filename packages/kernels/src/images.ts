import { ArgumentError } from '@sntk/errors';
import type { Tensor } from '@sntk/linalg';
import { sizeOf } from '@sntk/linalg/extending';
import { checkTape, entriesOf, inputPair, LARGEST, type Points } from './points.ts';
import type { SpatialPlan } from './spatial-nodes.ts';
import { type SpatialTape, siteRun } from './spatial-recursion.ts';
import { type Buffers, eachRow, type Pairs, plainGap, takePairs } from './spatial-state.ts';
import { emptyState } from './state.ts';

/** Images, as points each of which is a site. */
export interface Images {
  readonly points: Points;
  readonly count: number;
  readonly sites: number;
}

/** Throws for images of another shape and rows that are not finite. */
export function readImages(
  argument: string,
  X: Tensor,
  { where, shape }: { readonly where: string; readonly shape: readonly number[] },
): Images {
  const inputs = sizeOf(shape);
  const [count, ...rest] = X.shape;
  if (rest.join() !== `${inputs}` && rest.join() !== shape.join()) {
    const wanted = `of shape [N, ${inputs}] or [N, ${shape.join(', ')}]`;
    throw new ArgumentError({ where, argument, wanted, got: [...X.shape] });
  }
  const dimension = shape[shape.length - 1];
  const sites = inputs / dimension;
  const entries = entriesOf(where, argument, X);
  const moments = new Float64Array(count * sites);
  for (let i = 0; i < count; i++) {
    let length = 0;
    for (let a = i * sites; a < (i + 1) * sites; a++) {
      let square = 0;
      for (let p = a * dimension; p < (a + 1) * dimension; p++) square += entries[p] * entries[p];
      moments[a] = square / dimension;
      length += square;
    }
    if (!(length < LARGEST)) {
      const wanted = `finite rows of squared length below ${LARGEST}`;
      throw new ArgumentError({ where, argument, wanted, got: `row ${i}` });
    }
  }
  return { points: { entries, count: count * sites, dimension, moments, tapes: [] }, count, sites };
}

/** What the recursion over two images starts from. */
export function imagePairs(
  x: Images,
  i: number,
  z: Images,
  j: number,
  { full, buffers }: { readonly full: boolean; readonly buffers: Buffers },
): Pairs {
  const pairs = takePairs(buffers, { full, sites: x.sites });
  const state = emptyState();
  const d = x.points.dimension;
  const [xEntries, zEntries] = [x.points.entries, z.points.entries];
  const rootsV = z.points.moments.slice(j * z.sites, (j + 1) * z.sites).map(Math.sqrt);
  eachRow(pairs, (a, from, to, start) => {
    const u = i * x.sites + a;
    const rootU = Math.sqrt(x.points.moments[u]);
    for (let b = from; b < to; b++) {
      const v = j * z.sites + b;
      const at = start + b;
      let inner = 0;
      for (let p = 0; p < d; p++) inner += xEntries[u * d + p] * zEntries[v * d + p];
      const scale = rootU * rootsV[b];
      let gap = plainGap(scale, inner / d);
      if (gap < 0) {
        inputPair(x.points, u, z.points, v, state);
        gap = state.determinant / (scale + Math.abs(state.covariance));
      }
      pairs.covariance[at] = inner / d;
      pairs.gap[at] = gap;
      pairs.ntk[at] = 0;
    }
  });
  return pairs;
}

/** Runs one image against itself. Throws for a network that overflows on it. */
export function imageRun(
  images: Images,
  options: {
    readonly plan: SpatialPlan;
    readonly buffers: Buffers;
    readonly where: string;
    readonly argument: string;
  },
): (i: number) => SpatialTape {
  const { plan, buffers, where, argument } = options;
  const run = siteRun(plan, buffers);
  const { sites, points } = images;
  return (i) => {
    const moments = points.moments.slice(i * sites, (i + 1) * sites);
    const pairs = plan.full ? imagePairs(images, i, images, i, { full: true, buffers }) : undefined;
    const tape = run(moments, pairs);
    const variances = tape.sites.map((each) => each.variances);
    checkTape({ ...tape, variances }, i, { where, argument });
    return tape;
  };
}
