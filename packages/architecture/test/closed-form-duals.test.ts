import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXAMPLES } from './examples-of-activations.ts';
import { emptyMoments } from './pairs.ts';

type Row = readonly [covariance: number, derivative: number, distance: number, determinant: number];

const { pairs, activations } = JSON.parse(
  readFileSync(new URL('./fixtures/closed-form-duals.json', import.meta.url), 'utf8'),
) as {
  /** Variances, covariance, distance and determinant, exact before rounding. */
  pairs: readonly (readonly [number, number, number, number, number])[];
  activations: Readonly<Record<string, readonly (Row | null)[]>>;
};

/** T of these is a sum of both signs: it has zeros, near which only its error against `√(AB)` means something. */
const SIGNED = new Set(['gelu', 'hermite(2)', 'polynomial(0.5, -1, 0.25, 0.125)']);

/** `√distance` and `√determinant` are lengths and areas; their error is that of rounding φ and its argument. */
const ROOT = 64 * Number.EPSILON;

/** These have no form for nearly opposite pairs, and lose half the digits of the root there. */
const ROUGH = new Set(['gelu', 'gabor']);

describe.each(Object.keys(activations))('the dual of %s', (name) => {
  const dual = EXAMPLES[name].dual!;

  it('agrees with 50-digit values, nearly equal, opposite, huge and tiny inputs included', () => {
    pairs.forEach(([varianceU, varianceV, covariance, distance, determinant], i) => {
      const row = activations[name][i];
      if (!row) return;
      const out = emptyMoments();
      dual.pair({ varianceU, varianceV, covariance, distance, determinant }, out);
      const [u, v] = [dual.diagonal(varianceU), dual.diagonal(varianceV)];
      const where = `${name}, pair ${i}: ${pairs[i]}`;
      const floors = [
        SIGNED.has(name) ? Math.sqrt(u.covariance * v.covariance) : 0,
        SIGNED.has(name) ? Math.sqrt(u.derivative * v.derivative) : 0,
      ];
      const checks = [out.covariance, out.derivative];
      checks.forEach((value, k) => {
        if (row[k] === null) return;
        const allowed = 1e-12 * Math.max(Math.abs(row[k]), floors[k]);
        expect(Math.abs(value - row[k]), where).toBeLessThanOrEqual(allowed);
      });
      const lengthU = Math.sqrt(u.covariance + u.derivative * varianceU);
      const lengthV = Math.sqrt(v.covariance + v.derivative * varianceV);
      const rounding = ROUGH.has(name) && covariance < 0 ? Math.sqrt(Number.EPSILON) : ROOT;
      const roots = [
        [out.distance, row[2], lengthU + lengthV],
        [out.determinant, row[3], lengthU * lengthV],
      ];
      for (const [value, exact, scale] of roots) {
        if (exact === null) continue;
        const error = Math.abs(Math.sqrt(value) - Math.sqrt(exact));
        expect(error, where).toBeLessThanOrEqual(1e-12 * Math.sqrt(exact) + rounding * scale);
      }
    });
  });
});

// The normalized exponential depends on the variance of its input, so it is no φ that could be integrated.
const POINTWISE = Object.keys(EXAMPLES).filter((name) => !name.startsWith('normalizedExponential'));

describe.each(POINTWISE)('the closed form of %s', (name) => {
  const dual = EXAMPLES[name].dual!;

  it('is T and Ṫ of this very φ and φ′', () => {
    const { value, derivative, twiceDifferentiable } = EXAMPLES[name];
    // A product trapezoid rule over the plane, offset so that no node sits on a kink: spectrally accurate for smooth φ,
    // of the order of its step for jumps.
    const [a, b, c] = [0.8, 0.5, 1.1];
    const [step, reach] = [0.05, 9];
    let [T, S] = [0, 0];
    for (let s = -reach + step / 3; s <= reach; s += step) {
      for (let t = -reach + step / 7; t <= reach; t += step) {
        const weight = (Math.exp(-(s * s + t * t) / 2) / (2 * Math.PI)) * step * step;
        T += weight * value(a * s) * value(b * s + c * t);
        S += weight * derivative(a * s) * derivative(b * s + c * t);
      }
    }
    const [q, p, k] = [a * a, b * b + c * c, a * b];
    const out = emptyMoments();
    dual.pair(
      { varianceU: q, varianceV: p, covariance: k, distance: q + p - 2 * k, determinant: q * p - k * k },
      out,
    );
    const smooth = twiceDifferentiable && !name.startsWith('rectified');
    const jumps = name === 'sign' || name === 'step';
    expect(Math.abs(out.covariance - T)).toBeLessThanOrEqual(
      smooth ? 1e-11 : jumps ? 0.5 * step : step * step,
    );
    expect(Math.abs(out.derivative - S)).toBeLessThanOrEqual(smooth ? 1e-11 : 2 * step);
    if (jumps) expect(out.derivative).toBe(0);
  });
});

