import { boundedInteger } from './xoshiro.ts';

/** Above this many entries for each one chosen, a map of the moved entries is cheaper than the whole list. */
const SPARSE = 16;

/**
 * The first `k` entries of a Fisher–Yates shuffle of 0 … n − 1.
 *
 * Both ways of keeping the list draw the same numbers, so they give the same subset.
 */
export function choose(state: Uint32Array, n: number, k: number): Int32Array {
  return n > SPARSE * k ? chooseSparse(state, n, k) : chooseDense(state, n, k);
}

function chooseDense(state: Uint32Array, n: number, k: number): Int32Array {
  const list = new Int32Array(n);
  for (let i = 0; i < n; i++) list[i] = i;
  for (let i = 0; i < k; i++) {
    const j = i + boundedInteger(state, n - i);
    const taken = list[j];
    list[j] = list[i];
    list[i] = taken;
  }
  return k === n ? list : list.slice(0, k);
}

function chooseSparse(state: Uint32Array, n: number, k: number): Int32Array {
  const moved = new Map<number, number>();
  const out = new Int32Array(k);
  for (let i = 0; i < k; i++) {
    const j = i + boundedInteger(state, n - i);
    out[i] = moved.get(j) ?? j;
    moved.set(j, moved.get(i) ?? i);
  }
  return out;
}
