import { ArgumentError, checkFinite, checkInteger, NumericalError } from '@sntk/errors';
import { integrate } from '../integrate.ts';
import type { Method } from '../method.ts';
import { type MethodName, methods, suitableMethod } from '../methods/registry.ts';
import type { NoiseType, SdeProblem } from '../problem.ts';
import { geometricBrownianMotion } from '../problems/geometric-brownian-motion.ts';
import { stepExpectation } from './step-expectation.ts';

/** A number of the complex plane. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}

/**
 * E|x'|²/|x|² of one step under dx = λ x dt + μ x dW (Itô), which depends on λh and μ²h alone: below 1 the step is stable in
 * mean square, as the equation itself is for 2λ + μ² < 0.
 *
 * Stratonovich methods get the same equation in their own form, with λ − μ²/2.
 *
 * @param options.rate λ h
 * @param options.variance μ² h
 * @throws ArgumentError for a method that cannot do noise of this kind, or whose steps depend on the ones before
 *
 * Source: Higham, "Mean-Square and Asymptotic Stability of the Stochastic Theta Method".
 *
 * @example
 * ```ts
 * import { meanSquareFactor } from '@sntk/sde/analysis';
 *
 * // Euler–Maruyama has (1 + λh)² + μ²h.
 * console.log(meanSquareFactor('eulerMaruyama', { rate: -1.5, variance: 0.5 }).toFixed(12)); // 0.750000000000
 * ```
 */
export function meanSquareFactor(
  choice: Method | MethodName,
  options: { readonly rate: number; readonly variance: number },
): number {
  const where = 'meanSquareFactor';
  const { rate, variance } = options;
  checkFinite(where, 'options.rate', [rate]);
  checkFinite(where, 'options.variance', [variance]);
  if (variance < 0) {
    throw new ArgumentError({ where, argument: 'options.variance', wanted: 'at least 0', got: variance });
  }
  const kinds: readonly NoiseType[] = ['diagonal', 'scalar', 'commutative', 'general'];
  const method = typeof choice === 'string' ? methods[choice] : choice;
  const noise = kinds.find((kind) => method?.orders[kind]) ?? 'diagonal';
  const calculus = method?.calculus ?? 'ito';
  const drift = calculus === 'ito' ? rate : rate - variance / 2;
  const problem: SdeProblem = {
    ...geometricBrownianMotion({ rate: drift, volatility: Math.sqrt(variance), calculus }),
    noise,
    driftSolve: (h) => (_t, _x, r) => {
      for (let i = 0; i < r.length; i++) r[i] /= 1 - h * drift;
    },
  };
  refuseMemory(where, suitableMethod(where, choice, problem));
  return stepExpectation(problem, { method, x0: [1], step: 1, observe: ([x]) => x * x });
}

/**
 * The factor R(z) by which one step multiplies x under x' = λ x with z = λh, without noise: |R| below 1 is stable.
 *
 * @throws ArgumentError for a method that does not do ordinary equations, or whose steps depend on the ones before
 *
 * Source: Hairer and Wanner, "Solving Ordinary Differential Equations II".
 *
 * @example
 * ```ts
 * import { amplification } from '@sntk/sde/analysis';
 *
 * // Explicit methods of order p have the Taylor polynomial of e^z up to z^p: 1 − 2 + 2 − 4/3 + 2/3.
 * console.log(amplification('rk4', { re: -2, im: 0 }).re.toFixed(6)); // 0.333333
 * ```
 */
