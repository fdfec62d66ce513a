import { ArgumentError } from '@sntk/errors';

/** Throws unless `value` is a finite number. Returns it. */
export function checkNumber(where: string, argument: string, value: number): number {
  if (Number.isFinite(value)) return value;
  throw new ArgumentError({ where, argument, wanted: 'a finite number', got: value });
}
