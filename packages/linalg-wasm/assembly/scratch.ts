/*
 * A few cache lines for what sticks out of a matrix. Threads that share a memory share the module's static data too, so
 * each instance is told a place of its own; globals belong to an instance.
 */

/** 128 bytes where `tile.ts` computes tiles before their valid part is added. */
export let edge: usize = 0;
/** 64 bytes that take the second row of a tile where the matrix has none. */
export let spare: usize = 0;

/** Has to be called before all else: the scratch of this instance are the 192 bytes at `at`, a multiple of 16. */
export function useScratch(at: usize): void {
  edge = at;
  spare = at + 128;
}
