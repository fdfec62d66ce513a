/** NNGP variances at the sites of one example, after one node of the recursion. */
export interface Sites {
  readonly variances: Float64Array;
  /** Their roots. */
  readonly roots: Float64Array;
  /** After pooling: the pooled gaps of the sites of a window among themselves. */
  readonly windowGaps?: Float64Array;
}

export function sitesOf(variances: Float64Array, windowGaps?: Float64Array): Sites {
  const roots = variances.map(Math.sqrt);
  return windowGaps ? { variances, roots, windowGaps } : { variances, roots };
}

/** What is known of the sites of two examples before or after a node. */
export interface Sides {
  readonly u: Sites;
  readonly v: Sites;
}

/**
 * Second moments and Θ of pairs of sites: of all pairs, row-major, or of each site of one example with the same site of
 * the other.
 */
export interface Pairs {
  readonly full: boolean;
  readonly sites: number;
  readonly covariance: Float64Array;
  /** `√(q q') − |c|`, which keeps the angle of nearly equal and opposite pairs. */
  readonly gap: Float64Array;
  readonly ntk: Float64Array;
}

/** Arrays that are given back and used again, by length; their entries are whatever was in them. */
export interface Buffers {
  take(length: number): Float64Array;
  give(array: Float64Array): void;
}

export function createBuffers(): Buffers {
  const free = new Map<number, Float64Array[]>();
  return {
    take: (length) => free.get(length)?.pop() ?? new Float64Array(length),
    give(array) {
      const same = free.get(array.length);
      if (same) same.push(array);
      else free.set(array.length, [array]);
    },
  };
}

export function takePairs(
  buffers: Buffers,
  shape: { readonly full: boolean; readonly sites: number },
): Pairs {
  const { full, sites } = shape;
  const length = full ? sites * sites : sites;
  const take = (): Float64Array => buffers.take(length);
  return { full, sites, covariance: take(), gap: take(), ntk: take() };
}

export function givePairs(buffers: Buffers, pairs: Pairs): void {
  for (const array of [pairs.covariance, pairs.gap, pairs.ntk]) buffers.give(array);
}

export function copyPairs(buffers: Buffers, pairs: Pairs): Pairs {
  const copy = takePairs(buffers, pairs);
  for (const name of ['covariance', 'gap', 'ntk'] as const) copy[name].set(pairs[name]);
  return copy;
}

/** Calls `visit` for each row of pairs: its site, the first site of its columns and the one after the last, and its start. */
export function eachRow(
  pairs: { readonly full: boolean; readonly sites: number },
  visit: (a: number, from: number, to: number, start: number) => void,
): void {
  const { full, sites } = pairs;
  for (let a = 0; a < sites; a++) {
    if (full) visit(a, 0, sites, a * sites);
    else visit(a, a, a + 1, 0);
  }
}

/** Gaps above this share of `√(q q')` are taken as the difference that they are; it has 14 digits. */
export const NEAR: number = 1 / 64;

/** The gap as a difference, where that is accurate; −1 for pairs that are nearly equal or opposite. */
export function plainGap(scale: number, covariance: number): number {
  const gap = scale - Math.abs(covariance);
  return gap >= NEAR * scale ? gap : -1;
}
