import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ACTIVATIONS } from '../src/index.ts';
import { emptyMoments, pairOf } from './pairs.ts';

type Moments = [covariance: number, derivative: number, distance: number, determinant: number];

interface Row {
  readonly x: [number, number];
  readonly z: [number, number];
  /** Variances, covariance, distance and determinant, exact before rounding. */
  readonly pair: [number, number, number, number, number];
  readonly relu: Moments;
  readonly erf: Moments;
}

const FIELDS = ['covariance', 'derivative', 'distance', 'determinant'] as const;

const rows = (
  JSON.parse(readFileSync(new URL('./fixtures/activation-duals.json', import.meta.url), 'utf8')) as {
    pairs: Row[];
  }
).pairs;

/** What 60 digits leave of a difference that is exactly 0. */
const DIGITS = 1e-40;

describe.each(['relu', 'erf'] as const)('the dual of %s', (name) => {
  const dual = ACTIVATIONS[name].dual!;

  it('agrees with 50-digit values, nearly equal, opposite, huge and tiny inputs included', () => {
    for (const row of rows) {
      const { x, z } = row;
      const out = emptyMoments();
      dual.pair(pairOf(row.pair), out);
      row[name].forEach((exact, i) => {
        // erf's distance and determinant are differences of second moments of order 1, and documented as such.
        const floor = name === 'erf' && i >= 2 ? 8e-16 : DIGITS;
        const error = Math.abs(out[FIELDS[i]] - exact);
        expect(error, `${FIELDS[i]} of ${x} and ${z}`).toBeLessThanOrEqual(1e-12 * Math.abs(exact) + floor);
      });
    }
  });

  it('has on the diagonal the limit of the pair', () => {
    for (const q of [1e-9, 0.3, 1, 7, 1e6]) {
      const out = emptyMoments();
      dual.pair({ varianceU: q, varianceV: q, covariance: q, distance: 0, determinant: 0 }, out);
      const diagonal = dual.diagonal(q);
      expect(out.covariance / diagonal.covariance).toBeCloseTo(1, 14);
      expect(out.derivative / diagonal.derivative).toBeCloseTo(1, 14);
      expect(out.distance).toBe(0);
      expect(out.determinant).toBe(0);
    }
  });

  it('matches a quadrature of the definition in the plane', () => {
    // A product trapezoid rule over the Gaussian plane: spectrally accurate for erf, second order at ReLU's kink.
    const { value, derivative } = ACTIVATIONS[name];
    const [a, b, c] = [0.8, 0.5, 1.1];
    let covariance = 0;
    let slope = 0;
    const step = 0.025;
    for (let s = -8; s <= 8; s += step) {
      for (let t = -8; t <= 8; t += step) {
        const weight = (Math.exp(-(s * s + t * t) / 2) / (2 * Math.PI)) * step * step;
        const u = a * s;
        const v = b * s + c * t;
        covariance += weight * value(u) * value(v);
        slope += weight * derivative(u) * derivative(v);
      }
    }
    const q = a * a;
    const p = b * b + c * c;
    const k = a * b;
    const out = emptyMoments();
    dual.pair(
      { varianceU: q, varianceV: p, covariance: k, distance: q + p - 2 * k, determinant: q * p - k * k },
      out,
    );
    expect(out.covariance).toBeCloseTo(covariance, name === 'erf' ? 12 : 3);
    expect(out.derivative).toBeCloseTo(slope, name === 'erf' ? 12 : 1.5);
  });
});
