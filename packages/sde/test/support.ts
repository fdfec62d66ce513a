import { expect } from 'vitest';

/** The mean of independent values with its standard error. */
export function meanAndError(values: readonly number[]): { mean: number; error: number } {
  const n = values.length;
  const mean = values.reduce((s, v) => s + v, 0) / n;
  const variance = values.reduce((s, v) => s + (v - mean) ** 2, 0) / (n - 1);
  return { mean, error: Math.sqrt(variance / n) };
}

/** Least-squares slope of log₂ errors[i] over log₂ step, where step i is 2^-levels[i]. */
export function slope(levels: readonly number[], errors: readonly number[]): number {
  const centre = levels.reduce((s, l) => s + l, 0) / levels.length;
  let top = 0;
  let bottom = 0;
  levels.forEach((level, i) => {
    top -= (level - centre) * Math.log2(errors[i]);
    bottom += (level - centre) ** 2;
  });
  return top / bottom;
}

/** The order with two standard errors either way lies within 0.1 of the declared one. */
export function expectOrder({ mean, error }: { mean: number; error: number }, declared: number): void {
  expect(Math.abs(mean - declared) + 2 * error, `${mean} ± ${error} for ${declared}`).toBeLessThan(0.1);
}
