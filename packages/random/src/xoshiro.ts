/**
 * The next 32-bit word of xoshiro128++; advances `state`, four words that are not all zero. Its period is 2^128 − 1.
 *
 * Source: Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators".
 */
export function next(state: Uint32Array): number {
  const s0 = state[0];
  const s1 = state[1];
  const sum = (s0 + state[3]) | 0;
  const result = (((sum << 7) | (sum >>> 25)) + s0) >>> 0;
  const s2 = state[2] ^ s0;
  const s3 = state[3] ^ s1;
  state[1] = s1 ^ s2;
  state[0] = s0 ^ s3;
  state[2] = s2 ^ (s1 << 9);
  state[3] = (s3 << 11) | (s3 >>> 21);
  return result;
}

/**
 * An unbiased integer from 0 to `bound` − 1, for `bound` from 1 to 2^53: draws above the last full multiple of `bound`
 * are drawn again. Below 2^32 − bound that multiple need not be known.
 */
export function boundedInteger(state: Uint32Array, bound: number): number {
  if (bound < 2 ** 32) {
    const divisor = bound >>> 0;
    const surely = 2 ** 32 - divisor;
    for (;;) {
      const word = next(state);
      if (word < surely || word < 2 ** 32 - (surely % divisor)) {
        // The remainder, twice as fast: a quotient of 32-bit integers is too far from the next one to be rounded to it.
        return word - Math.floor(word / divisor) * divisor;
      }
    }
  }
  const full = 2 ** 53 - (2 ** 53 % bound);
  for (;;) {
    const value = (next(state) >>> 11) * 2 ** 32 + next(state);
    if (value < full) return value % bound;
  }
}