export function amplification(choice: Method | MethodName, z: Complex): Complex {
  const where = 'amplification';
  checkFinite(where, 'z', [z.re, z.im]);
  const problem: SdeProblem = {
    dimension: 2,
    noiseDimension: 0,
    noise: 'none',
    calculus: 'ito',
    drift(_t, x, out) {
      out[0] = z.re * x[0] - z.im * x[1];
      out[1] = z.im * x[0] + z.re * x[1];
    },
    driftSolve: (h) => (_t, _x, r) => {
      // Division by 1 − hz.
      const [a, b] = [1 - h * z.re, -h * z.im];
      const [u, v] = r;
      r[0] = (a * u + b * v) / (a * a + b * b);
      r[1] = (a * v - b * u) / (a * a + b * b);
    },
    linear: {
      exponential(h) {
        const size = Math.exp(h * z.re);
        const [c, s] = [size * Math.cos(h * z.im), size * Math.sin(h * z.im)];
        return (x) => {
          const [u, v] = x;
          x[0] = c * u - s * v;
          x[1] = s * u + c * v;
        };
      },
    },
  };
  const method = refuseMemory(where, suitableMethod(where, choice, problem));
  const [re, im] = integrate(problem, { method, x0: [1, 0], t1: 1, steps: 1 }).final;
  return { re, im };
}

/**
 * The boundary |R(z)| = 1 of the stability region at 0, as a closed curve: z(φ) with R(z) = e^{iφ} and z(0) = 0.
 *
 * @param options.points points a turn of φ, 64 unless told; a method with R of degree s has s turns
 * @throws NumericalError where the curve cannot be followed, as for exponential methods, whose boundary has no end
 *
 * Source: Hairer and Wanner, "Solving Ordinary Differential Equations II".
 *
 * @example
 * ```ts
 * import { stabilityBoundary } from '@sntk/sde/analysis';
 *
 * // Euler's region is the disc of radius 1 about −1.
 * const { re } = stabilityBoundary('eulerMaruyama');
 * console.log(Math.min(...re).toFixed(9)); // -2.000000000
 * ```
 */
export function stabilityBoundary(
  method: Method | MethodName,
  options: { readonly points?: number } = {},
): { readonly re: Float64Array; readonly im: Float64Array } {
  const where = 'stabilityBoundary';
  const points = checkInteger(where, 'options.points', options.points ?? 64, 8);
  const re = [0];
  const im = [0];
  let z: Complex = { re: 0, im: 0 };
  for (let k = 1; k <= points * MOST_TURNS; k++) {
    const angle = (2 * Math.PI * k) / points;
    const target = { re: Math.cos(angle), im: Math.sin(angle) };
    z = follow(where, method, z, target);
    re.push(z.re);
    im.push(z.im);
    if (k % points === 0 && Math.hypot(z.re, z.im) < 1e-6) {
      return { re: Float64Array.from(re), im: Float64Array.from(im) };
    }
  }
  throw new NumericalError({
    where,
    found: `the boundary is not closed after ${MOST_TURNS} turns`,
    fix: 'take a method whose R(z) is a polynomial or a rational function',
    details: { z },
  });
}

const MOST_TURNS = 12;

/** Newton's method for R(z) = target from a point nearby. */
function follow(where: string, method: Method | MethodName, start: Complex, target: Complex): Complex {
  const e = 1e-6;
  let { re, im } = start;
  for (let iteration = 0; iteration < 50; iteration++) {
    const at = amplification(method, { re, im });
    const ahead = amplification(method, { re: re + e, im });
    const behind = amplification(method, { re: re - e, im });
    const [a, b] = [(ahead.re - behind.re) / (2 * e), (ahead.im - behind.im) / (2 * e)];
    const [u, v] = [at.re - target.re, at.im - target.im];
    const norm = a * a + b * b;
    if (!(norm > 0)) break;
    const [dx, dy] = [(a * u + b * v) / norm, (a * v - b * u) / norm];
    re -= dx;
    im -= dy;
    if (Math.hypot(dx, dy) < 1e-10 * (1 + Math.hypot(re, im))) return { re, im };
  }
  throw new NumericalError({
    where,
    found: `the boundary cannot be followed beyond z = ${start.re.toPrecision(4)} + ${start.im.toPrecision(4)}i`,
    fix: 'pass { points } for a shorter step, or take another method',
    details: { z: start },
  });
}

function refuseMemory(where: string, method: Method): Method {
  if (!method.remembers) return method;
  throw new ArgumentError({
    where,
    argument: 'method',
    wanted: 'a method whose step depends on the state alone',
    got: `${method.name}, whose steps depend on the ones before`,
  });
}
