import { NumericalError } from '@sntk/errors';

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
 * @param tolerances `rounding`: the error of `measured`, 0 unless told: up to it there is nothing to bound; `slack`: the
 * relative error of the bound, 1e-12 unless told
 * @throws NumericalError when one of the two overflows, so that there is no verdict.
 */
export function compare(
  measured: number,
  bound: number,
  { rounding = 0, slack = ROUNDING }: { readonly rounding?: number; readonly slack?: number } = {},
): Measurement {
  checkNumbers(measured, bound);
  const ratio = measured <= rounding ? 0 : measured / bound;
  return { measured, bound, holds: measured <= bound * (1 + slack) + rounding, ratio };
}

/** A measurement that was taken in other units. */
export function inUnits<M extends Measurement>(measurement: M, unit: number): M {
  const [measured, bound] = [measurement.measured * unit, measurement.bound * unit];
  checkNumbers(measured, bound);
  return { ...measurement, measured, bound };
}

function checkNumbers(measured: number, bound: number): void {
  if (Number.isFinite(measured) && Number.isFinite(bound)) return;
  throw new NumericalError({
    where: 'measurements',
    found: `a number overflows: ${measured} was measured for a bound of ${bound}`,
    fix: 'scale the kernel, the residuals or the draws',
    details: { measured, bound },
  });
}

/** The Euclidean norm, without overflow and for any length. */
export function normOf(values: Float64Array): number {
  return values.reduce((norm, value) => Math.hypot(norm, value), 0);
}

/** The entry of the largest ratio, among those that are broken if there are any. */
export function worstOf(entries: Iterable<EntryMeasurement>): EntryMeasurement {
  let worst: EntryMeasurement | undefined;
  for (const entry of entries) {
    const broken = Number(!entry.holds) - Number(worst !== undefined && !worst.holds);
    if (worst === undefined || broken > 0 || (broken === 0 && entry.ratio > worst.ratio)) worst = entry;
  }
  return worst ?? { ...compare(0, 0), at: [0, 0] };
}
