import { describe, expect, it } from 'vitest';
import { expectClose, fitSlope, meanAndStandardError } from '../src/index.ts';

describe('fitSlope', () => {
  it('finds the power of an exact power law, without error', () => {
    const x = [0.1, 0.05, 0.025, 0.0125];
    const { slope, standardError } = fitSlope(
      x.map(Math.log),
      x.map((h) => Math.log(3 * h ** 1.5)),
    );
    expectClose(slope, 1.5, { absolute: 1e-14 });
    expectClose(standardError, 0, { absolute: 1e-14 });
  });

  it('gives the textbook slope and error of four points', () => {
    // x̄ = 3/2, ȳ = 2.6, Σ(x−x̄)² = 5, Σ(x−x̄)(y−ȳ) = 6.9.
    const { slope, standardError } = fitSlope([0, 1, 2, 3], [0.6, 1.7, 3.5, 4.6]);
    expectClose(slope, 1.38, { absolute: 1e-14 });
    const residuals = [0, 1, 2, 3].map((x, i) => [0.6, 1.7, 3.5, 4.6][i] - 2.6 - 1.38 * (x - 1.5));
    const scatter = residuals.reduce((sum, r) => sum + r * r, 0);
    expectClose(standardError, Math.sqrt(scatter / 2 / 5), { relative: 1e-14 });
  });

  it('refuses what has no slope', () => {
    expect(() => fitSlope([1, 2], [1, 2])).toThrow('logX must be of at least 3 entries, got 2');
    expect(() => fitSlope([1, 2, 3], [1, 2])).toThrow('logY must be of length 3');
    expect(() => fitSlope([1, 2, 3], [1, 2, Number.NEGATIVE_INFINITY])).toThrow(
      'logY must be finite numbers',
    );
    expect(() => fitSlope([1, 1, 1], [1, 2, 3])).toThrow('logX must be of two values at least');
  });
});

describe('meanAndStandardError', () => {
  it('gives those of 1 … 5: 3 and √(2.5/5)', () => {
    const { mean, standardError } = meanAndStandardError([1, 2, 3, 4, 5]);
    expect(mean).toBe(3);
    expectClose(standardError, Math.sqrt(0.5), { relative: 1e-15 });
  });

  it('refuses one value and NaN', () => {
    expect(() => meanAndStandardError([1])).toThrow('values must be of at least 2 entries, got 1');
    expect(() => meanAndStandardError([1, Number.NaN])).toThrow('finite numbers');
  });
});
