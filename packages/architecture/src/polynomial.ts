import { ArgumentError, checkFinite, checkInteger } from '@sntk/errors';
import type { Activation, ActivationDual, PairMoments } from './activation.ts';
import { correlationGap } from './pair-algebra.ts';
import { setSlopes } from './pair-slopes.ts';

/**
 * `Σ_k coefficients[k] hᵏ`, exact at every variance: `T = Σ_n cⁿ/n! E φ⁽ⁿ⁾(u) E φ⁽ⁿ⁾(v)` (Mehler), a finite sum.
 *
 * Source: Daniely, Frostig and Singer, "Toward Deeper Understanding of Neural Networks".
 *
 * @throws ArgumentError for no coefficients, more than 31, or some not finite.
 * @example
 * ```ts
 * import { polynomial } from '@sntk/architecture/activations';
 *
 * const cubic = polynomial([0, -1, 0, 2]);
 * console.log(cubic.value(2), cubic.derivative(2)); // 14 23
 * ```
 */
export function polynomial(coefficients: readonly number[], name?: string): Activation {
  const where = 'polynomial';
  if (coefficients.length === 0 || coefficients.length > 31) {
    throw new ArgumentError({
      where,
      argument: 'coefficients',
      wanted: 'of 1 to 31 numbers',
      got: `${coefficients.length}`,
    });
  }
  checkFinite(where, 'coefficients', coefficients);
  const first = differentiate(coefficients);
  const second = differentiate(first);
  return {
    name: name ?? `polynomial(${coefficients.join(', ')})`,
    value: (h) => evaluate(coefficients, h),
    derivative: (h) => evaluate(first, h),
    secondDerivative: (h) => evaluate(second, h),
    twiceDifferentiable: true,
    dual: polynomialDual(coefficients),
  };
}

/** `h^degree`. Throws ArgumentError unless the degree is an integer from 0 to 30. */
export function monomial(degree: number): Activation {
  return polynomial(unit('monomial', degree), `monomial(${degree})`);
}

/**
 * The Hermite polynomial `He_n(h)/√n!` of a degree: orthonormal for a standard normal variable, so `T = cⁿ` at unit
 * variance; at other variances the exact moments of this polynomial.
 *
 * @throws ArgumentError unless the degree is an integer from 0 to 30.
 */
export function hermite(degree: number): Activation {
  unit('hermite', degree);
  let [previous, current]: number[][] = [[], [1]];
  let factorial = 1;
  for (let n = 0; n < degree; n++) {
    // He_{n+1} = h He_n − n He_{n−1}
    const next = [0, ...current];
    previous.forEach((value, k) => {
      next[k] -= n * value;
    });
    [previous, current] = [current, next];
    factorial *= n + 1;
  }
  return polynomial(
    current.map((value) => value / Math.sqrt(factorial)),
    `hermite(${degree})`,
  );
}

function unit(where: string, degree: number): number[] {
  checkInteger(where, 'degree', degree);
  if (degree > 30) throw new ArgumentError({ where, argument: 'degree', wanted: 'at most 30', got: degree });
  return Array.from({ length: degree + 1 }, (_, k) => (k === degree ? 1 : 0));
}

function evaluate(coefficients: readonly number[], h: number): number {
  return coefficients.reduceRight((sum, coefficient) => sum * h + coefficient, 0);
}

function differentiate(coefficients: readonly number[]): number[] {
  return coefficients.slice(1).map((coefficient, k) => (k + 1) * coefficient);
}

/** `E φ⁽ⁿ⁾(u)/√n!` for n = 0, 1, …: `Σ_k a_k k!/(k−n)! (k−n−1)!! q^{(k−n)/2}`, k − n even. */
function expectations(coefficients: readonly number[], q: number): number[] {
  return coefficients.map((_, n) => {
    let sum = 0;
    let weight = 1;
    for (let m = 2; m <= n; m++) weight *= Math.sqrt(m);
    let power = 1;
    for (let k = n; k < coefficients.length; k += 2) {
      sum += coefficients[k] * weight * power;
      weight *= ((k + 1) * (k + 2)) / (k - n + 2);
      power *= q;
    }
    return sum;
  });
}

function polynomialDual(coefficients: readonly number[]): ActivationDual {
  const degree = coefficients.length - 1;
  const slopes = differentiate(coefficients);
  const moment = (terms: readonly number[], others: readonly number[], c: number): number => {
    let sum = 0;
    for (let n = Math.min(terms.length, others.length) - 1; n >= 0; n--) sum = sum * c + terms[n] * others[n];
    return sum;
  };
  return {
    diagonal: (q) => {
      const terms = expectations(coefficients, q);
      const slope = expectations(slopes, q);
      return { covariance: moment(terms, terms, q), derivative: moment(slope, slope, q) };
    },
    pair(p, out) {
      const { varianceU: q, varianceV: r, covariance: c } = p;
      const [u, v] = [expectations(coefficients, q), expectations(coefficients, r)];
      out.covariance = moment(u, v, c);
      out.derivative = moment(expectations(slopes, q), expectations(slopes, r), c);
      // Lengths along the Hermite directions, whose angles to each other have cosine ρⁿ.
      const [X, Y] = [along(u, q), along(v, r)];
      const missing = missingPowers(p, 2 * degree);
      spread(X, Y, missing, out);
    },
    slopes(p, out) {
      const derivatives = [coefficients, slopes, differentiate(slopes), differentiate(differentiate(slopes))];
      const u = derivatives.map((each) => expectations(each, p.varianceU));
      const v = derivatives.map((each) => expectations(each, p.varianceV));
      const mean = (m: number, n: number): number => moment(u[m], v[n], p.covariance);
      setSlopes(out, {
        covariance: [mean(2, 0) / 2, mean(0, 2) / 2, mean(1, 1)],
        derivative: [mean(3, 1) / 2, mean(1, 3) / 2, mean(2, 2)],
      });
    },
  };
}

function along(terms: readonly number[], q: number): number[] {
  const deviation = Math.sqrt(q);
  return terms.map((term, n) => term * deviation ** n);
}

/** `1 − ρⁿ` for n = 0, 1, …, without cancellation near ρ = ±1 where they vanish. */
function missingPowers(
  p: {
    readonly varianceU: number;
    readonly varianceV: number;
    readonly covariance: number;
    readonly distance: number;
    readonly determinant: number;
  },
  count: number,
): number[] {
  const scale = Math.sqrt(p.varianceU * p.varianceV);
  const gap = scale === 0 ? 1 : correlationGap(p) / scale;
  const rho = scale === 0 ? 0 : p.covariance >= 0 ? 1 - gap : gap - 1;
  const size = Math.abs(rho);
  const missing = [0];
  for (let n = 1, near = 0; n <= count; n++) {
    near += gap * size ** (n - 1);
    missing.push(rho >= 0 || n % 2 === 0 ? near : 1 + size ** n);
  }
  return missing;
}

/** Distance and determinant as sums of what does not cancel. */
function spread(
  X: readonly number[],
  Y: readonly number[],
  missing: readonly number[],
  out: PairMoments,
): void {
  let distance = 0;
  let determinant = 0;
  for (let n = 0; n < X.length; n++) {
    distance += (X[n] - Y[n]) ** 2 + 2 * X[n] * Y[n] * missing[n];
    for (let m = 0; m < X.length; m++) {
      determinant += (X[n] * Y[m] - X[m] * Y[n]) ** 2 / 2 + X[n] * X[m] * Y[n] * Y[m] * missing[n + m];
    }
  }
  out.distance = Math.max(0, distance);
  out.determinant = Math.max(0, determinant);
}
