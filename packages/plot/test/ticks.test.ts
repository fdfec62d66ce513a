import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linearTicks, logTicks } from '../src/ticks.ts';

const labels = (ticks: readonly { label?: string }[]): string[] => ticks.flatMap((tick) => tick.label ?? []);

describe('linear ticks', () => {
  test('carry as many decimals as their step needs and a true minus sign', () => {
    expect(labels(linearTicks(-1.2, 1.2, 5))).toEqual(['−1.0', '−0.5', '0.0', '0.5', '1.0']);
    expect(labels(linearTicks(0, 300, 4))).toEqual(['0', '100', '200', '300']);
  });

  test('share a power of ten when numbers would be long', () => {
    expect(labels(linearTicks(-2e-6, 2e-6, 4))).toEqual(['−2·10⁻⁶', '−1·10⁻⁶', '0', '1·10⁻⁶', '2·10⁻⁶']);
    expect(labels(linearTicks(0, 1e6, 3))).toEqual(['0', '0.5·10⁶', '1.0·10⁶']);
  });

  test('lie inside the interval under labels that read back as their values', () => {
    const bound = fc.double({ min: -1e4, max: 1e4, noNaN: true });
    fc.assert(
      fc.property(bound, fc.double({ min: 1e-2, max: 1e4, noNaN: true }), (low, length) => {
        for (const { value, label } of linearTicks(low, low + length, 5)) {
          expect(value).toBeGreaterThanOrEqual(low);
          expect(value).toBeLessThanOrEqual(low + length);
          expect(Number(label!.replace('−', '-'))).toBeCloseTo(value, 8);
        }
      }),
    );
  });
});

describe('logarithmic ticks', () => {
  test('label powers of ten and mark 2…9 between them', () => {
    const ticks = logTicks(0.5e-4, 2, 6);
    expect(labels(ticks)).toEqual(['10⁻⁴', '10⁻³', '10⁻²', '10⁻¹', '10⁰']);
    expect(ticks.filter((tick) => tick.value > 1e-3 * 1.001 && tick.value < 1e-2 * 0.999)).toHaveLength(8);
  });

  test('label 1, 2 and 5 over less than two powers of ten', () => {
    expect(labels(logTicks(7, 520, 6))).toEqual(['10', '20', '50', '100', '200', '500']);
  });

  test('skip powers rather than crowd', () => {
    expect(labels(logTicks(1e-12, 1, 4))).toEqual(['10⁻¹²', '10⁻⁹', '10⁻⁶', '10⁻³', '10⁰']);
  });

  test('fall back to round numbers within a single digit', () => {
    expect(labels(logTicks(2.1, 2.9, 4)).length).toBeGreaterThanOrEqual(2);
  });
});
