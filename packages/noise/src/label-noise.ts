import { checkInteger, checkNonNegative } from '@sntk/errors';
import { type Tensor, tensor } from '@sntk/linalg';
import { allocate, type FactoredNoise, fromFactor } from './covariance.ts';
import type { OutputOptions } from './function-noise.ts';
import { kernelColumns } from './kernel-columns.ts';

export interface LabelNoiseOptions extends OutputOptions {
  /** `σ²` of the errors of labels, drawn anew whenever an example is seen, independent between examples and outputs. */
  readonly variance: number;
  /** `b`. */
  readonly batch: number;
}

/**
 * What errors of labels add to the noise of a minibatch gradient in function space: `σ²/(b N) K Kᵀ` at the points of the
 * rows of `K` `[M, N]`.
 *
 * With labels `y_i + ε` the gradient of example `i` is `(r_i − ε) ∇f(x_i)`. The mean over a minibatch has the covariance
 * (22) of clean labels and this one; add them with `addNoises`. It has `1/b` with and without replacement: it stays when
 * the batch is full and when all residuals are zero, and so keeps SGD from coming to rest. For losses with `ℓ' = f̂(f) − y`,
 * the logistic one among them, it is the same. Labels 0 and 1 flipped with probability `p` have `σ² = p(1 − p)` and another
 * mean, `y + p(1 − 2y)`, which belongs into the residuals. Flipped classes of several outputs are not independent.
 *
 * Over the parameters of a network with one output, give its transposed Jacobian as `K`.
 *
 * Source: Blanc, Gupta, Valiant and Valiant, "Implicit regularization for deep neural networks driven by an
 * Ornstein-Uhlenbeck like process".
 *
 * @param K kernel between points and examples, `[M, N]` for `K ⊗ I_O`, or `[M, N, O, O]`
 * @throws ArgumentError for a negative variance, a batch below one or a kernel that is not finite.
 * @throws NumericalError when a variance overflows.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { labelNoise } from '@sntk/noise';
 *
 * const K = tensor([[2, 1], [1, 2]], { backend: ndarrayBackend() });
 * console.log(labelNoise(K, { variance: 0.5, batch: 1 }).diagonal()); // Float64Array [1.25, 1.25]
 * ```
 */
export function labelNoise(K: Tensor, options: LabelNoiseOptions): FactoredNoise {
  const where = 'labelNoise';
  const { M, N, O, entry } = kernelColumns(where, K, options.outputs);
  const variance = checkNonNegative(where, 'options.variance', options.variance);
  const batch = checkInteger(where, 'options.batch', options.batch, 1);
  const scale = Math.sqrt(variance / (batch * N));
  const F = allocate(where, M * O, N * O);
  for (let row = 0, p = 0; row < M * O; row++) {
    for (let column = 0; column < N * O; column++, p++) F[p] = scale * entry(row, column);
  }
  return fromFactor(where, tensor(F, { backend: K.backend, dtype: K.dtype, shape: [M * O, N * O] }));
}
