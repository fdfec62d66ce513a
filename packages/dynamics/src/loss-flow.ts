import { ArgumentError, checkFinite, checkLength, checkPositive } from '@sntk/errors';
import { prepare, showShape, type Tensor, tensor, toFloat64 } from '@sntk/linalg';
import { integrate } from '@sntk/sde';
import type { DualState } from './gradient-flow.ts';
import type { LossSlope, RunHooks } from './kernel-sgd.ts';

/** Gradient flow on any loss. */
export interface LossFlowOptions extends RunHooks {
  readonly slope: LossSlope;
  /** Time of the flow, above 0. */
  readonly time: number;
  /** Equal steps of the integrator. */
  readonly steps: number;
}

/**
 * Gradient flow on the mean of any loss, MATH (17): `α̇ = −ℓ'(f, y)/N` with `f = f_0 + K α`, by the classical Runge–Kutta
 * method of fourth order.
 *
 * It is stable for `λ_max h ℓ''/N` up to 2.78, with `h` the step; halve the step to see the error. For the squared loss
 * `gradientFlow` has the closed form.
 *
 * Source: Jacot, Gabriel and Hongler, "Neural Tangent Kernel", section 4.
 *
 * @param K kernel on the training points, `[N, N]`
 * @param r0 `f_0(X) − y`, `[N]`; the slope is given `r_i` and `i`
 * @throws ArgumentError when `r0` does not have one finite entry per training point.
 * @throws NumericalError when the solution stops being finite.
 * @example
 * ```ts
 * import { lossFlow } from '@sntk/dynamics';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 *
 * // Logistic loss log(1 + e^{−yf}) of one example with y = 1: f + e^f grows by one a unit of time.
 * const K = tensor([[1]], { backend: ndarrayBackend() });
 * const slope = (r: number) => -1 / (1 + Math.exp(r + 1));
 * const { residual } = lossFlow(K, new Float64Array([-1]), { slope, time: 2, steps: 50 });
 * const f = residual[0] + 1;
 * console.log((f + Math.exp(f)).toFixed(6)); // 3.000000
 * ```
 */
export function lossFlow(K: Tensor, r0: Float64Array, options: LossFlowOptions): DualState {
  const where = 'lossFlow';
  const { slope, steps, onProgress, signal } = options;
  const N = K.shape[0];
  if (K.shape.length !== 2 || K.shape[1] !== N) {
    throw new ArgumentError({ where, argument: 'K', wanted: 'a square matrix', got: showShape(K.shape) });
  }
  checkLength(where, 'r0', r0, N, 'one per training point');
  checkFinite(where, 'r0', r0);
  const time = checkPositive(where, 'options.time', options.time);
  const kernel = prepare(K);
  const residualOf = (alpha: Float64Array): Float64Array => {
    const moved = toFloat64(
      kernel.times(tensor(alpha, { backend: K.backend, dtype: K.dtype, shape: [N, 1] })),
    );
    return r0.map((value, i) => value + moved[i]);
  };
  try {
    const { final } = integrate(
      {
        dimension: N,
        noiseDimension: 0,
        noise: 'none',
        calculus: 'ito',
        drift: (_t, alpha, out) => {
          const r = residualOf(alpha);
          for (let i = 0; i < N; i++) out[i] = -slope(r[i], i) / N;
        },
      },
      {
        method: 'rk4',
        x0: new Float64Array(N),
        t1: time,
        steps,
        ...(onProgress ? { onProgress } : {}),
        ...(signal ? { signal } : {}),
      },
    );
    return { alpha: final, residual: residualOf(final) };
  } finally {
    kernel.dispose();
  }
}
