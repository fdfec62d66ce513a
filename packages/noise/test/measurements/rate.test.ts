import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { measureDecay, measureRate } from '../../src/measurements.ts';

const widths = [16, 32, 64, 128, 256];

/** Draws of `n^order` times a factor of mean one. */
function drawsOf(order: number, seed: string): Float64Array[] {
  return widths.map((n) => {
    const rng = createRng(seed).split(n);
    return Float64Array.from({ length: 200 }, () => 3 * n ** order * (0.5 + rng.uniform()));
  });
}

describe('measureRate', () => {
  it('finds the power of draws that have one, within its standard error', () => {
    const deviations = Array.from({ length: 40 }, (_, trial) => {
      const { slope, slopeError } = measureRate(widths, drawsOf(-0.5, `trial ${trial}`), { order: -0.5 });
      return (slope + 0.5) / slopeError;
    });
    expect(Math.max(...deviations.map(Math.abs))).toBeLessThan(4);
    // The error counts the scatter about the line where that is larger: deviations are at most of variance one.
    const variance = deviations.reduce((sum, z) => sum + (z * z) / 40, 0);
    expect(variance).toBeGreaterThan(0.3);
    expect(variance).toBeLessThan(1 + 4 * Math.sqrt(2 / 40));
  });

  it('holds for what falls faster, and not for what falls slower', () => {
    expect(measureRate(widths, drawsOf(-1, 'a'), { order: -0.5 }).holds).toBe(true);
    expect(measureRate(widths, drawsOf(0, 'b'), { order: -0.5 }).holds).toBe(false);
    expect(measureRate(widths, drawsOf(0, 'b'), { order: 0 }).holds).toBe(true);
  });

  it('has the standard errors of the means, and gives a slope above the order two of its own', () => {
    // Means 3 and 3.3 with scatter √2/3 and √2/3.3 of them: a slope of 0.14 ± 0.46.
    const draws = [
      [2, 4],
      [2.3, 4.3],
    ];
    const { slope, slopeError, standardErrors, holds } = measureRate([1, 2], draws, { order: 0 });
    expect([...standardErrors].map((error) => error.toFixed(12))).toEqual([
      '1.000000000000',
      '1.000000000000',
    ]);
    expect(slope).toBeCloseTo(Math.log(1.1) / Math.log(2), 12);
    expect(slopeError).toBeCloseTo(Math.sqrt(1 / 9 + 1 / 3.3 ** 2) / Math.log(2), 12);
    expect(holds).toBe(true);
    expect(measureRate([1, 2], draws, { order: slope - 2.01 * slopeError }).holds).toBe(false);
    expect(measureRate([1, 2], draws, { order: slope - 1.99 * slopeError }).holds).toBe(true);
  });

  it('counts the bend of what is no power', () => {
    const bent = widths.map((n) => [1 + n ** 2 / 1000, 1.0001 * (1 + n ** 2 / 1000)]);
    const { slopeError, standardErrors, means } = measureRate(widths, bent, { order: 0 });
    expect(slopeError).toBeGreaterThan((100 * standardErrors[4]) / means[4]);
  });

  it('does not depend on the scale of the draws', () => {
    const draws = drawsOf(-0.5, 'scale');
    const { slope, slopeError } = measureRate(widths, draws, { order: 0 });
    for (const scale of [1e-200, 1e300]) {
      const scaled = measureRate(
        widths,
        draws.map((values) => values.map((value) => value * scale)),
        { order: 0 },
      );
      expect(scaled.slope).toBeCloseTo(slope, 10);
      expect(scaled.slopeError).toBeCloseTo(slopeError, 10);
      expect(scaled.standardErrors.every(Number.isFinite)).toBe(true);
    }
  });

  it('refuses what has no slope', () => {
    const two = [
      [1, 2],
      [1, 2],
    ];
    expect(() => measureRate([4, Number.POSITIVE_INFINITY], two, { order: 0 })).toThrow('two different ones');
    expect(() =>
      measureRate(
        [4, 4],
        [
          [1, 2],
          [1, 2],
        ],
        { order: 0 },
      ),
    ).toThrow('two different ones');
    expect(() => measureRate([4, 8], [[1, 2]], { order: 0 })).toThrow('draws for 1');
    expect(() =>
      measureRate(
        [4, 8],
        [
          [1, 2],
          [0, 1],
        ],
        { order: 0 },
      ),
    ).toThrow('draws[1] must be');
    expect(() => measureRate([4, 8], [[1, 2], [1]], { order: 0 })).toThrow('two finite values above 0');
  });
});

describe('measureDecay', () => {
  it('is the exponent of a power law, and refuses components that are not there', () => {
    const rates = Float64Array.from({ length: 30 }, (_, j) => 5 * (j + 1) ** -1.5);
    const { exponent, exponentError } = measureDecay(rates, { from: 1, to: 30 });
    expect(exponent).toBeCloseTo(1.5, 12);
    expect(exponentError).toBeLessThan(1e-12);
    expect(() => measureDecay(rates, { from: 1, to: 31 })).toThrow('31 of 30');
    expect(() => measureDecay(rates, { from: 5, to: 6 })).toThrow('at least 7');
  });
});
