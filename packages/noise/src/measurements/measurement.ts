/** A number that a theorem bounds, measured. */
export interface Measurement {
  readonly measured: number;
  readonly bound: number;
  /** Whether `measured` is at most `bound`, but for rounding. A bound that is broken is told, not thrown. */
  readonly holds: boolean;
  /** `measured/bound`: how much of the bound is used, or by how much it is broken. 0 when both are 0. */
  readonly ratio: number;
}

/** A bound on every entry of an array: the entry that uses most of its bound. */
export interface EntryMeasurement extends Measurement {
  /** Indices of that entry. */
  readonly at: readonly [number, number];
}

/** Rounding allowed in the comparison with a bound that is reached. */
const ROUNDING = 1e-12;

/**
 * A measured number beside its bound.
 *
 * @param floor what is rounding of zero in `measured`, 0 unless told: up to it there is nothing to bound
 */
export function compare(measured: number, bound: number, floor = 0): Measurement {
  const ratio = measured <= floor ? 0 : measured / bound;
  return { measured, bound, holds: ratio <= 1 + ROUNDING, ratio };
}

/** The entry of the largest ratio. */
export function worstOf(entries: Iterable<EntryMeasurement>): EntryMeasurement {
  let worst: EntryMeasurement | undefined;
  for (const entry of entries) if (worst === undefined || entry.ratio > worst.ratio) worst = entry;
  return worst ?? { ...compare(0, 0), at: [0, 0] };
}
