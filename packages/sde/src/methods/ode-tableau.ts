import type { QuarticTerm, VariableStep } from '../method.ts';
import type { SdeProblem } from '../problem.ts';

/** An explicit Runge–Kutta method whose last stage is the drift at its own result. */
export interface OdeTableau {
  readonly c: readonly number[];
  /** Rows of the lower triangle; the last one holds the weights. */
  readonly A: readonly (readonly number[])[];
  /** Weights of the difference from the embedded method. */
  readonly error: readonly number[];
  /** Weights of the drifts in θ²(1 − θ)² h, the term that the continuous extension adds to Hermite's cubic. */
  readonly quartic?: readonly number[];
}

/** Σ_j weights_j k_j h into `out`. */
function combine(
  weights: readonly number[],
  h: number,
  slopes: readonly Float64Array[],
  out: Float64Array,
): void {
  out.fill(0);
  weights.forEach((w, j) => {
    const k = slopes[j];
    if (w !== 0) for (let e = 0; e < out.length; e++) out[e] += h * w * k[e];
  });
}

/** Fills `slopes` with the drifts of the stages and `out` with the result; the last drift only where it is asked for. */
function stagesOf(
  { c, A }: OdeTableau,
  { dimension, drift }: SdeProblem,
  paths: number,
): {
  readonly slopes: readonly Float64Array[];
  run(t: number, h: number, x: Float64Array, out: Float64Array, last: boolean): void;
} {
  const size = dimension * paths;
  const slopes = c.map(() => new Float64Array(size));
  const stage = new Float64Array(size);
  const end = c.length - 1;
  return {
    slopes,
    run(t, h, x, out, last) {
      for (let i = 0; i <= end; i++) {
        const into = i === end ? out : stage;
        into.set(x);
        for (let j = 0; j < i; j++) {
          const a = h * A[i][j];
          const k = slopes[j];
          if (a !== 0) for (let e = 0; e < size; e++) into[e] += a * k[e];
        }
        if (i < end || last) drift(t + c[i] * h, into, slopes[i], paths);
      }
    },
  };
}

/**
 * The step of an explicit Runge–Kutta method for ordinary equations; its last stage is computed only for the error.
 *
 * Source: Hairer, Nørsett and Wanner, "Solving Ordinary Differential Equations I".
 *
 * @example
 * ```ts
 * import { explicitRungeKutta } from '@sntk/sde/extending';
 *
 * // Heun's method, x' = x, one step of 0.1.
 * const heun = { c: [0, 1, 1], A: [[], [1], [1 / 2, 1 / 2]], error: [-1 / 2, 1 / 2, 0] };
 * const problem = {
 *   dimension: 1, noiseDimension: 0, noise: 'none', calculus: 'ito', drift: (_t, x, out) => out.set(x),
 * } as const;
 * const out = new Float64Array(1);
 * const none = new Float64Array(0);
 * explicitRungeKutta(heun, problem, 1)(0, 0.1, Float64Array.of(1), none, out, none);
 * console.log(out[0].toFixed(3)); // 1.105
 * ```
 */
export function explicitRungeKutta(tableau: OdeTableau, problem: SdeProblem, paths: number): VariableStep {
  const { slopes, run } = stagesOf(tableau, problem, paths);
  return (t, h, x, _dW, out, _integrals, error) => {
    run(t, h, x, out, error !== undefined);
    if (error) combine(tableau.error, h, slopes, error);
  };
}

/**
 * The quartic term of a tableau's continuous extension, from the stages computed once more.
 *
 * Source: Shampine, "Some Practical Runge–Kutta Formulas".
 *
 * @example
 * ```ts
 * import { quarticTerm } from '@sntk/sde/extending';
 *
 * const heun = { c: [0, 1, 1], A: [[], [1], [1 / 2, 1 / 2]], error: [-1 / 2, 1 / 2, 0], quartic: [1, -1, 0] };
 * const problem = {
 *   dimension: 1, noiseDimension: 0, noise: 'none', calculus: 'ito', drift: (_t, x, out) => out.set(x),
 * } as const;
 * const out = new Float64Array(1);
 * quarticTerm(heun)(problem, 1)(0, 0.5, Float64Array.of(1), out);
 * console.log(out[0]); // -0.25
 * ```
 */
export function quarticTerm(tableau: OdeTableau): QuarticTerm {
  return (problem, paths) => {
    const { slopes, run } = stagesOf(tableau, problem, paths);
    const end = new Float64Array(problem.dimension * paths);
    return (t, h, x, out) => {
      run(t, h, x, end, true);
      combine(tableau.quartic ?? [], h, slopes, out);
    };
  };
}
