import { checkPositive } from '@sntk/errors';
import type { Tensor } from '@sntk/linalg';
import { integrate } from '@sntk/sde';
import { kernelEntries, residualsOf } from './checks.ts';
import type { DualState } from './gradient-flow.ts';
import type { RunHooks } from './kernel-sgd.ts';
import { blockSlopes, type LossOptions, slopesOf } from './loss.ts';

/** Gradient flow on any loss. */
export interface LossFlowOptions extends RunHooks, LossOptions {
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
 * @param r0 `f_0(X) − y`, `[N]`, or `[N, O]`; results are of its shape
 * @throws ArgumentError for a kernel that is not square, symmetric and finite, and sizes that do not fit.
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
  const { steps, onProgress, signal } = options;
  const { samples: N } = kernelEntries(where, K);
  const slopes = slopesOf(where, N, r0, options);
  const time = checkPositive(where, 'options.time', options.time);
  const moved = residualsOf(K, r0, slopes.outputs);
  try {
    const { final } = integrate(
      {
        dimension: r0.length,
        noiseDimension: 0,
        noise: 'none',
        calculus: 'ito',
        drift: (_t, alpha, out) => {
          blockSlopes(slopes, moved.at(alpha), out, 1);
          for (let q = 0; q < out.length; q++) out[q] /= -N;
        },
      },
      {
        method: 'rk4',
        x0: new Float64Array(r0.length),
        t1: time,
        steps,
        ...(onProgress ? { onProgress } : {}),
        ...(signal ? { signal } : {}),
      },
    );
    return { alpha: final, residual: moved.at(final) };
  } finally {
    moved.dispose();
  }
}
