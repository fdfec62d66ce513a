import { boundedInteger } from './xoshiro.ts';

/** Up to here a list of 0 … n − 1 is kept from one subset to the next. */
const KEPT = 2 ** 16;
/** Above this many entries for each one chosen, a map of the moved entries is cheaper than a new list. */
const SPARSE = 16;

/**
 * The first `k` entries of a Fisher–Yates shuffle of 0 … n − 1, written to `out`.
 *
 * All ways of keeping the list draw the same numbers, so they give the same subset.
 */
export function choose(
  state: Uint32Array,
  n: number,
  k: number,
  out: Int32Array = new Int32Array(k),
): Int32Array {
  if (n <= KEPT) chooseKept(state, n, k, out);
  else if (n > SPARSE * k) chooseSparse(state, n, k, out);
  else out.set(shuffle(state, identity(n), n, k).subarray(0, k));
  return out;
}

function identity(n: number): Int32Array {
  const list = new Int32Array(n);
  for (let i = 0; i < n; i++) list[i] = i;
  return list;
}

/** Shuffles the first `n` entries of a list as far as the first `k` are concerned. */
function shuffle(state: Uint32Array, list: Int32Array, n: number, k: number): Int32Array {
  for (let i = 0; i < k; i++) {
    const j = i + boundedInteger(state, n - i);
    const taken = list[j];
    list[j] = list[i];
    list[i] = taken;
  }
  return list;
}

/** 0, 1, 2, … between two subsets. */
let kept: Int32Array = new Int32Array(0);

function chooseKept(state: Uint32Array, n: number, k: number, out: Int32Array): void {
  if (kept.length < n) kept = identity(n);
  shuffle(state, kept, n, k);
  for (let i = 0; i < k; i++) out[i] = kept[i];
  // Whatever was moved was among the first places or has been chosen.
  for (let i = 0; i < k; i++) {
    kept[i] = i;
    kept[out[i]] = out[i];
  }
}

function chooseSparse(state: Uint32Array, n: number, k: number, out: Int32Array): void {
  const moved = new Map<number, number>();
  for (let i = 0; i < k; i++) {
    const j = i + boundedInteger(state, n - i);
    out[i] = moved.get(j) ?? j;
    moved.set(j, moved.get(i) ?? i);
  }
}
