import { ArgumentError, checkInteger } from '@sntk/errors';
import type { Activation, GaussianPair, PairMoments, PairSlopes } from './activation.ts';
import { gaussLegendre } from './gauss-legendre.ts';
import { rootGapSquared } from './pair-algebra.ts';
import { setSlopes } from './pair-slopes.ts';
import { relu } from './relu.ts';
import { step } from './sign.ts';

/** Beyond this angle `M(0) − M(θ)` loses at most one digit when subtracted. */
const WIDE = 0.6;

/**
 * `max(0, h)^degree`, by Cho and Saul's arc-cosine kernels ("Kernel Methods for Deep Learning"):
 * `T = (qq')^{k/2} M_k(θ)`, `Ṫ = k² (qq')^{(k−1)/2} M_{k−1}(θ)`. Degree 0 is the step, degree 1 ReLU.
 *
 * `M_k` is taken from a form all of whose terms are positive, so that it keeps its digits at every angle:
 * `M_k = 2ᵏ k!/(2π) ∫ [sin(δ/2 + t) sin(δ/2 − t)]ᵏ dt` over |t| ≤ δ/2, δ = π − θ, by a Gauss rule that is exact to
 * rounding.
 *
 * @throws ArgumentError unless the degree is an integer from 0 to 10.
 */
export function rectifiedMonomial(degree: number): Activation {
  const where = 'rectifiedMonomial';
  checkInteger(where, 'degree', degree);
  if (degree > 10) throw new ArgumentError({ where, argument: 'degree', wanted: 'at most 10', got: degree });
  const name = `rectifiedMonomial(${degree})`;
  if (degree === 0) return { ...step, name };
  if (degree === 1) return { ...relu, name };
  const half = doubleFactorial(2 * degree - 1) / 2;
  const slopeHalf = (degree * degree * doubleFactorial(2 * degree - 3)) / 2;
  return {
    name,
    value: (h) => (h > 0 ? h ** degree : 0),
    derivative: (h) => (h > 0 ? degree * h ** (degree - 1) : 0),
    secondDerivative: (h) => (h > 0 ? degree * (degree - 1) * h ** (degree - 2) : 0),
    twiceDifferentiable: degree > 2,
    dual: {
      diagonal: (q) => ({ covariance: half * q ** degree, derivative: slopeHalf * q ** (degree - 1) }),
      pair: (p, out) => rectifiedPair(p, { degree, half }, out),
      slopes: (p, out) => rectifiedSlopes(p, degree, out),
    },
  };
}

function rectifiedPair(
  p: GaussianPair,
  { degree, half }: { readonly degree: number; readonly half: number },
  out: PairMoments,
): void {
  const { varianceU, varianceV, covariance } = p;
  const scale = Math.sqrt(varianceU * varianceV);
  const area = Math.sqrt(Math.max(0, p.determinant));
  const [a, b] = [varianceU ** degree, varianceV ** degree];
  if (scale === 0) {
    out.covariance = 0;
    out.derivative = 0;
    out.distance = half * Math.max(a, b);
    out.determinant = 0;
    return;
  }
  const angle = Math.atan2(area, covariance);
  const supplement = Math.atan2(area, -covariance);
  const power = scale ** degree;
  const share = arcCosine(degree, supplement);
  out.covariance = power * share;
  out.derivative = degree * degree * scale ** (degree - 1) * arcCosine(degree - 1, supplement);
  const gap = power * (angle > WIDE ? half - share : gapFromZero(degree, angle));
  out.distance = half * rootGapSquared(a, b, a - b) + 2 * gap;
  out.determinant = gap * (power * half + out.covariance);
}

/** T and Ṫ are homogeneous of degrees k and k − 1 in either deviation, which gives their slopes by the variances. */
function rectifiedSlopes(p: GaussianPair, degree: number, out: PairSlopes): void {
  const { varianceU: q, varianceV: r, covariance: c } = p;
  const scale = Math.sqrt(q * r);
  const supplement = Math.atan2(Math.sqrt(Math.max(0, p.determinant)), -c);
  const T = scale ** degree * arcCosine(degree, supplement);
  const S = degree * degree * scale ** (degree - 1) * arcCosine(degree - 1, supplement);
  const bend = (degree * (degree - 1)) ** 2 * scale ** (degree - 2) * arcCosine(degree - 2, supplement);
  const [first, second] = [(degree * T - c * S) / 2, ((degree - 1) * S - c * bend) / 2];
  setSlopes(out, {
    covariance: [first / q, first / r, S],
    derivative: [second / q, second / r, bend],
  });
}

/** `M_k` as a function of the supplement `δ = π − θ`. */
function arcCosine(degree: number, supplement: number): number {
  let factor = supplement / 2 / (2 * Math.PI);
  for (let k = 1; k <= degree; k++) factor *= 2 * k;
  const { nodes, weights } = gaussLegendre(14 + 2 * degree);
  let sum = 0;
  for (let i = 0; i < nodes.length; i++) {
    const [above, below] = [(supplement / 2) * (1 + nodes[i]), (supplement / 2) * (1 - nodes[i])];
    sum += weights[i] * (Math.sin(above) * Math.sin(below)) ** degree;
  }
  return factor * sum;
}

/** `M_k(0) − M_k(θ) = k² ∫₀^θ sin τ M_{k−1}(τ) dτ`, again a sum of positive terms. */
function gapFromZero(degree: number, angle: number): number {
  const { nodes, weights } = gaussLegendre(10);
  let sum = 0;
  for (let i = 0; i < nodes.length; i++) {
    const at = (angle / 2) * (1 + nodes[i]);
    sum += weights[i] * Math.sin(at) * arcCosine(degree - 1, Math.PI - at);
  }
  return (degree * degree * angle * sum) / 2;
}

function doubleFactorial(n: number): number {
  let product = 1;
  for (let k = n; k > 1; k -= 2) product *= k;
  return product;
}
