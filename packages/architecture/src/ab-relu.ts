import type { Activation, GaussianPair, PairMoments } from './activation.ts';
import { checkNumber } from './check-number.ts';
import { evenGap, kinkSlopes } from './kink-slopes.ts';
import { correlationGap, rootGapSquared } from './pair-algebra.ts';
import { relu } from './relu.ts';

/** Slopes of a piecewise linear activation on either side of 0. */
export interface AbReluOptions {
  readonly negative: number;
  readonly positive: number;
}

/**
 * `negative · min(h, 0) + positive · max(h, 0)`: every activation with one kink at 0, by Cho and Saul's arc-cosine
 * kernels.
 *
 * With `φ = s h + t |h|` the two parts are uncorrelated, so `T = s² E uv + t² E|u||v|`.
 *
 * @throws ArgumentError for slopes that are not finite.
 * @example
 * ```ts
 * import { abRelu } from '@sntk/architecture/activations';
 *
 * const leaky = abRelu({ negative: 0.1, positive: 1 });
 * console.log(leaky.value(-2), leaky.dual?.diagonal(2).covariance); // -0.2 1.01
 * ```
 */
export function abRelu(options: AbReluOptions, name?: string): Activation {
  const negative = checkNumber('abRelu', 'options.negative', options.negative);
  const positive = checkNumber('abRelu', 'options.positive', options.positive);
  const squares = (negative * negative + positive * positive) / 2;
  return {
    name: name ?? `abRelu(${negative}, ${positive})`,
    value: (h) => (h > 0 ? positive * h : negative * h),
    derivative: (h) => (h > 0 ? positive : negative),
    secondDerivative: () => 0,
    twiceDifferentiable: negative === positive,
    dual: {
      diagonal: (q) => ({ covariance: squares * q, derivative: squares }),
      pair: piecewiseLinearPair(negative, positive),
      ...kinkSlopes({ odd: ((negative + positive) / 2) ** 2, even: ((positive - negative) / 2) ** 2 }),
    },
  };
}

function piecewiseLinearPair(
  negative: number,
  positive: number,
): (p: GaussianPair, out: PairMoments) => void {
  const squares = negative * negative + positive * positive;
  const cross = negative * positive;
  const odd = ((negative + positive) / 2) ** 2;
  const even = ((positive - negative) / 2) ** 2;
  const same = relu.dual!.pair;
  const across: PairMoments = { covariance: 0, derivative: 0, distance: 0, determinant: 0 };
  return (p, out) => {
    const { varianceU, varianceV, covariance } = p;
    const scale = Math.sqrt(varianceU * varianceV);
    // E u₊v₊ and E u₊v₋: each without cancellation at any angle.
    same(p, out);
    same({ ...p, covariance: -covariance, distance: varianceU + varianceV + 2 * covariance }, across);
    const T = squares * out.covariance - 2 * cross * across.covariance;
    const slope = squares * out.derivative + 2 * cross * across.derivative;
    if (scale === 0) {
      out.covariance = 0;
      out.derivative = slope;
      out.distance = (squares / 2) * Math.max(varianceU, varianceV);
      out.determinant = 0;
      return;
    }
    // Both √(qp) ∓ c without cancellation: one is from the determinant.
    const gap = correlationGap(p);
    const below = covariance >= 0 ? gap : scale - covariance;
    const above = covariance >= 0 ? scale + covariance : gap;
    const gapEven = evenGap(p);
    const difference = rootGapSquared(varianceU, varianceV, varianceU - varianceV);
    const lost = odd * below + even * gapEven;
    out.covariance = T;
    out.derivative = slope;
    out.distance =
      odd * (covariance >= 0 ? p.distance : difference + 2 * below) + even * (difference + 2 * gapEven);
    // AB − T² = (S − T)(S + T), S = (s² + t²)√(qp).
    out.determinant = lost * (odd * above + even * (2 * scale - gapEven));
  };
}

/**
 * Leaky ReLU: slope 1 above 0 and `slope` below it (0.01 unless told).
 *
 * @throws ArgumentError for a slope that is not finite.
 */
export function leakyRelu(slope = 0.01): Activation {
  return abRelu({ negative: checkNumber('leakyRelu', 'slope', slope), positive: 1 }, `leakyRelu(${slope})`);
}

/** |h|. */
export const absolute: Activation = abRelu({ negative: -1, positive: 1 }, 'absolute');
