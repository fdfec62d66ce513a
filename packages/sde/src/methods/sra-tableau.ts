import type { VariableStep } from '../method.ts';
import type { SdeProblem } from '../problem.ts';

/** Coefficients of a stochastic Runge–Kutta method for additive noise; matrices are strictly lower triangular. */
export interface SraTableau {
  /** Times of the drifts and of the noises. */
  readonly c0: readonly number[];
  readonly c1: readonly number[];
  readonly A0: readonly (readonly number[])[];
  readonly B0: readonly (readonly number[])[];
  readonly alpha: readonly number[];
  readonly beta1: readonly number[];
  readonly beta2: readonly number[];
  /** Weights of the drifts in the error estimate. */
  readonly error: readonly number[];
}

/**
 * The step H_i = x + h Σ_j A0_ij a(t + c0_j h, H_j) + Σ_j B0_ij g(t + c1_j h) dZ/h,
 * x' = x + h Σ_i α_i a(t + c0_i h, H_i) + Σ_i g(t + c1_i h)(β1_i dW + β2_i dZ/h), where dZ = ∫(W_s − W_t) ds.
 *
 * Source: Rößler, "Runge–Kutta Methods for the Strong Approximation of Solutions of Stochastic Differential Equations".
 *
 * @example
 * ```ts
 * import { additiveRungeKutta } from '@sntk/sde/extending';
 * import { ornsteinUhlenbeck } from '@sntk/sde/problems';
 *
 * // Euler–Maruyama is the tableau of one stage.
 * const tableau = { c0: [0], c1: [0], A0: [[]], B0: [[]], alpha: [1], beta1: [1], beta2: [0], error: [0] };
 * const step = additiveRungeKutta(tableau, ornsteinUhlenbeck({ rate: 1, volatility: 2 }), 1);
 * const out = new Float64Array(1);
 * step(0, 0.5, Float64Array.of(4), Float64Array.of(0.25), out, Float64Array.of(0));
 * console.log(out[0]); // 2.5
 * ```
 */
export function additiveRungeKutta(tableau: SraTableau, problem: SdeProblem, paths: number): VariableStep {
  const { c0, c1, A0, B0, alpha, beta1, beta2 } = tableau;
  const { dimension, noiseDimension, drift, diffusion } = problem;
  const size = dimension * paths;
  const drifts = alpha.map(() => new Float64Array(size));
  // The distinct times of the noise, and at each g dW and g dZ/h.
  const times = [...new Set(c1)];
  const place = c1.map((c) => times.indexOf(c));
  const ofW = times.map(() => new Float64Array(size));
  const ofZ = times.map(() => new Float64Array(size));
  const stage = new Float64Array(size);
  const scaled = new Float64Array(noiseDimension * paths);
  return (t, h, x, dW, out, dZ, error) => {
    for (let i = 0; i < scaled.length; i++) scaled[i] = dZ[i] / h;
    times.forEach((c, k) => {
      diffusion?.apply(t + c * h, x, dW, ofW[k], paths);
      diffusion?.apply(t + c * h, x, scaled, ofZ[k], paths);
    });
    out.set(x);
    error?.fill(0);
    for (let i = 0; i < alpha.length; i++) {
      stage.set(x);
      for (let j = 0; j < i; j++) {
        const a = h * A0[i][j];
        const b = B0[i][j];
        const f = drifts[j];
        const z = ofZ[place[j]];
        if (a !== 0 || b !== 0) for (let e = 0; e < size; e++) stage[e] += a * f[e] + b * z[e];
      }
      const f = drifts[i];
      drift(t + c0[i] * h, stage, f, paths);
      const w = ofW[place[i]];
      const z = ofZ[place[i]];
      const a = h * alpha[i];
      for (let e = 0; e < size; e++) out[e] += a * f[e] + (beta1[i] * w[e] + beta2[i] * z[e]);
      if (error) {
        const weight = h * tableau.error[i];
        for (let e = 0; e < size; e++) error[e] += weight * f[e];
      }
    }
  };
}
