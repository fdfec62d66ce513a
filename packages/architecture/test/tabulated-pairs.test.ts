import { describe, expect, it } from 'vitest';
import { elu, selu, sigmoid, silu, softplus, tanh, withQuadrature } from '../src/factories.ts';
import {
  type ActivationDual,
  erfActivation,
  type GaussianPair,
  type PairMoments,
  relu,
} from '../src/index.ts';
import { CLOSED_FORMS, emptyMoments } from './pairs.ts';

/** From deviations and an angle, without cancellation. */
function pairAt(u: number, v: number, angle: number): GaussianPair {
  return {
    varianceU: u * u,
    varianceV: v * v,
    covariance: u * v * Math.cos(angle),
    distance: (u - v) ** 2 + 4 * u * v * Math.sin(angle / 2) ** 2,
    determinant: (u * v * Math.sin(angle)) ** 2,
  };
}

function moments(pair: ActivationDual['pair'], p: GaussianPair): PairMoments {
  const out = emptyMoments();
  pair(p, out);
  return out;
}

const ANGLES = [1e-8, 1e-4, 0.02, 0.3, 1, 1.5707, 2.2, 3, Math.PI - 1e-5, Math.PI];

/** Checks many against exact within a share of what perfect correlation would give. */
function compare(
  many: ActivationDual['pair'],
  exact: ActivationDual,
  deviations: readonly number[],
  angles = ANGLES,
) {
  for (const u of deviations) {
    for (const v of deviations) {
      for (const angle of angles) {
        const p = pairAt(u, v, angle);
        const [found, wanted] = [moments(many, p), moments(exact.pair, p)];
        const [a, b] = [exact.diagonal(u * u), exact.diagonal(v * v)];
        const where = `deviations ${u} and ${v} at angle ${angle}`;
        for (const name of ['covariance', 'derivative'] as const) {
          expect(Math.abs(found[name] - wanted[name]), `${name}, ${where}`).toBeLessThanOrEqual(
            1e-12 * Math.sqrt(a[name] * b[name]),
          );
        }
        const apart = Math.abs(Math.sqrt(found.distance) - Math.sqrt(wanted.distance));
        const length = Math.sqrt(a.covariance + b.covariance + a.derivative * u * u + b.derivative * v * v);
        expect(apart, `distance, ${where}`).toBeLessThanOrEqual(
          1e-12 * Math.sqrt(wanted.distance) + 64 * Number.EPSILON * length,
        );
      }
    }
  }
}

describe('pairs by tables', () => {
  it.each(CLOSED_FORMS)(
    'give the closed forms of %s, nearly equal and opposite pairs included',
    (_, activation, kinks) => {
      const { dual } = withQuadrature(activation, { kinks });
      compare(dual.many!(), activation.dual!, [1, 1.0000001, 1.7, 1.999]);
      // Tables do not reach these, and the careful rules take over.
      compare(dual.many!(), activation.dual!, [1e-9, 40], [0.3]);
    },
  );

  it.each([tanh, sigmoid, softplus, silu, elu, selu])(
    'are those of the quadrature of $name',
    (activation) => {
      compare(activation.dual.many!(), activation.dual, [1.1, 1.35], [1e-4, 1, 2.9]);
      // The end of the last panel.
      compare(activation.dual.many!(), activation.dual, [3.99], [1e-4, 1]);
    },
  );

  it('reach over two octaves of deviations', () => {
    const { dual } = withQuadrature(erfActivation);
    const many = dual.many!();
    for (const [u, v] of [
      [0.6, 1.5],
      [1.5, 0.6],
    ]) {
      const p = pairAt(u, v, 0.7);
      const [found, exact] = [moments(many, p), moments(erfActivation.dual!.pair, p)];
      for (const name of ['covariance', 'derivative', 'distance', 'determinant'] as const) {
        expect(Math.abs(found[name] / exact[name] - 1), name).toBeLessThanOrEqual(1e-12);
      }
    }
  });

  it('do not depend on what was asked for before', () => {
    const [p, q] = [pairAt(1.2, 1.8, 0.4), pairAt(1.3, 1.9, 2)];
    const fresh = moments(withQuadrature(erfActivation).dual.many!(), p);
    const used = withQuadrature(erfActivation).dual.many!();
    moments(used, q);
    expect(moments(used, p)).toEqual(fresh);
  });

  it('take zero variances', () => {
    const many = tanh.dual.many!();
    const p = { varianceU: 0, varianceV: 2, covariance: 0, distance: 2, determinant: 0 };
    expect(moments(many, p)).toEqual(moments(tanh.dual.pair, p));
  });

  it('are not offered for kinks away from 0', () => {
    const shifted = {
      ...relu,
      value: (h: number) => Math.max(h - 1, 0),
      derivative: (h: number) => (h > 1 ? 1 : 0),
    };
    expect(withQuadrature(shifted, { kinks: [1] }).dual.many).toBeUndefined();
  });
});
