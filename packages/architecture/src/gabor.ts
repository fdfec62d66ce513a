import type { Activation, GaussianPair, PairSlopes } from './activation.ts';
import { setSlopes } from './pair-slopes.ts';
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

/**
 * Of `T = e^L sinh C` with `L = −E/2 − ½ log N`, `E = 1 − (1 + q + r)/N` the sum of the tilted variances and `C = c/N` their
 * covariance; `Ṫ = ∂T/∂c`.
 */
function gaborSlopes(p: GaussianPair, out: PairSlopes): void {
  const { varianceU: q, varianceV: r, covariance: c } = p;
  const N = 1 + 2 * (q + r) + 4 * Math.max(0, p.determinant);
  const [one, Nc] = [1 + q + r, -8 * c];
  const [N2, N3] = [N * N, N * N * N];
  const amplitude = Math.exp((one / N - 1) / 2) / Math.sqrt(N);
  const [sinh, cosh] = [Math.sinh(c / N), Math.cosh(c / N)];
  const Cc = 1 / N - (c * Nc) / N2;
  const Lc = (-one * Nc) / (2 * N2) - Nc / (2 * N);
  const Ccc = (-2 * Nc + 8 * c) / N2 + (2 * c * Nc * Nc) / N3;
  const Lcc = (8 * one) / (2 * N2) + (one * Nc * Nc) / N3 + 4 / N + (Nc * Nc) / (2 * N2);
  const slope = Lc * sinh + Cc * cosh;
  const byVariance = (other: number): readonly [first: number, second: number] => {
    const Nq = 2 + 4 * other;
    const [Cq, Lq] = [(-c * Nq) / N2, (1 / N - (one * Nq) / N2 - Nq / N) / 2];
    const Ccq = -Nq / N2 + (2 * c * Nc * Nq) / N3;
    const Lcq = (-Nc / N2 + (2 * one * Nc * Nq) / N3 + (Nc * Nq) / N2) / 2;
    return [
      amplitude * (Lq * sinh + Cq * cosh),
      amplitude * (Lq * slope + Lcq * sinh + Lc * Cq * cosh + Ccq * cosh + Cc * Cq * sinh),
    ];
  };
  const [u, v] = [byVariance(r), byVariance(q)];
  setSlopes(out, {
    covariance: [u[0], v[0], amplitude * slope],
    derivative: [
      u[1],
      v[1],
      amplitude * (Lc * slope + Lcc * sinh + Lc * Cc * cosh + Ccc * cosh + Cc * Cc * sinh),
    ],
  });
}

/** `exp(−h²) sin h`: the sine's moments under a Gaussian tilted by `exp(−u² − v²)`. */
export const gabor: Activation = {
  ...plain,
  dual: { ...closedFormPair(plain, gaborKernel), slopes: gaborSlopes },
};
