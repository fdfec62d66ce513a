import type { Activation, ActivationDual, GaussianPair, PairMoments } from './activation.ts';
import { erf } from './erf.ts';

/** asin(2q/(1+2q)), as an arc tangent that keeps its digits when the ratio is near 1. */
function diagonalAngle(q: number): number {
  return Math.atan2(2 * q, Math.sqrt(1 + 4 * q));
}

/** Williams, "Computing with Infinite Networks": T = (2/π) asin(2k/√((1+2q)(1+2q'))). */
function pair(p: GaussianPair, out: PairMoments): void {
  const { varianceU, varianceV, covariance, determinant } = p;
  // (1 + 2q)(1 + 2q') − 4k² without its cancellation.
  const root = Math.sqrt(1 + 2 * (varianceU + varianceV) + 4 * Math.max(0, determinant));
  const angle = Math.atan2(2 * covariance, root);
  const angleU = diagonalAngle(varianceU);
  const angleV = diagonalAngle(varianceV);
  out.covariance = (2 / Math.PI) * angle;
  out.derivative = 4 / Math.PI / root;
  // Outputs are bounded and the next layer adds 1 to what these enter, so their absolute accuracy is what counts.
  out.distance = Math.max(0, (2 / Math.PI) * (angleU - angle + (angleV - angle)));
  out.determinant = Math.max(0, (4 / Math.PI ** 2) * (angleU * angleV - angle * angle));
}

const dual: ActivationDual = {
  diagonal: (q) => ({
    covariance: (2 / Math.PI) * diagonalAngle(q),
    derivative: 4 / Math.PI / Math.sqrt(1 + 4 * q),
  }),
  pair,
};

const SLOPE = 2 / Math.sqrt(Math.PI);

/** The error function, a smooth sigmoid from −1 to 1. */
export const erfActivation: Activation = {
  name: 'erf',
  value: erf,
  derivative: (h) => SLOPE * Math.exp(-h * h),
  secondDerivative: (h) => -2 * h * SLOPE * Math.exp(-h * h),
  twiceDifferentiable: true,
  dual,
};