describe('the normalized exponential', () => {
  it('has T = √(qq′) exp(γ (cos θ + shift)) and Ṫ = γ exp(γ (cos θ + shift))', () => {
    const [rate, shift] = [0.75, -0.25];
    for (const [q, r, cosine] of [
      [1.5, 0.5, 0.3],
      [2, 2, -0.9],
      [0.1, 4, 0],
    ]) {
      const c = Math.sqrt(q * r) * cosine;
      const out = emptyMoments();
      const pair = {
        varianceU: q,
        varianceV: r,
        covariance: c,
        distance: q + r - 2 * c,
        determinant: q * r - c * c,
      };
      EXAMPLES[`normalizedExponential(${rate}, ${shift})`].dual!.pair(pair, out);
      const share = Math.exp(rate * (cosine + shift));
      expect(out.covariance).toBeCloseTo(Math.sqrt(q * r) * share, 14);
      expect(out.derivative).toBeCloseTo(rate * share, 14);
    }
  });
});

const normal = (s: number) => Math.exp((-s * s) / 2) / Math.sqrt(2 * Math.PI);

describe.each(Object.keys(EXAMPLES))('the dual of %s', (name) => {
  const dual = EXAMPLES[name].dual!;

  it('has on the diagonal the limit of the pair', () => {
    for (const q of [1e-9, 0.3, 1, 7]) {
      const out = emptyMoments();
      dual.pair({ varianceU: q, varianceV: q, covariance: q, distance: 0, determinant: 0 }, out);
      const diagonal = dual.diagonal(q);
      const close = (value: number, exact: number) =>
        expect(Math.abs(value - exact)).toBeLessThanOrEqual(1e-13 * Math.abs(exact));
      close(out.covariance, diagonal.covariance);
      close(out.derivative, diagonal.derivative);
      expect(out.distance).toBeLessThanOrEqual(1e-28 * diagonal.covariance);
      expect(out.determinant).toBeLessThanOrEqual(1e-28 * diagonal.covariance ** 2);
    }
  });

  it('gives zero pre-activations the moments of φ(0), alone and in pairs', () => {
    for (const [varianceU, varianceV] of [
      [0, 0],
      [0, 2],
      [2, 0],
    ]) {
      const out = emptyMoments();
      const distance = varianceU + varianceV;
      dual.pair({ varianceU, varianceV, covariance: 0, distance, determinant: 0 }, out);
      expect(Object.values(out).every(Number.isFinite), JSON.stringify(out)).toBe(true);
      const [a, b] = [dual.diagonal(varianceU).covariance, dual.diagonal(varianceV).covariance];
      const T = out.covariance;
      expect(Number.isFinite(dual.diagonal(0).derivative)).toBe(true);
      expect(Math.abs(out.distance - (a + b - 2 * T))).toBeLessThanOrEqual(1e-15 * (a + b));
      expect(Math.abs(out.determinant - (a * b - T * T))).toBeLessThanOrEqual(1e-15 * a * b);
      if (name.startsWith('normalizedExponential')) continue;
      // φ(0) times the mean of φ, by the trapezoid rule, which is exact for smooth φ and to h² at kinks.
      const { value } = EXAMPLES[name];
      let mean = 0;
      for (let s = -9; s <= 9; s += 0.01)
        mean += value(Math.sqrt(varianceU + varianceV) * s) * normal(s) * 0.01;
      expect(Math.abs(T - value(0) * (distance === 0 ? value(0) : mean))).toBeLessThanOrEqual(1e-4);
    }
  });

  it('belongs to a φ whose derivatives are those of central differences', () => {
    const { value, derivative, secondDerivative } = EXAMPLES[name];
    const h = 1e-4;
    for (const x of [-3.3, -1.1, -0.4, 0.3, 0.9, 2.7]) {
      // Fourth order: error h⁴ φ⁗⁗′/30 plus rounding eps·|φ|/h.
      const central = (f: (x: number) => number) =>
        (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h);
      const size = 1 + Math.abs(value(x)) + Math.abs(derivative(x)) + Math.abs(secondDerivative(x));
      expect(Math.abs(central(value) - derivative(x)), `φ′(${x})`).toBeLessThanOrEqual(1e-11 * size);
      expect(Math.abs(central(derivative) - secondDerivative(x)), `φ″(${x})`).toBeLessThanOrEqual(
        1e-11 * size,
      );
    }
  });
});
