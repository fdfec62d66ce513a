import type { Activation, GaussianPair } from './activation.ts';
import { closedFormPair } from './with-quadrature.ts';

const plain: Activation = {
  name: 'gabor',
  value: (h) => Math.exp(-h * h) * Math.sin(h),
  derivative: (h) => Math.exp(-h * h) * (Math.cos(h) - 2 * h * Math.sin(h)),
  secondDerivative: (h) => Math.exp(-h * h) * ((4 * h * h - 3) * Math.sin(h) - 4 * h * Math.cos(h)),
  twiceDifferentiable: true,
};

function gaborKernel(p: GaussianPair): { readonly covariance: number; readonly derivative: number } {
  const det = Math.max(0, p.determinant);
  const N = 1 + 2 * (p.varianceU + p.varianceV) + 4 * det;
  // Covariance of the tilted pair: M (I + 2M)^{-1}.
  const [q, r, c] = [(p.varianceU + 2 * det) / N, (p.varianceV + 2 * det) / N, p.covariance / N];
  const fading = Math.exp(-(q + r) / 2) / Math.sqrt(N);
  const odd = fading * Math.sinh(c);
  // Ṫ = ∂T/∂c (Price), with ∂N/∂c = −8c N, ∂q'/∂c = −4c + 8c q' in terms of the tilted pair.
  return {
    covariance: odd,
    derivative: odd * (8 * c - 4 * c * (q + r)) + fading * Math.cosh(c) * (1 / N + 8 * c * c),
  };
}

/** `exp(−h²) sin h`: the sine's moments under a Gaussian tilted by `exp(−u² − v²)`. */
export const gabor: Activation = { ...plain, dual: closedFormPair(plain, gaborKernel) };
