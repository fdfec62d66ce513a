/**
 * Reflectors made of numbers this small, in a matrix or column of entries of order 1, lose their digits to gradual
 * underflow; nothing is lost by leaving them out.
 */
export const NEGLIGIBLE = 1e-290;

/**
 * A power of two near a magnitude, 1 for 0: dividing by it rounds nothing and leaves numbers of order 1, whose squares
 * neither overflow nor vanish. Its reciprocal is a number, too, at both ends of the range.
 */
export function powerOfTwoNear(magnitude: number): number {
  if (magnitude === 0) return 1;
  // The largest number's logarithm rounds to 1024, and 2¹⁰²⁴ is no number any more.
  return 2 ** Math.min(1023, Math.max(-1022, Math.floor(Math.log2(magnitude))));
}

/** The largest magnitude in each column of a row-major `[n, p]`; NaN where there is one. */
export function columnMaxima(a: ArrayLike<number>, p: number): Float64Array {
  const most = new Float64Array(p);
  for (let i = 0, q = 0; i < a.length; i++, q = q + 1 === p ? 0 : q + 1) {
    const size = Math.abs(a[i]);
    if (!(size <= most[q])) most[q] = size;
  }
  return most;
}
