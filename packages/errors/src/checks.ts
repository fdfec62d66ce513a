import { ArgumentError } from './errors.ts';

/** Throws unless `value` is an integer of at least `minimum` (0 unless told). Returns the value. */
export function checkInteger(where: string, argument: string, value: unknown, minimum = 0): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < minimum) {
    throw new ArgumentError({ where, argument, wanted: `an integer of at least ${minimum}`, got: value });
  }
  return value;
}

/** Throws unless `value` is a finite number above 0. Returns the value. */
export function checkPositive(where: string, argument: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    throw new ArgumentError({ where, argument, wanted: 'a finite number above 0', got: value });
  }
  return value;
}

/** Throws unless `value` is a finite number of at least 0. Returns the value. */
export function checkNonNegative(where: string, argument: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
    throw new ArgumentError({ where, argument, wanted: 'a finite number of at least 0', got: value });
  }
  return value;
}

/** Throws unless `value` is one of `choices`. Returns the value. */
export function checkChoice<T extends string>(
  where: string,
  argument: string,
  value: unknown,
  choices: readonly T[],
): T {
  if (!choices.includes(value as T)) {
    throw new ArgumentError({ where, argument, wanted: `one of ${choices.join(', ')}`, got: value });
  }
  return value as T;
}

/** Throws at the first entry that is NaN or infinite, naming its position. */
export function checkFinite(where: string, argument: string, values: ArrayLike<number>): void {
  if (values instanceof Float64Array && allFinite(values)) return;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new ArgumentError({
        where,
        argument,
        wanted: 'finite numbers',
        got: `${values[i]} at position ${i}`,
      });
    }
  }
}

/** Whether no entry is NaN or infinite. */
export function allFinite(values: Float64Array | Float32Array): boolean {
  // Differences of finite numbers with themselves are 0, others NaN: two sums of them take half the time of asking for each.
  let a = 0;
  let b = 0;
  const even = values.length - (values.length % 2);
  for (let i = 0; i < even; i += 2) {
    a += values[i] - values[i];
    b += values[i + 1] - values[i + 1];
  }
  if (even < values.length) a += values[even] - values[even];
  return a + b === 0;
}

/** Throws unless `values` has `length` entries; `meaning` says what the length stands for. */
export function checkLength(
  where: string,
  argument: string,
  values: ArrayLike<number>,
  length: number,
  meaning: string,
): void {
  if (values.length !== length) {
    throw new ArgumentError({
      where,
      argument,
      wanted: `of length ${length} (${meaning})`,
      got: `length ${values.length}`,
    });
  }
}
