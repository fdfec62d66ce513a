import type { Activation, ActivationDual, GaussianPair, PairMoments } from './activation.ts';
import { setSlopes } from './pair-slopes.ts';

const still = (): number => 0;

/** Angle between the pre-activations; from their determinant, so that no digit is lost near 0 and π. */
function angleOf(p: GaussianPair): number {
  return Math.atan2(Math.sqrt(Math.max(0, p.determinant)), p.covariance);
}

/**
 * −1, 0 or 1. `T = 1 − 2θ/π` (Cho and Saul, arc-cosine kernel of order 0, centred); its derivative is 0 almost
 * everywhere, so no gradient passes and `Ṫ = 0`.
 */
export const sign: Activation = {
  name: 'sign',
  value: (h) => (h > 0 ? 1 : h < 0 ? -1 : 0),
  derivative: still,
  secondDerivative: still,
  twiceDifferentiable: false,
  dual: {
    diagonal: (q) => ({ covariance: q > 0 ? 1 : 0, derivative: 0 }),
    pair(p, out) {
      const angle = angleOf(p);
      out.derivative = 0;
      if (degenerate(p, 1, out)) return;
      out.covariance = (2 / Math.PI) * Math.atan2(p.covariance, Math.sqrt(Math.max(0, p.determinant)));
      out.distance = (4 / Math.PI) * angle;
      out.determinant = (4 / Math.PI ** 2) * angle * supplement(p);
    },
    ...ofAngleAlone(-2 / Math.PI),
  },
};

/** 0 up to 0 and 1 above: `T = (π − θ)/2π` (Cho and Saul, arc-cosine kernel of order 0), `Ṫ = 0`. */
export const step: Activation = {
  name: 'step',
  value: (h) => (h > 0 ? 1 : 0),
  derivative: still,
  secondDerivative: still,
  twiceDifferentiable: false,
  dual: {
    diagonal: (q) => ({ covariance: q > 0 ? 0.5 : 0, derivative: 0 }),
    pair(p, out) {
      const angle = angleOf(p);
      out.derivative = 0;
      if (degenerate(p, 0.5, out)) return;
      out.covariance = supplement(p) / (2 * Math.PI);
      out.distance = angle / Math.PI;
      out.determinant = (angle / (2 * Math.PI)) * (1 - angle / (2 * Math.PI));
    },
    ...ofAngleAlone(-1 / (2 * Math.PI)),
  },
};

function supplement(p: GaussianPair): number {
  return Math.atan2(Math.sqrt(Math.max(0, p.determinant)), -p.covariance);
}

/** A pre-activation that is 0 almost surely gives φ(0) = 0. */
function degenerate(p: GaussianPair, variance: number, out: PairMoments): boolean {
  if (p.varianceU > 0 && p.varianceV > 0) return false;
  out.covariance = 0;
  out.distance = p.varianceU + p.varianceV > 0 ? variance : 0;
  out.determinant = 0;
  return true;
}

/** Of a T that is linear in the angle, and a distance that is so with twice the slope. */
function ofAngleAlone(covariance: number): Required<Pick<ActivationDual, 'slopes' | 'distanceSlopes'>> {
  return {
    slopes: (_, out) => setSlopes(out, { covariance: [0, 0, 0], derivative: [0, 0, 0] }, { covariance }),
    distanceSlopes(_, out) {
      [out.distanceU, out.distanceV, out.distanceD] = [0, 0, 0];
      out.distanceAngle = -2 * covariance;
    },
  };
}
