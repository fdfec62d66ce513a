import { ArgumentError, checkInteger } from '@sntk/errors';
import type { Tensor } from '@sntk/linalg';
import { dense, kroneckerIdentity, type LinearOperator } from '@sntk/linalg/operators';

/**
 * The kernel `K ⊗ I` of a network with several outputs, from the block `K` `[N, N]` that all of them share, without
 * forming its `[N O, N O]` entries: outputs of wide networks are independent, MATH (5). Vectors are ordered example by example.
 *
 * @throws ArgumentError for what is not a square matrix and for numbers of outputs that are not integers of at least 1.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { analyticKernel, multiOutput } from '@sntk/kernels';
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 *
 * const backend = ndarrayBackend();
 * const network = fullyConnected({ inputs: 1, hidden: [1], outputs: 2, biasVariance: 0 });
 * const { ntk } = analyticKernel(network, { X: tensor([[1], [-1]], { backend }), get: 'ntk' });
 * const K = multiOutput(ntk, 2);
 * console.log(K.size, toArray(K.apply(tensor([[1], [2], [0], [0]], { backend })))); // 4 Float64Array [4, 8, 0, 0]
 * ```
 */
export function multiOutput(K: Tensor, outputs: number): LinearOperator {
  const where = 'multiOutput';
  checkInteger(where, 'outputs', outputs, 1);
  if (K.shape.length !== 2 || K.shape[0] !== K.shape[1]) {
    throw new ArgumentError({ where, argument: 'K', wanted: 'a square matrix', got: [...K.shape] });
  }
  return kroneckerIdentity(dense(K), outputs);
}
