import { ArgumentError, checkFinite } from '@sntk/errors';
import type { Tensor } from '@sntk/linalg';
import type { FactoredNoise } from './covariance.ts';
import { kernelColumns } from './kernel-columns.ts';
import { type NoiseLaw, noiseOf } from './noise-law.ts';

export interface OutputOptions {
  /** `O`, 1 unless told. The residuals are then `[N, O]`, and entry `m·O + o` of a covariance is output `o` at point `m`. */
  readonly outputs?: number;
}

export type FunctionNoiseOptions = NoiseLaw & OutputOptions;

/**
 * The noise of one minibatch gradient in function space: the covariance of `∇f(x)ᵀ ĝ` at the points of the rows of `K`
 * `[M, N]`, MATH (22)–(25), for residuals `r` `[N]` (for other losses, `ℓ'(f_i, y_i)`).
 *
 * With `D = diag(r)` the exact covariance is `(c_b/N) K D (I − 11ᵀ/N) D Kᵀ`; the leading one drops the projection. One
 * SGD step moves `f` by `−η` times a draw of this law around its mean.
 *
 * For `O` outputs all outputs of an example enter a minibatch together. A kernel `[M, N]` stands for `K ⊗ I_O`, that of
 * infinite width; one of blocks `[M, N, O, O]`, `empiricalNtk` of `@sntk/mlp` with `outputs: 'full'`, is taken as it is.
 *
 * Source: "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD", with the factor of MATH (22)–(23).
 *
 * @throws ArgumentError when `r` does not have one finite entry per column of `K` and output, for a minibatch that cannot
 * be drawn, and for members that are not examples.
 * @throws NumericalError when a variance overflows.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { functionNoise } from '@sntk/noise';
 *
 * const K = tensor([[2, 1], [1, 2]], { backend: ndarrayBackend() });
 * const r = new Float64Array([1, -1]);
 * console.log(functionNoise(K, r, { kind: 'leading', batch: 1, replacement: true }).trace()); // 5
 * console.log(functionNoise(K, r, { kind: 'printed', members: [0] }).trace()); // 5
 * ```
 */
export function functionNoise(
  K: Tensor,
  residual: Float64Array,
  options: FunctionNoiseOptions,
): FactoredNoise {
  const where = 'functionNoise';
  const { N, M, O, entry } = kernelColumns(where, K, options.outputs);
  checkResidual(where, residual, N, O);
  const response = (row: number, i: number): number => {
    let sum = 0;
    for (let o = 0; o < O; o++) sum += entry(row, i * O + o) * residual[i * O + o];
    return sum;
  };
  return noiseOf(where, options, { samples: N, size: M * O, entry: response, like: K });
}

/** @throws ArgumentError unless there is one finite residual for each example and output. */
export function checkResidual(where: string, residual: Float64Array, N: number, O: number): void {
  if (residual.length !== N * O) {
    throw new ArgumentError({
      where,
      argument: 'residual',
      wanted: `of one entry per column of K, ${N}${O > 1 ? `, and output, ${O}` : ''}`,
      got: `length ${residual.length}`,
    });
  }
  checkFinite(where, 'residual', residual);
}
