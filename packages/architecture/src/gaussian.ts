import { checkPositive } from '@sntk/errors';
import type { Activation, GaussianPair, PairMoments, PairSlopes } from './activation.ts';
import { checkNumber } from './check-number.ts';
import { distanceFrom } from './pair-algebra.ts';
import { setSlopes } from './pair-slopes.ts';

export interface GaussianOptions {
  /** Value at 0; 1 unless told. */
  readonly amplitude?: number;
  /** `b` of `exp(−b h²)`, above 0; 1 unless told. */
  readonly rate?: number;
}

/**
 * `amplitude · exp(−rate · h²)`: `T = a²/√N` with `N = (1 + 2bq)(1 + 2bq') − 4b²c²`.
 *
 * Source: Williams, "Computing with Infinite Networks".
 *
 * @throws ArgumentError unless the amplitude is finite and the rate above 0.
 */
export function gaussian(options: GaussianOptions = {}, name?: string): Activation {
  const { amplitude = 1, rate = 1 } = options;
  checkNumber('gaussian', 'options.amplitude', amplitude);
  checkPositive('gaussian', 'options.rate', rate);
  const a2 = amplitude * amplitude;
  const value = (h: number): number => amplitude * Math.exp(-rate * h * h);
  return {
    name: name ?? `gaussian(${amplitude}, ${rate})`,
    value,
    derivative: (h) => -2 * rate * h * value(h),
    secondDerivative: (h) => (4 * rate * rate * h * h - 2 * rate) * value(h),
    twiceDifferentiable: true,
    dual: {
      diagonal: (q) => {
        const square = 1 + 4 * rate * q;
        return {
          covariance: a2 / Math.sqrt(square),
          derivative: (4 * a2 * rate * rate * q) / (square * Math.sqrt(square)),
        };
      },
      pair: (p, out) => gaussianPair(p, { a2, rate }, out),
      slopes: (p, out) => gaussianSlopes(p, { a2, rate }, out),
    },
  };
}

function gaussianPair(
  p: GaussianPair,
  { a2, rate }: { readonly a2: number; readonly rate: number },
  out: PairMoments,
): void {
  const [q, r, det] = [rate * p.varianceU, rate * p.varianceV, rate * rate * Math.max(0, p.determinant)];
  const square = 1 + 2 * (q + r) + 4 * det;
  const root = Math.sqrt(square);
  const rootQ = Math.sqrt(1 + 4 * q);
  const rootR = Math.sqrt(1 + 4 * r);
  const both = rootQ * rootR;
  out.covariance = a2 / root;
  out.derivative = (4 * a2 * rate * rate * p.covariance) / (square * root);
  // N² − (1 + 4bq)(1 + 4bq') without its cancellation.
  const excess = 4 * (q - r) ** 2 + 8 * det * (1 + 2 * (q + r) + 2 * det);
  out.determinant = (a2 * a2 * (excess / (square + both))) / (square * both);
  const difference = (4 * a2 * (r - q)) / (both * (rootQ + rootR));
  out.distance = distanceFrom({ a: a2 / rootQ, b: a2 / rootR, difference }, out.covariance, out.determinant);
}

/** Of `T = a² N^{−1/2}` and `Ṫ = 4a²b²c N^{−3/2}`, `N = AB − 4b²c²` with `A = 1 + 2bq`, `B = 1 + 2bq'`. */
function gaussianSlopes(
  p: GaussianPair,
  { a2, rate }: { readonly a2: number; readonly rate: number },
  out: PairSlopes,
): void {
  const [A, B, c] = [1 + 2 * rate * p.varianceU, 1 + 2 * rate * p.varianceV, rate * p.covariance];
  const square = A + B - 1 + 4 * rate * rate * Math.max(0, p.determinant);
  const power = (a2 * rate) / (square * Math.sqrt(square));
  const bend = (-12 * rate * c * power) / square;
  setSlopes(out, {
    covariance: [-B * power, -A * power, 4 * c * power],
    derivative: [B * bend, A * bend, rate * power * (4 + (48 * c * c) / square)],
  });
}
