import { cut } from './product.ts';
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
  const calls = slices(k, team.threads).map(([from, end]) => [
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
  const cuts = slices(k, team.threads);
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

function slices(k: number, threads: number): (readonly [number, number])[] {
  const step = k < SHARED ? k : cut(k, threads, 8);
  const out: [number, number][] = [];
  for (let from = 0; from < k; from += step) out.push([from, Math.min(k, from + step)]);
  return out;
}
