import { checkNonNegative } from '@sntk/errors';
import type { Activation } from './activation.ts';
import { checkNumber } from './check-number.ts';
import { rootGapSquared, sumVariance } from './pair-algebra.ts';
import { setSlopes } from './pair-slopes.ts';

export interface ExponentialOptions {
  /** Value at 0; 1 unless told. */
  readonly amplitude?: number;
  /** `b` of `exp(b h)`; 1 unless told. */
  readonly rate?: number;
}

/**
 * `amplitude · exp(rate · h)`: `T = a² exp(b² E(u + v)²/2)`, `Ṫ = b² T`. It grows so fast that deep kernels overflow.
 *
 * Source: Daniely, Frostig and Singer, "Toward Deeper Understanding of Neural Networks".
 *
 * @throws ArgumentError for numbers that are not finite.
 */
export function exponential(options: ExponentialOptions = {}, name?: string): Activation {
  const { amplitude = 1, rate = 1 } = options;
  checkNumber('exponential', 'options.amplitude', amplitude);
  checkNumber('exponential', 'options.rate', rate);
  const [a2, b2] = [amplitude * amplitude, rate * rate];
  const value = (h: number): number => amplitude * Math.exp(rate * h);
  return {
    name: name ?? `exponential(${amplitude}, ${rate})`,
    value,
    derivative: (h) => rate * value(h),
    secondDerivative: (h) => b2 * value(h),
    twiceDifferentiable: true,
    dual: {
      diagonal: (q) => {
        const covariance = a2 * Math.exp(2 * b2 * q);
        return { covariance, derivative: b2 * covariance };
      },
      pair(p, out) {
        const { varianceU: q, varianceV: r } = p;
        const middle = Math.exp(b2 * (q + r));
        out.covariance = a2 * Math.exp((b2 * sumVariance(p)) / 2);
        out.derivative = b2 * out.covariance;
        const apart = -Math.expm1((-b2 * p.distance) / 2);
        out.distance = 2 * a2 * middle * (2 * Math.sinh((b2 * (q - r)) / 2) ** 2 + apart);
        out.determinant = -a2 * a2 * middle * middle * Math.expm1(-b2 * p.distance);
      },
      slopes(p, out) {
        const first = b2 * a2 * Math.exp((b2 * sumVariance(p)) / 2);
        const second = b2 * first;
        setSlopes(out, {
          covariance: [first / 2, first / 2, first],
          derivative: [second / 2, second / 2, second],
        });
      },
    },
  };
}

export interface NormalizedExponentialOptions {
  /** γ, at least 0; 1 unless told. */
  readonly rate?: number;
  /** Added to the cosine; −1 unless told, which makes `T = q` on the diagonal. */
  readonly shift?: number;
}

/**
 * The dual `T = √(qq') exp(γ (cos θ + shift))`: an exponential of the pre-activation divided by its deviation, times
 * that deviation.
 *
 * It is not a fixed function of `h`. `value` is that function at unit variance, `exp(√γ h + γ (shift − 1)/2)`, so a
 * finite network has this kernel only where its pre-activations have variance 1 (σ_w² + σ_b² = 1 on unit inputs with
 * the default shift).
 *
 * Source: Shankar and others, "Neural Kernels Without Tangents".
 *
 * @throws ArgumentError for numbers that are not finite and for γ < 0.
 */
export function normalizedExponential(options: NormalizedExponentialOptions = {}, name?: string): Activation {
  const { rate = 1, shift = -1 } = options;
  checkNonNegative('normalizedExponential', 'options.rate', rate);
  checkNumber('normalizedExponential', 'options.shift', shift);
  const root = Math.sqrt(rate);
  const value = (h: number): number => Math.exp(root * h + (rate * (shift - 1)) / 2);
  const top = Math.exp(rate * (1 + shift));
  return {
    name: name ?? `normalizedExponential(${rate}, ${shift})`,
    value,
    derivative: (h) => root * value(h),
    secondDerivative: (h) => rate * value(h),
    twiceDifferentiable: true,
    dual: {
      diagonal: (q) => ({ covariance: q * top, derivative: rate * top }),
      pair(p, out) {
        const { varianceU: q, varianceV: r, covariance } = p;
        const scale = Math.sqrt(q * r);
        if (scale === 0) {
          // The angle to a zero pre-activation is taken as right.
          out.covariance = 0;
          out.derivative = rate * Math.exp(rate * shift);
          out.distance = Math.max(q, r) * top;
          out.determinant = 0;
          return;
        }
        const cosine = Math.max(-1, Math.min(1, covariance / scale));
        // 1 − cos θ from the determinant where it is small.
        const gap = covariance > 0 ? Math.max(0, p.determinant) / (scale * scale * (1 + cosine)) : 1 - cosine;
        const share = Math.exp(-rate * gap);
        out.covariance = scale * top * share;
        out.derivative = rate * top * share;
        out.determinant = -((scale * top) ** 2) * Math.expm1(-2 * rate * gap);
        out.distance = top * (rootGapSquared(q, r, q - r) - 2 * scale * Math.expm1(-rate * gap));
      },
      slopes(p, out) {
        const { varianceU: q, varianceV: r, covariance } = p;
        const scale = Math.sqrt(q * r);
        const cosine = covariance / scale;
        const share = Math.exp(rate * (cosine + shift));
        const common = (scale * share * (1 - rate * cosine)) / 2;
        const slope = (-rate * rate * cosine * share) / 2;
        setSlopes(out, {
          covariance: [common / q, common / r, rate * share],
          derivative: [slope / q, slope / r, (rate * rate * share) / scale],
        });
      },
    },
  };
}
