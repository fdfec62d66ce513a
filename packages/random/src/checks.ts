import { ArgumentError, checkInteger } from '@sntk/errors';

/** Throws unless `rng` is a stream. */
export function checkRng(where: string, argument: string, rng: unknown): void {
  if (typeof rng === 'object' && rng !== null && 'keyWords' in rng) return;
  throw new ArgumentError({ where, argument, wanted: 'a stream, for example createRng(1)', got: rng });
}

/** Throws unless `n` indices fit the 32-bit integers that they are given as. */
export function checkCount(where: string, argument: string, n: number, minimum = 0): void {
  checkInteger(where, argument, n, minimum);
  if (n > 2 ** 31) throw new ArgumentError({ where, argument, wanted: 'at most 2^31', got: n });
}
