import { pieces } from './cut.ts';
import type { Runtime } from './runtime.ts';

/** `D + ρ z zᵀ` of size `k` in WASM memory; `assembly/secular.ts` says what it takes. Addresses of `k` numbers. */
export interface RankOneUpdate {
  readonly k: number;
  readonly rho: number;
  readonly poles: number;
  readonly z: number;
}

/** Addresses of the results: `values` of `k` numbers and `gaps` of `k²`. */
export interface SecularRoots {
  readonly values: number;
  readonly gaps: number;
}

/** Sizes below this are not worth waking another thread. */
const SHARED = 200;

/** Eigenvalues, ascending, and in row `i` of `gaps` the differences `poles − values[i]`. */
export function secularRoots({ team }: Runtime, { k, rho, poles, z }: RankOneUpdate, to: SecularRoots): void {
  const calls = pieces(k, k < SHARED ? 1 : team.threads, 8).map(([from, end]) => [
    ...[k, from, end, rho, poles, z],
    ...[to.values, to.gaps],
  ]);
  team.run({ kernel: 'secularRoots', calls });
}

/**
 * Overwrites `gaps` by the eigenvectors in rows, entry `j` in column `places[j]` of 32-bit integers. `exact` takes `k` numbers,
 * `lines` as many for each thread.
 */
export function secularVectors(
  { team }: Runtime,
  { k, poles, z }: RankOneUpdate,
  gaps: number,
  { places, exact, lines }: { readonly places: number; readonly exact: number; readonly lines: number },
): void {
  const cuts = pieces(k, k < SHARED ? 1 : team.threads, 8);
  team.run({
    kernel: 'secularWeights',
    calls: cuts.map(([from, end]) => [k, from, end, poles, z, gaps, exact]),
  });
  team.run({
    kernel: 'secularVectors',
    calls: cuts.map(([from, end]) => [k, from, end, exact, places, gaps]),
    work: { at: lines, bytes: Math.ceil(k / 8) * 64 },
  });
}
