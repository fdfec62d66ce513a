import { ArgumentError } from '@sntk/errors';

/** Accepted is `|actual − expected| ≤ absolute + relative · |expected|`; what is left out is 0. */
export interface Closeness {
  readonly relative?: number;
  readonly absolute?: number;
}

/** Throws at entries that are too far off, telling how many there are and which is the worst. NaN is never close. */
export function expectClose(
  actual: number | ArrayLike<number>,
  expected: number | ArrayLike<number>,
  { relative = 0, absolute = 0 }: Closeness,
): void {
  if (!(relative >= 0 && absolute >= 0 && relative + absolute < Number.POSITIVE_INFINITY)) {
    throw new ArgumentError({
      where: 'expectClose',
      argument: 'closeness',
      wanted: 'finite numbers of at least 0',
      got: [relative, absolute],
    });
  }
  const a = typeof actual === 'number' ? [actual] : actual;
  const e = typeof expected === 'number' ? [expected] : expected;
  if (a.length !== e.length) throw new Error(`${a.length} entries, expected ${e.length}`);
  let far = 0;
  let worst = -1;
  let worstExcess = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < e.length; i++) {
    const accepted = absolute + relative * Math.abs(e[i]);
    const error = Math.abs(a[i] - e[i]);
    // An infinite expectation must not widen what is accepted for itself.
    if (a[i] === e[i] || (error <= accepted && Number.isFinite(e[i]))) continue;
    far++;
    const excess = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error - accepted;
    if (worst < 0 || excess > worstExcess) {
      worst = i;
      worstExcess = excess;
    }
  }
  if (far > 0) {
    const accepted = absolute + relative * Math.abs(e[worst]);
    const error = Math.abs(a[worst] - e[worst]);
    throw new Error(
      `${far} of ${e.length} entries are too far off, the worst at ${worst}: ${a[worst]}, expected ${e[worst]}, ` +
        `off by ${error.toExponential(2)} where ${accepted.toExponential(2)} is accepted`,
    );
  }
}
