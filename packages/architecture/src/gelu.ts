import type { Activation, GaussianPair, PairSlopes } from './activation.ts';
import { erf } from './erf.ts';
import { setSlopes } from './pair-slopes.ts';
import { closedFormPair } from './with-quadrature.ts';

const normal = (h: number): number => Math.exp((-h * h) / 2) / Math.sqrt(2 * Math.PI);

/** Φ(h), the normal distribution function, to 3e-16 absolutely. */
const distribution = (h: number): number => (1 + erf(h * Math.SQRT1_2)) / 2;

/**
 * With `φ(h) = h (1 + e(h))/2`, `e = 2Φ − 1`: Stein's lemma reduces `E[u e(u) v e(v)]` to derivatives of
 * `S = E[e(u) e(v)] = (2/π) asin(c/√((1+q)(1+q')))`.
 */
function kernel(p: GaussianPair): { readonly covariance: number; readonly derivative: number } {
  const { varianceU: q, varianceV: r, covariance: c } = p;
  const square = 1 + q + r + Math.max(0, p.determinant);
  const root = Math.sqrt(square);
  const both = (1 + q) * (1 + r);
  // 1 + S, without cancellation for opposite inputs.
  const share = (2 / Math.PI) * Math.atan2(root, -c);
  return {
    covariance: (c * share + ((2 / Math.PI) * (q * r * root + (c * c) / root)) / both) / 4,
    derivative: (share + ((2 / Math.PI) * (c / root) * (3 + q + r + (c * c) / square)) / both) / 4,
  };
}

/** Derivatives of the terms of `kernel`, by name: `share = 1 + S`, `root = √square`, `G` and `H` what `both` divides. */
function slopes(p: GaussianPair, out: PairSlopes): void {
  const { varianceU: q, varianceV: r, covariance: c } = p;
  const square = 1 + q + r + Math.max(0, p.determinant);
  const root = Math.sqrt(square);
  const both = (1 + q) * (1 + r);
  const share = (2 / Math.PI) * Math.atan2(root, -c);
  const G = (q * r * root + (c * c) / root) / both;
  const h = 3 + q + r + (c * c) / square;
  const H = ((c / root) * h) / both;
  const byVariance = (own: number, other: number): readonly [first: number, second: number] => {
    const rootQ = (1 + other) / (2 * root);
    const shareQ = -c / (Math.PI * (1 + own) * root);
    const GQ = (other * root + q * r * rootQ - (c * c * rootQ) / square) / both - G / (1 + own);
    const hQ = 1 - (c * c * (1 + other)) / (square * square);
    const HQ = (-(c * rootQ * h) / square + (c / root) * hQ) / both - H / (1 + own);
    return [(c * shareQ + (2 / Math.PI) * GQ) / 4, (shareQ + (2 / Math.PI) * HQ) / 4];
  };
  const HC =
    ((1 / root + (c * c) / (square * root)) * h +
      (c / root) * ((2 * c) / square + (2 * c ** 3) / (square * square))) /
    both;
  const [u, v] = [byVariance(q, r), byVariance(r, q)];
  setSlopes(out, {
    covariance: [u[0], v[0], (share + (2 / Math.PI) * H) / 4],
    derivative: [u[1], v[1], ((2 / Math.PI) * (1 / root + HC)) / 4],
  });
}

const plain: Activation = {
  name: 'gelu',
  value: (h) => h * distribution(h),
  derivative: (h) => distribution(h) + h * normal(h),
  secondDerivative: (h) => (2 - h * h) * normal(h),
  twiceDifferentiable: true,
};

/** GELU, `h Φ(h)` (Hendrycks and Gimpel, "Gaussian Error Linear Units"), exact, not its tanh approximation. */
export const gelu: Activation = { ...plain, dual: { ...closedFormPair(plain, kernel), slopes } };
