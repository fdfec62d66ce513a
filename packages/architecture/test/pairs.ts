import { gelu, leakyRelu } from '../src/factories.ts';
import { type Activation, erfActivation, type GaussianPair, type PairMoments, relu } from '../src/index.ts';

export const emptyMoments = (): PairMoments => ({
  covariance: 0,
  derivative: 0,
  distance: 0,
  determinant: 0,
});

/** From variances, covariance, distance and determinant, as fixtures have them. */
export function pairOf(row: readonly number[]): GaussianPair {
  const [varianceU, varianceV, covariance, distance, determinant] = row;
  return { varianceU, varianceV, covariance, distance, determinant };
}

/** Activations in closed form, for quadratures to be compared with, and their kinks. */
export const CLOSED_FORMS: readonly (readonly [string, Activation, readonly number[]])[] = [
  ['erf', erfActivation, []],
  ['gelu', gelu, []],
  ['relu', relu, [0]],
  ['leaky ReLU', leakyRelu(0.1), [0]],
];
