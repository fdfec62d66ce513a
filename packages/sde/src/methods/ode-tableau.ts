import type { VariableStep } from '../method.ts';
import type { SdeProblem } from '../problem.ts';

/** An explicit Runge–Kutta method whose last stage is the drift at its own result. */
export interface OdeTableau {
  readonly c: readonly number[];
  /** Rows of the lower triangle; the last one holds the weights. */
  readonly A: readonly (readonly number[])[];
  /** Weights of the difference from the embedded method. */
  readonly error: readonly number[];
}

/** The step of an explicit Runge–Kutta method; its last stage is computed only when the error is asked for. */
export function explicitRungeKutta(tableau: OdeTableau, problem: SdeProblem, paths: number): VariableStep {
  const { c, A, error: weights } = tableau;
  const { dimension, drift } = problem;
  const size = dimension * paths;
  const slopes = c.map(() => new Float64Array(size));
  const stage = new Float64Array(size);
  const last = c.length - 1;
  return (t, h, x, _dW, out, _integrals, error) => {
    for (let i = 0; i <= last; i++) {
      const into = i === last ? out : stage;
      into.set(x);
      for (let j = 0; j < i; j++) {
        const a = h * A[i][j];
        const k = slopes[j];
        if (a !== 0) for (let e = 0; e < size; e++) into[e] += a * k[e];
      }
      if (i < last || error) drift(t + c[i] * h, into, slopes[i], paths);
    }
    if (!error) return;
    error.fill(0);
    for (let j = 0; j <= last; j++) {
      const weight = h * weights[j];
      for (let e = 0; e < size; e++) error[e] += weight * slopes[j][e];
    }
  };
}
