import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  elu,
  type QuadratureActivation,
  selu,
  sigmoid,
  silu,
  softplus,
  tanh,
  withQuadrature,
} from '../src/factories.ts';
import { type Activation, type PairMoments, relu } from '../src/index.ts';
import { CLOSED_FORMS, emptyMoments, pairOf } from './pairs.ts';

const { pairs } = JSON.parse(
  readFileSync(new URL('./fixtures/closed-form-duals.json', import.meta.url), 'utf8'),
) as { pairs: readonly (readonly number[])[] };
const { rows, lines } = JSON.parse(
  readFileSync(new URL('./fixtures/quadrature-duals.json', import.meta.url), 'utf8'),
) as {
  rows: readonly { name: string; pair: readonly number[]; T: number; slope: number }[];
  /** Of `u = v`. */
  lines: readonly { name: string; deviation: number; T: number; slope: number }[];
};
const KNOWN: Record<string, QuadratureActivation> = { tanh, sigmoid, softplus, silu, elu, selu };

function moments(activation: Activation, pair: readonly number[]): PairMoments {
  const out = emptyMoments();
  activation.dual!.pair(pairOf(pair), out);
  return out;
}

describe('withQuadrature', () => {
  it.each(CLOSED_FORMS)(
    'gives the closed forms of %s at all variances and correlations',
    (_, activation, kinks) => {
      const numeric = withQuadrature(activation, { kinks });
      for (const pair of pairs) {
        const [exact, found] = [moments(activation, pair), moments(numeric, pair)];
        const [u, v] = [activation.dual!.diagonal(pair[0]), activation.dual!.diagonal(pair[1])];
        const [a, b] = [u.covariance, v.covariance];
        const where = `${pair}`;
        expect(Math.abs(found.covariance - exact.covariance), where).toBeLessThanOrEqual(
          1e-13 * Math.sqrt(a * b),
        );
        expect(Math.abs(found.derivative - exact.derivative), where).toBeLessThanOrEqual(
          1e-13 * Math.sqrt(u.derivative * v.derivative),
        );
        const apart = Math.abs(Math.sqrt(found.distance) - Math.sqrt(exact.distance));
        // Rounding of φ and of its argument.
        const scale = Math.sqrt(a + b + u.derivative * pair[0] + v.derivative * pair[1]);
        expect(apart, where).toBeLessThanOrEqual(64 * Number.EPSILON * scale);
      }
    },
  );

  it('agrees with values of a 30-digit quadrature for the activations without closed forms', () => {
    expect(new Set(rows.map(({ name }) => name))).toEqual(new Set(Object.keys(KNOWN)));
    for (const { name, pair, T, slope } of rows) {
      const found = moments(KNOWN[name], pair);
      expect(Math.abs(found.covariance - T), `${name} ${pair}`).toBeLessThanOrEqual(1e-12 * Math.abs(T));
      expect(Math.abs(found.derivative - slope), `${name} ${pair}`).toBeLessThanOrEqual(
        1e-12 * Math.abs(slope),
      );
    }
  });

  it('agrees with them to 1e-13 where poles are near and far, on the diagonal and at perfect correlation', () => {
    for (const { name, deviation, T, slope } of lines) {
      const q = deviation * deviation;
      const diagonal = KNOWN[name].dual.diagonal(q);
      for (const found of [diagonal, moments(KNOWN[name], [q, q, q, 0, 0])]) {
        expect(Math.abs(found.covariance / T - 1), `${name} ${deviation}`).toBeLessThanOrEqual(1e-13);
        expect(Math.abs(found.derivative / slope - 1), `${name} ${deviation}`).toBeLessThanOrEqual(1e-13);
      }
    }
  });

  it('says its error: small where the rule is good, large where it was told nothing of a kink', () => {
    const pair = { varianceU: 1, varianceV: 2, covariance: 0.4, distance: 2.2, determinant: 1.84 };
    for (const activation of Object.values(KNOWN)) {
      expect(activation.error(pair), activation.name).toBeLessThan(1e-13);
    }
    const nothing = { varianceU: 0, varianceV: 2, covariance: 0, distance: 2, determinant: 0 };
    // No T to be relative to, and no NaN.
    expect(tanh.error(nothing)).toBeLessThan(1e-13);
    const blind = withQuadrature({ ...relu, name: 'blind' });
    const exact = emptyMoments();
    const found = emptyMoments();
    relu.dual!.pair(pair, exact);
    blind.dual.pair(pair, found);
    const actual = Math.abs(found.derivative - exact.derivative);
    expect(actual).toBeGreaterThan(1e-5);
    expect(blind.error(pair)).toBeGreaterThan(actual / 10);
  });

  it('splits at kinks away from 0', () => {
    // max(h − 1, 0) in the plane with v = −u: both can never be above 1, so T = Ṫ = 0; with v = u, Ṫ = P(u > 1).
    const shifted = withQuadrature(
      { ...relu, name: 'shifted', value: (h) => Math.max(h - 1, 0), derivative: (h) => (h > 1 ? 1 : 0) },
      { kinks: [1] },
    );
    const q = 1;
    const pair = (covariance: number) =>
      moments(shifted, [
        q,
        q,
        covariance,
        2 * (q - covariance),
        Math.max(0, q * q - covariance * covariance),
      ]);
    expect(pair(-1).covariance).toBe(0);
    expect(pair(1).derivative).toBeCloseTo(0.15865525393145705, 14);
    expect(pair(0).derivative).toBeCloseTo(0.15865525393145705 ** 2, 14);
    // E (u − 1)₊ (v − 1)₊ and P(u > 1, v > 1), of v given u in closed form and over u by mpmath's quad at 25 digits.
    for (const [deviation, other, rho, T, slope] of [
      [1, 1, 0.5, 0.028136975499063195, 0.06251409470966383],
      [1.5, 0.8, 0.9, 0.07382030424790542, 0.10055972782117267],
      [0.8, 1.5, 0.99, 0.08504243662194215, 0.1056496281985438],
      [2, 2, 0.9999, 0.8384341547720717, 0.3065512104104311],
      [1, 1.5, -0.9, 6.235866270225552e-8, 4.171179299116498e-6],
    ]) {
      const free = other * Math.sqrt((1 - rho) * (1 + rho));
      const c = rho * deviation * other;
      const found = moments(shifted, [
        deviation ** 2,
        other ** 2,
        c,
        deviation ** 2 + other ** 2 - 2 * c,
        (deviation * free) ** 2,
      ]);
      const [a, b] = [deviation, other].map((each) => shifted.dual.diagonal(each * each));
      const where = `${deviation}, ${other}, ${rho}`;
      expect(Math.abs(found.covariance - T), where).toBeLessThanOrEqual(
        1e-13 * Math.sqrt(a.covariance * b.covariance),
      );
      expect(Math.abs(found.derivative - slope), where).toBeLessThanOrEqual(
        1e-13 * Math.sqrt(a.derivative * b.derivative),
      );
    }
  });
});
