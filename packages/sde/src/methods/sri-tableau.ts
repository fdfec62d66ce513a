import type { VariableStep } from '../method.ts';
import type { SdeProblem } from '../problem.ts';

/** Coefficients of a four-stage stochastic Runge–Kutta method for scalar and diagonal noise. */
export interface SriTableau {
  readonly c0: readonly number[];
  readonly c1: readonly number[];
  readonly A0: readonly (readonly number[])[];
  readonly A1: readonly (readonly number[])[];
  readonly B0: readonly (readonly number[])[];
  readonly B1: readonly (readonly number[])[];
  readonly alpha: readonly number[];
  readonly beta1: readonly number[];
  readonly beta2: readonly number[];
  readonly beta3: readonly number[];
  readonly beta4: readonly number[];
  /** Weights of the drifts in the error estimate. */
  readonly error: readonly number[];
}

/** Adds weight f to `stage`, or with a `scale` weight f times it, entry by entry. */
function accumulate(stage: Float64Array, weight: number, f: Float64Array, scale?: Float64Array): void {
  if (weight === 0) return;
  if (scale) for (let e = 0; e < stage.length; e++) stage[e] += weight * f[e] * scale[e];
  else for (let e = 0; e < stage.length; e++) stage[e] += weight * f[e];
}

/**
 * Drift stages H0_i = x + h Σ A0_ij f_j + Σ B0_ij g_j dZ/h and noise stages H1_i = x + h Σ A1_ij f_j + √h Σ B1_ij g_j, with
 * f_j = a(t + c0_j h, H0_j), g_j = g(t + c1_j h, H1_j), then
 * x' = x + h Σ α_i f_i + Σ g_i (β1_i dW + β2_i I11/√h + β3_i dZ/h + β4_i I111/h).
 *
 * Source: Rößler, "Runge–Kutta Methods for the Strong Approximation of Solutions of Stochastic Differential Equations".
 *
 * @example
 * ```ts
 * import { scalarRungeKutta } from '@sntk/sde/extending';
 * import { geometricBrownianMotion } from '@sntk/sde/problems';
 *
 * // Euler–Maruyama is the tableau of one stage.
 * const tableau = {
 *   c0: [0], c1: [0], A0: [[]], A1: [[]], B0: [[]], B1: [[]],
 *   alpha: [1], beta1: [1], beta2: [0], beta3: [0], beta4: [0], error: [0],
 * };
 * const step = scalarRungeKutta(tableau, geometricBrownianMotion({ rate: 1, volatility: 2 }), 1);
 * const out = new Float64Array(1);
 * step(0, 0.5, Float64Array.of(4), Float64Array.of(0.25), out, Float64Array.of(0));
 * console.log(out[0]); // 8
 * ```
 */
export function scalarRungeKutta(tableau: SriTableau, problem: SdeProblem, paths: number): VariableStep {
  const { c0, c1, A0, A1, B0, B1, alpha, beta1, beta2, beta3, beta4 } = tableau;
  const { dimension, noiseDimension: m, drift, diffusion } = problem;
  const size = dimension * paths;
  const f = alpha.map(() => new Float64Array(size));
  const g = alpha.map(() => new Float64Array(size));
  const drifts = new Float64Array(size);
  const noises = new Float64Array(size);
  const ones = new Float64Array(m * paths).fill(1);
  // The noise of every entry: its own for diagonal noise, the path's for scalar noise.
  const w = new Float64Array(size);
  const z = new Float64Array(size);
  const needsDrift = alpha.map((a, i) => a !== 0 || A0.concat(A1).some((row) => (row[i] ?? 0) !== 0));
  return (t, h, x, dW, out, dZ, error) => {
    const root = Math.sqrt(h);
    for (let e = 0; e < size; e++) {
      const from = m === 1 ? e % paths : e;
      w[e] = dW[from];
      z[e] = dZ[from] / h;
    }
    out.set(x);
    error?.fill(0);
    for (let i = 0; i < alpha.length; i++) {
      noises.set(x);
      for (let j = 0; j < i; j++) {
        accumulate(noises, h * (A1[i][j] ?? 0), f[j]);
        accumulate(noises, root * (B1[i][j] ?? 0), g[j]);
      }
      diffusion!.apply(t + c1[i] * h, noises, ones, g[i], paths);
      if (needsDrift[i]) {
        drifts.set(x);
        for (let j = 0; j < i; j++) {
          accumulate(drifts, h * (A0[i][j] ?? 0), f[j]);
          accumulate(drifts, B0[i][j] ?? 0, g[j], z);
        }
        drift(t + c0[i] * h, drifts, f[i], paths);
        accumulate(out, h * alpha[i], f[i]);
        if (error) accumulate(error, h * tableau.error[i], f[i]);
      }
      for (let e = 0; e < size; e++) {
        const double = (w[e] * w[e] - h) / (2 * root);
        const triple = (w[e] * (w[e] * w[e] - 3 * h)) / (6 * h);
        const high = beta3[i] * z[e] + beta4[i] * triple;
        out[e] += g[i][e] * (beta1[i] * w[e] + beta2[i] * double + high);
        if (error) error[e] += g[i][e] * high;
      }
    }
  };
}
