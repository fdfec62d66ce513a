import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { elu, selu, sigmoid, silu, softplus, tanh, withQuadrature } from '../src/factories.ts';
import {
  ACTIVATIONS,
  type Activation,
  type ActivationDual,
  type GaussianPair,
  type PairSlopes,
  relu,
} from '../src/index.ts';
import { EXAMPLES } from './examples-of-activations.ts';
import { emptyMoments, pairOf } from './pairs.ts';

type Row = readonly [number, number, number, number, number];

const { pairs, activations } = JSON.parse(
  readFileSync(new URL('./fixtures/dual-slopes.json', import.meta.url), 'utf8'),
) as {
  /** Variances, covariance, distance and determinant, exact before rounding. */
  pairs: readonly Row[];
  /** T_q, T_q', Ṫ_q, Ṫ_q', Ṫ_c. */
  activations: Readonly<Record<string, readonly Row[]>>;
};

const empty = (): PairSlopes => ({
  covarianceU: 0,
  covarianceV: 0,
  covarianceC: 0,
  covarianceAngle: 0,
  derivativeU: 0,
  derivativeV: 0,
  derivativeC: 0,
  derivativeAngle: 0,
});

/** Of the angle by variances and covariance. */
function angleSlopes(p: GaussianPair): [number, number, number] {
  const area = Math.sqrt(p.determinant);
  return [p.covariance / (2 * p.varianceU * area), p.covariance / (2 * p.varianceV * area), -1 / area];
}

/** The slopes in variances and covariance alone: T_q, T_q', T_c, Ṫ_q, Ṫ_q', Ṫ_c. */
function total(dual: ActivationDual, p: GaussianPair): number[] {
  const out = empty();
  dual.slopes!(p, out);
  const byAngle = angleSlopes(p);
  const T = [out.covarianceU, out.covarianceV, out.covarianceC];
  const S = [out.derivativeU, out.derivativeV, out.derivativeC];
  return [
    ...T.map((value, i) => value + out.covarianceAngle * byAngle[i]),
    ...S.map((value, i) => value + out.derivativeAngle * byAngle[i]),
  ];
}

/** Sums of terms of both signs, that have zeros. */
const SIGNED = /^(gelu|gabor|hermite|polynomial|tanh|sigmoid|softplus|silu|elu|selu)/;

describe.each(Object.keys(activations))('the slopes of the dual of %s', (name) => {
  const dual = (EXAMPLES[name] ?? ACTIVATIONS[name]).dual!;

  it('agree with numerical differentiation of textbook forms at 150 digits', () => {
    pairs.forEach((row, i) => {
      const p = pairOf(row);
      const [Tq, Tp, Tc, Sq, Sp, Sc] = total(dual, p);
      const found = [Tq, Tp, Sq, Sp, Sc];
      const size = Math.max(...activations[name][i].map(Math.abs));
      found.forEach((value, k) => {
        const exact = activations[name][i][k];
        const scale = SIGNED.test(name) ? size : Math.abs(exact);
        expect(Math.abs(value - exact), `${name}, pair ${row}, slope ${k}: ${exact}`).toBeLessThanOrEqual(
          1e-12 * scale + 1e-300,
        );
      });
      // Price's theorem, but for jumps, whose derivative is taken as 0.
      const out = emptyMoments();
      dual.pair(p, out);
      if (name !== 'sign' && name !== 'step') {
        expect(Math.abs(Tc - out.derivative)).toBeLessThanOrEqual(1e-13 * Math.abs(size));
      }
    });
  });

  it('have distance slopes, where there are any, that are those of A + B − 2T', () => {
    if (!dual.distanceSlopes) return;
    for (const row of pairs) {
      const p = pairOf(row);
      const d = { distanceU: 0, distanceV: 0, distanceD: 0, distanceAngle: 0 };
      dual.distanceSlopes(p, d);
      const [Tq, Tp, Tc] = total(dual, p);
      const [q, r, c] = angleSlopes(p);
      // Homogeneous of degree one in the variance, or constant.
      const own = dual.diagonal(p.varianceU).derivative;
      const found = [
        d.distanceU + d.distanceD + d.distanceAngle * q,
        d.distanceV + d.distanceD + d.distanceAngle * r,
        -2 * d.distanceD + d.distanceAngle * c,
      ];
      const exact = [own - 2 * Tq, own - 2 * Tp, -2 * Tc];
      found.forEach((value, k) => {
        const scale = own + Math.abs(2 * [Tq, Tp, Tc][k]) + Math.abs(d.distanceAngle * [q, r, c][k]);
        expect(Math.abs(value - exact[k]), `${name} ${row} ${k}`).toBeLessThanOrEqual(1e-13 * scale);
      });
    }
  });
});

describe('slopes by quadrature', () => {
  const close = (found: readonly number[], exact: readonly number[], tolerance: number, what: string) => {
    const size = Math.max(...exact.map(Math.abs));
    found.forEach((value, k) => {
      expect(Math.abs(value - exact[k]), `${what}, slope ${k}`).toBeLessThanOrEqual(tolerance * size);
    });
  };

  it.each(['erf', 'gelu', 'sine', 'relu', 'leakyRelu', 'absolute'])(
    'are those of the closed forms of %s',
    (name) => {
      const activation = ACTIVATIONS[name];
      const numeric = withQuadrature(activation, { kinks: activation.twiceDifferentiable ? [] : [0] });
      for (const row of pairs)
        close(total(numeric.dual, pairOf(row)), total(activation.dual!, pairOf(row)), 1e-12, `${row}`);
    },
  );

  it.each([tanh, sigmoid, softplus, silu, elu, selu] as Activation[])(
    'are those of differences of the moments: $name',
    (activation) => {
      const dual = activation.dual!;
      const moments = (q: number, r: number, c: number) => {
        const out = emptyMoments();
        dual.pair(
          { varianceU: q, varianceV: r, covariance: c, distance: q + r - 2 * c, determinant: q * r - c * c },
          out,
        );
        return [out.covariance, out.derivative];
      };
      const at = [1.25, 0.75, -0.4];
      const h = 0.01;
      // Sixth order: what is left out is h⁶/140 of a seventh derivative.
      const slope = (k: number, which: number) => {
        const f = (n: number) =>
          moments(...(at.map((x, i) => (i === k ? x + n * h : x)) as [number, number, number]))[which];
        return (45 * (f(1) - f(-1)) - 9 * (f(2) - f(-2)) + (f(3) - f(-3))) / (60 * h);
      };
      const exact = [slope(0, 0), slope(1, 0), slope(2, 0), slope(0, 1), slope(1, 1), slope(2, 1)];
      const [q, r, c] = at;
      close(total(dual, pairOf([q, r, c, q + r - 2 * c, q * r - c * c])), exact, 1e-9, activation.name);
    },
  );

  it('are not offered where φ jumps, or has a kink away from 0', () => {
    const jump = { ...relu, name: 'jump', value: (h: number) => (h > 0 ? 1 : 0), derivative: () => 0 };
    expect(withQuadrature(jump, { kinks: [0] }).dual.slopes).toBeUndefined();
    const shifted = {
      ...relu,
      value: (h: number) => Math.max(h - 1, 0),
      derivative: (h: number) => (h > 1 ? 1 : 0),
    };
    expect(withQuadrature(shifted, { kinks: [1] }).dual.slopes).toBeUndefined();
    expect(withQuadrature(relu, { kinks: [0] }).dual.slopes).toBeDefined();
  });
});
