import type { Activation, ActivationDual, GaussianPair, PairMoments } from './activation.ts';
import { kinkSlopes, sineMinusArc } from './kink-slopes.ts';

/**
 * Arc-cosine kernels of order 1 and 0 (Cho and Saul, "Kernel Methods for Deep Learning"), with the angle from the
 * determinant, which keeps all digits near 0 and π.
 */
function pair(p: GaussianPair, out: PairMoments): void {
  const { varianceU, varianceV, covariance, distance } = p;
  const scale = Math.sqrt(varianceU * varianceV);
  if (scale === 0) {
    // One pre-activation is 0 almost surely; the angle to it is taken as right.
    out.covariance = 0;
    out.derivative = 0.25;
    out.distance = Math.max(varianceU, varianceV) / 2;
    out.determinant = 0;
    return;
  }
  const area = Math.sqrt(Math.max(0, p.determinant));
  const angle = Math.atan2(area, covariance);
  const supplement = Math.atan2(area, -covariance);
  const sine = Math.min(1, area / scale);
  const cosine = Math.min(1, Math.max(-1, covariance / scale));
  // For obtuse angles sin θ + (π − θ) cos θ is itself a small difference, of the supplement.
  const bracket = cosine >= 0 ? sine + supplement * cosine : sineMinusArc(supplement, sine, -cosine);
  out.covariance = (scale * bracket) / (2 * Math.PI);
  out.derivative = supplement / (2 * Math.PI);
  const acute = cosine >= 0;
  const lost = acute ? sineMinusArc(angle, sine, cosine) / Math.PI : 0;
  out.distance = acute ? distance / 2 - scale * lost : (varianceU + varianceV) / 2 - 2 * out.covariance;
  // scale/2 − T, whose leading part 1 − cos θ = sin²θ/(1 + cos θ).
  const gap = acute ? (scale / 2) * ((sine * sine) / (1 + cosine) - lost) : scale / 2 - out.covariance;
  out.determinant = gap * (scale / 2 + out.covariance);
}

const dual: ActivationDual = {
  diagonal: (q) => ({ covariance: q / 2, derivative: 0.5 }),
  pair,
  ...kinkSlopes({ odd: 0.25, even: 0.25 }),
};

/** max(0, h), with derivative 0 at 0. */
export const relu: Activation = {
  name: 'relu',
  value: (h) => Math.max(h, 0),
  derivative: (h) => (h > 0 ? 1 : 0),
  secondDerivative: () => 0,
  twiceDifferentiable: false,
  dual,
};
