import { checkPositive } from '@sntk/errors';
import type { Activation, GaussianPair, PairMoments } from './activation.ts';
import { checkNumber } from './check-number.ts';
import { determinantFrom, rescalePair, sumVariance } from './pair-algebra.ts';
import { scaleSlopes, setSlopes } from './pair-slopes.ts';

export interface SineOptions {
  readonly amplitude?: number;
  readonly frequency?: number;
  /** In radians. */
  readonly phase?: number;
}

/** `e^{−(q+q')/2} sinh c`, of arguments of any size. */
function dampedSinh(p: GaussianPair, sum: number): number {
  const c = p.covariance;
  const nearest = c >= 0 ? p.distance : sum;
  return (Math.sign(c) * Math.exp(-nearest / 2) * -Math.expm1(-2 * Math.abs(c))) / 2;
}

/** Of sin(h + phase) at unit frequency; `sine2` and `cosine2` are the squares of the phase's sine and cosine. */
function unitPair(p: GaussianPair, sine2: number, cosine2: number, out: PairMoments): void {
  const { varianceU: q, varianceV: r } = p;
  const sum = sumVariance(p);
  const odd = dampedSinh(p, sum);
  const fading = Math.exp(-sum / 2);
  const twist = cosine2 - sine2;
  // (e^{−E(u−v)²/2} ∓ twist e^{−E(u+v)²/2})/2, in whichever form is a sum.
  const closeness = Math.exp(-p.distance / 2);
  out.covariance = twist <= 0 ? (closeness - twist * fading) / 2 : odd + sine2 * fading;
  out.derivative = twist >= 0 ? (closeness + twist * fading) / 2 : odd + cosine2 * fading;
  // E (φ(u) − φ(v))² = E (1 + cos(u + v + 2 phase)) (1 − cos(u − v)).
  const lowest = Math.exp(-2 * Math.min(q, r));
  const unequal = (twist * lowest * Math.expm1(-Math.abs(q - r)) ** 2) / 2;
  const [near, far] = [-Math.expm1(-p.distance / 2), -Math.expm1(-sum / 2)];
  out.distance = Math.max(0, near * (far + 2 * cosine2 * fading) - unequal);
  const difference = (twist / 2) * lowest * Math.expm1(-2 * Math.abs(q - r));
  // Of an odd or even activation −v instead of v changes at most the sign of T.
  const mirrored = p.covariance < 0 && sine2 * cosine2 < Number.EPSILON;
  const distance = mirrored ? far * (near + 2 * cosine2 * Math.exp(-p.distance / 2)) - unequal : out.distance;
  const [a, b] = [unitVariance(q, sine2), unitVariance(r, sine2)];
  out.determinant = determinantFrom({ a, b, difference }, Math.max(0, distance), out.covariance);
}

function unitVariance(q: number, sine2: number): number {
  return -Math.expm1(-2 * q) / 2 + sine2 * Math.exp(-2 * q);
}

/**
 * `amplitude · sin(frequency · h + phase)`: `T = a²/2 [e^{−b²E(u−v)²/2} − cos(2 phase) e^{−b²E(u+v)²/2}]`.
 *
 * Source: Rahimi and Recht, "Random Features for Large-Scale Kernel Machines".
 *
 * @throws ArgumentError for numbers that are not finite and for a frequency that is not above 0.
 * @example
 * ```ts
 * import { sine } from '@sntk/architecture/activations';
 *
 * console.log(sine({ frequency: 2 }).derivative(0)); // 2
 * ```
 */
export function sine(options: SineOptions = {}, name?: string): Activation {
  const { amplitude = 1, frequency = 1, phase = 0 } = options;
  return trigonometric({ amplitude, frequency, phase }, name ?? `sine(${amplitude}, ${frequency}, ${phase})`);
}

/** `amplitude · cos(frequency · h + phase)`. Throws as {@link sine}. */
export function cosine(options: SineOptions = {}, name?: string): Activation {
  const { amplitude = 1, frequency = 1, phase = 0 } = options;
  return trigonometric(
    { amplitude, frequency, phase, quarter: true },
    name ?? `cosine(${amplitude}, ${frequency}, ${phase})`,
  );
}

/**
 * `√2 sin(√(2γ) h + π/4)`, whose T is the Gaussian kernel `exp(−γ E(u − v)²)`.
 *
 * Source: Rahimi and Recht, "Random Features for Large-Scale Kernel Machines".
 *
 * @throws ArgumentError unless γ is above 0.
 */
export function rbf(gamma = 1): Activation {
  checkPositive('rbf', 'gamma', gamma);
  return trigonometric(
    { amplitude: Math.SQRT2, frequency: Math.sqrt(2 * gamma), phase: Math.PI / 4, eighth: true },
    `rbf(${gamma})`,
  );
}

interface Wave {
  readonly amplitude: number;
  readonly frequency: number;
  readonly phase: number;
  /** Another quarter turn, exactly. */
  readonly quarter?: boolean;
  /** The phase is π/4, exactly. */
  readonly eighth?: boolean;
}

function trigonometric(wave: Wave, name: string): Activation {
  const { amplitude, frequency, phase, quarter = false, eighth = false } = wave;
  const where = quarter ? 'cosine' : 'sine';
  checkNumber(where, 'options.amplitude', amplitude);
  checkNumber(where, 'options.phase', phase);
  checkPositive(where, 'options.frequency', frequency);
  const value = quarter ? Math.cos : Math.sin;
  const slope = quarter ? (h: number) => -Math.sin(h) : Math.cos;
  const sine2 = eighth ? 0.5 : value(phase) ** 2;
  const cosine2 = eighth ? 0.5 : slope(phase) ** 2;
  const [a2, b2] = [amplitude * amplitude, frequency * frequency];
  return {
    name,
    value: (h) => amplitude * value(frequency * h + phase),
    derivative: (h) => amplitude * frequency * slope(frequency * h + phase),
    secondDerivative: (h) => -amplitude * b2 * value(frequency * h + phase),
    twiceDifferentiable: true,
    dual: {
      diagonal: (q) => {
        const [covariance, derivative] = [unitVariance(b2 * q, sine2), unitVariance(b2 * q, cosine2)];
        return { covariance: a2 * covariance, derivative: a2 * b2 * derivative };
      },
      pair(p, out) {
        unitPair(rescalePair(p, b2), sine2, cosine2, out);
        out.covariance *= a2;
        out.derivative *= a2 * b2;
        out.distance *= a2;
        out.determinant *= a2 * a2;
      },
      slopes(p, out) {
        // φ'' = −φ at unit frequency.
        const unit = { covariance: 0, derivative: 0, distance: 0, determinant: 0 };
        unitPair(rescalePair(p, b2), sine2, cosine2, unit);
        const { covariance: T, derivative: S } = unit;
        setSlopes(out, { covariance: [-T / 2, -T / 2, S], derivative: [-S / 2, -S / 2, T] });
        scaleSlopes(out, a2, b2);
      },
    },
  };
}
