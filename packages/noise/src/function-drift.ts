import { checkFinite, checkLength, checkNonNegative, NumericalError } from '@sntk/errors';
import type { Tensor } from '@sntk/linalg';

import { checkResidual, type OutputOptions } from './function-noise.ts';
import { kernelColumns } from './kernel-columns.ts';

export interface FunctionDriftOptions extends OutputOptions {
  /** Decay of the parameters towards a centre, `θ ← θ − η (ĝ + rate · (θ − θ_c))`. */
  readonly weightDecay?: {
    /** Its rate, at least 0. */
    readonly rate: number;
    /**
     * `∇f(x)·(θ − θ_c)` at the points, `[M·O]`. Towards the start, `θ_c = θ_0`, it is `f − f_0`; towards zero it is
     * `f − f_0 + ∇f(x)·θ_0`, the last term from `jvp` of `@sntk/mlp`.
     */
    readonly displacement: Float64Array;
  };
}

/**
 * The mean velocity of a linearized network under SGD, `E Δf/η = −(1/N) K ℓ' − rate · ∇f·(θ − θ_c)`, `[M·O]`: the drift
 * beside the noise of `functionNoise`, MATH (13), with weight decay.
 *
 * Weight decay is the same for every minibatch, so it moves the mean alone: the covariances (22)–(25) are those without
 * it. A ridge of `(rate/2) |θ − θ_0|²` is its loss.
 *
 * @param K kernel between points and examples, `[M, N]` for `K ⊗ I_O`, or `[M, N, O, O]`
 * @param residual `r` `[N, O]`; for other losses, `ℓ'`
 * @throws ArgumentError for a negative rate, or arrays of the wrong length or with entries that are not finite.
 * @throws NumericalError when a velocity overflows.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { functionDrift } from '@sntk/noise';
 *
 * const K = tensor([[2, 1], [1, 2]], { backend: ndarrayBackend() });
 * const r = new Float64Array([1, -1]);
 * console.log(functionDrift(K, r)); // Float64Array [-0.5, 0.5]
 * const weightDecay = { rate: 0.1, displacement: new Float64Array([2, 0]) };
 * console.log(functionDrift(K, r, { weightDecay })); // Float64Array [-0.7, 0.5]
 * ```
 */
export function functionDrift(
  K: Tensor,
  residual: Float64Array,
  options: FunctionDriftOptions = {},
): Float64Array {
  const where = 'functionDrift';
  const { M, N, O, entry } = kernelColumns(where, K, options.outputs);
  checkResidual(where, residual, N, O);
  const drift = new Float64Array(M * O);
  for (let row = 0; row < M * O; row++) {
    for (let column = 0; column < N * O; column++) drift[row] -= (entry(row, column) * residual[column]) / N;
  }
  const { weightDecay } = options;
  if (weightDecay === undefined) return checkVelocities(where, drift);
  const rate = checkNonNegative(where, 'options.weightDecay.rate', weightDecay.rate);
  const { displacement } = weightDecay;
  checkLength(where, 'options.weightDecay.displacement', displacement, M * O, 'one per point and output');
  checkFinite(where, 'options.weightDecay.displacement', displacement);
  return checkVelocities(
    where,
    drift.map((velocity, row) => velocity - rate * displacement[row]),
  );
}

function checkVelocities(where: string, velocities: Float64Array): Float64Array {
  const row = velocities.findIndex((velocity) => !Number.isFinite(velocity));
  if (row === -1) return velocities;
  throw new NumericalError({
    where,
    found: `the velocity at position ${row} overflows`,
    fix: 'scale the kernel or the residuals',
    details: { row },
  });
}
