import { checkPositive } from '@sntk/errors';
import type { Activation, GaussianPair, PairMoments, PairSlopes } from './activation.ts';
import { checkNumber } from './check-number.ts';
import { erf } from './erf.ts';
import { rescaleOdd, rescalePair } from './pair-algebra.ts';
import { scaleSlopes, setSlopes } from './pair-slopes.ts';

const SLOPE = 2 / Math.sqrt(Math.PI);

/** asin(2q/(1+2q)), as an arc tangent that keeps its digits when the ratio is near 1. */
function diagonalAngle(q: number): number {
  return Math.atan2(2 * q, Math.sqrt(1 + 4 * q));
}

function diagonal(q: number): { readonly covariance: number; readonly derivative: number } {
  return { covariance: (2 / Math.PI) * diagonalAngle(q), derivative: 4 / Math.PI / Math.sqrt(1 + 4 * q) };
}

/**
 * `α − γ` of the angles behind `E φ(u)²` and `|E φ(u) φ(v)|`: as it stands, or for close angles from the difference of
 * variances and the determinant, because subtracting the angles leaves nothing for nearly equal inputs.
 */
function angleGap(
  q: number,
  other: number,
  { size, determinant, root, angle }: Record<'size' | 'determinant' | 'root' | 'angle', number>,
): number {
  const alone = diagonalAngle(q);
  const own = Math.sqrt(1 + 4 * q);
  const across = q * root + size * own;
  const [first, second] = [q * (q - other), determinant * (1 + 2 * q)];
  // Each form errs by the rounding of its terms.
  const norm = Math.sqrt((1 + 2 * q) * (1 + 2 * other));
  if (2 * (Math.abs(first) + second) >= across * norm * alone) return alone - angle;
  return Math.atan2((2 * (first + second)) / across, (own * root + 4 * q * size) / (1 + 2 * q));
}

/** Williams, "Computing with Infinite Networks": T = (2/π) asin(2k/√((1+2q)(1+2q'))). */
function pair(p: GaussianPair, out: PairMoments): void {
  const { varianceU, varianceV, covariance } = p;
  const determinant = Math.max(0, p.determinant);
  // (1 + 2q)(1 + 2q') − 4k² without its cancellation.
  const root = Math.sqrt(1 + 2 * (varianceU + varianceV) + 4 * determinant);
  const size = Math.abs(covariance);
  const angle = Math.atan2(2 * size, root);
  const shared = { size, determinant, root, angle };
  const gapU = angleGap(varianceU, varianceV, shared);
  const gapV = angleGap(varianceV, varianceU, shared);
  const gaps = Math.max(0, gapU + gapV);
  out.covariance = (Math.sign(covariance) * (2 * angle)) / Math.PI;
  out.derivative = 4 / Math.PI / root;
  out.distance = (2 / Math.PI) * (covariance >= 0 ? gaps : gaps + 4 * angle);
  const plain = diagonalAngle(varianceU) * diagonalAngle(varianceV);
  // The product of angles less γ², from the gaps where that is a small difference.
  const lost = angle * gaps < plain ? angle * gaps + gapU * gapV : plain - angle * angle;
  out.determinant = Math.max(0, (4 / Math.PI ** 2) * lost);
}

/** Derivatives of `(2/π) asin(2c/√((1+2q)(1+2q')))` and of `(4/π)/√N`, `N = (1+2q)(1+2q') − 4c²`. */
function slopes(p: GaussianPair, out: PairSlopes): void {
  const [a, b, c] = [1 + 2 * p.varianceU, 1 + 2 * p.varianceV, p.covariance];
  const square = 1 + 2 * (p.varianceU + p.varianceV) + 4 * Math.max(0, p.determinant);
  const first = 4 / Math.PI / Math.sqrt(square);
  const second = first / square;
  setSlopes(out, {
    covariance: [(-c / a) * first, (-c / b) * first, first],
    derivative: [-b * second, -a * second, 4 * c * second],
  });
}

/** The error function, a smooth sigmoid from −1 to 1. */
export const erfActivation: Activation = {
  name: 'erf',
  value: erf,
  derivative: (h) => SLOPE * Math.exp(-h * h),
  secondDerivative: (h) => -2 * h * SLOPE * Math.exp(-h * h),
  twiceDifferentiable: true,
  dual: { diagonal, pair, slopes },
};

export interface ErfOptions {
  /** Factor of the output; 1 unless told. */
  readonly outer?: number;
  /** Factor of the argument, above 0; 1 unless told. */
  readonly inner?: number;
  /** Added to the output; 0 unless told. */
  readonly shift?: number;
}

/**
 * `outer · erf(inner · h) + shift`, by the closed form of Williams, "Computing with Infinite Networks".
 *
 * @throws ArgumentError for numbers that are not finite and for `inner ≤ 0`.
 * @example
 * ```ts
 * import { erfWith } from '@sntk/architecture/activations';
 *
 * console.log(erfWith({ outer: 0.5, shift: 0.5 }).value(0)); // 0.5
 * ```
 */
export function erfWith(options: ErfOptions, name?: string): Activation {
  const { outer = 1, inner = 1, shift = 0 } = options;
  checkNumber('erfWith', 'options.outer', outer);
  checkNumber('erfWith', 'options.shift', shift);
  checkPositive('erfWith', 'options.inner', inner);
  const i2 = inner * inner;
  const slope = outer * inner * SLOPE;
  return {
    name: name ?? `erfWith(${outer}, ${inner}, ${shift})`,
    value: (h) => outer * erf(inner * h) + shift,
    derivative: (h) => slope * Math.exp(-i2 * h * h),
    secondDerivative: (h) => -2 * i2 * h * slope * Math.exp(-i2 * h * h),
    twiceDifferentiable: true,
    dual: {
      diagonal: (q) => {
        const { covariance, derivative } = diagonal(i2 * q);
        return {
          covariance: outer * outer * covariance + shift * shift,
          derivative: outer * outer * i2 * derivative,
        };
      },
      pair: rescaleOdd(pair, { outer, inner, shift }),
      slopes(p, out) {
        slopes(rescalePair(p, i2), out);
        scaleSlopes(out, outer * outer, i2);
      },
    },
  };
}

/** `½ erf(h/2.4020563531719796) + ½`, which follows the logistic function to within 0.02. */
export const erfSigmoid: Activation = erfWith(
  { outer: 0.5, inner: 1 / 2.4020563531719796, shift: 0.5 },
  'erfSigmoid',
);
