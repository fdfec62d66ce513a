import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ColorScale, colorOf, divergingScale, sequentialScale } from '../src/color-scale.ts';

const ramp = (low: number, high: number, n = 1000): number[] =>
  Array.from({ length: n }, (_, i) => low + ((high - low) * i) / (n - 1));

/** Luminance of `#rrggbb` in [0, 1], by the sRGB definition. */
function luminance(color: string): number {
  const linear = [1, 3, 5].map((at) => {
    const c = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

function wellFormed({ thresholds, colors }: ColorScale): void {
  expect(colors).toHaveLength(thresholds.length + 1);
  for (const color of colors) expect(color).toMatch(/^#[0-9a-f]{6}$/);
  expect(new Set(colors).size).toBe(colors.length);
  expect([...thresholds].sort((a, b) => a - b)).toEqual([...thresholds]);
}

describe('the diverging scale', () => {
  test('is symmetric with a border at 0, whatever the values', () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), (values) => {
        const scale = divergingScale([values]);
        wellFormed(scale);
        expect(scale.low).toBe(-scale.high);
        expect(scale.high).toBeGreaterThan(0);
        expect(scale.thresholds).toContain(0);
        expect(scale.extendsHigh).toBe(values.some((v) => v > scale.high));
        expect(scale.extendsLow).toBe(values.some((v) => v < scale.low));
        const beyond = values.filter((v) => Math.abs(v) > scale.high).length;
        // The quantile is interpolated, so at most one value more than 2% lies beyond.
        expect(beyond).toBeLessThanOrEqual(0.02 * values.length + 1);
      }),
    );
  });

  test('gives 0 the positive side and tells the signs of tiny values apart', () => {
    const scale = divergingScale([ramp(-1, 1)]);
    expect(colorOf(scale, 0)).toBe(colorOf(scale, 1e-12));
    expect(colorOf(scale, -1e-12)).not.toBe(colorOf(scale, 1e-12));
  });

  test('ends at the maximum, rounded up to a band, when nothing stands out', () => {
    const scale = divergingScale([ramp(-0.97, 0.5), ramp(0, 0.2)]);
    expect(scale.high).toBe(1);
    expect([scale.extendsLow, scale.extendsHigh]).toEqual([false, false]);
  });

  test('ignores a stray percent of huge values and says so at that end only', () => {
    const scale = divergingScale([[...ramp(-1, 1, 990), ...ramp(500, 1000, 10)]]);
    expect(scale.high).toBeLessThan(1.2);
    expect([scale.extendsLow, scale.extendsHigh]).toEqual([false, true]);
    expect(colorOf(scale, 1000)).toBe(scale.colors.at(-1));
    expect(colorOf(scale, 0.99 * scale.high)).toBe(scale.colors.at(-2));
  });

  test('is lightest at 0 and darkens strictly outwards', () => {
    const light = divergingScale([[...ramp(-1, 1, 990), -50, 50]]).colors.map(luminance);
    const half = light.length / 2;
    for (let i = half; i < light.length - 1; i++) expect(light[i + 1]).toBeLessThan(light[i]);
    for (let i = half - 1; i > 0; i--) expect(light[i - 1]).toBeLessThan(light[i]);
  });

  test('takes a fixed limit exactly', () => {
    const scale = divergingScale([ramp(-3, 2)], 1.7);
    expect([scale.low, scale.high, scale.extendsLow, scale.extendsHigh]).toEqual([-1.7, 1.7, true, true]);
  });

  test('survives a field that vanishes', () => {
    expect(divergingScale([[0, 0, 0]]).high).toBe(1);
  });
});

describe('the sequential scale', () => {
  test('runs from 0 and darkens with every band', () => {
    const scale = sequentialScale([ramp(0.2, 0.47)]);
    wellFormed(scale);
    expect([scale.low, scale.high, scale.extendsLow, scale.extendsHigh]).toEqual([0, 0.475, false, false]);
    const light = scale.colors.map(luminance);
    for (let i = 1; i < light.length; i++) expect(light[i]).toBeLessThan(light[i - 1]);
  });

  test('puts values at the limit into the top band, not beyond it', () => {
    const scale = sequentialScale([[0, 0.5, 1]]);
    expect(scale.extendsHigh).toBe(false);
    expect(colorOf(scale, 1)).toBe(colorOf(scale, 0.999));
  });
});
