import { fitSlope, meanAndStandardError } from '@sntk/testing';
import { expect } from 'vitest';

/** The mean of independent values with its standard error. */
export function meanAndError(values: readonly number[]): { mean: number; error: number } {
  const { mean, standardError: error } = meanAndStandardError(values);
  return { mean, error };
}

/** Least-squares slope of log₂ errors[i] over log₂ step, where step i is 2^-levels[i]. */
export function slope(levels: readonly number[], errors: readonly number[]): number {
  return fitSlope(
    levels.map((level) => -level),
    errors.map(Math.log2),
  ).slope;
}

/** The order with two standard errors either way lies within 0.1 of the declared one. */
export function expectOrder({ mean, error }: { mean: number; error: number }, declared: number): void {
  expect(Math.abs(mean - declared) + 2 * error, `${mean} ± ${error} for ${declared}`).toBeLessThan(0.1);
}
