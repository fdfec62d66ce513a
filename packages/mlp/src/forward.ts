import type { Architecture } from '@sntk/architecture';
import { ArgumentError, checkFinite } from '@sntk/errors';
import { type FloatArray, matmul, type Tensor, tensor, toArray } from '@sntk/linalg';
import { checkParameters, type ParameterBlock, parameterLayout } from './layout.ts';

/** What a forward pass leaves behind for a backward one. */
export interface ForwardPass {
  readonly blocks: readonly ParameterBlock[];
  /** `W` of each layer as a tensor `[outputs, inputs]`. */
  readonly weights: readonly Tensor[];
  /** The input of each dense layer, `[N, inputs]`. */
  readonly inputs: readonly Tensor[];
  /** The pre-activation of each dense layer, `[N, outputs]`; the last is the network's output. */
  readonly preactivations: readonly Tensor[];
}

/** Runs the network on `X` `[N, d]` and keeps every layer's input and pre-activation. */
export function forwardPass(architecture: Architecture, theta: FloatArray, X: Tensor): ForwardPass {
  checkParameters('forward', architecture, theta);
  if (X.shape.length !== 2 || X.shape[1] !== architecture.inputs) {
    throw new ArgumentError({
      where: 'forward',
      argument: 'X',
      wanted: `of shape [N, ${architecture.inputs}]`,
      got: [...X.shape],
    });
  }
  checkFinite('forward', 'X', toArray(X));
  const { backend, dtype } = X;
  const { blocks } = parameterLayout(architecture);
  const weights: Tensor[] = [];
  const inputs: Tensor[] = [];
  const preactivations: Tensor[] = [];
  let a = X;
  for (const block of blocks) {
    const W = tensor(theta.subarray(block.weights, block.bias), {
      backend,
      dtype,
      shape: [block.outputs, block.inputs],
    });
    const product = matmul(a, W, { transposeB: true });
    const h = toArray(product);
    const next = block.activation ? h.slice() : undefined;
    for (let i = 0; i < h.length; i++) {
      h[i] = block.weightScale * h[i] + block.biasScale * theta[block.bias + (i % block.outputs)];
    }
    weights.push(W);
    inputs.push(a);
    preactivations.push(product);
    if (block.activation && next) {
      const { value } = block.activation;
      for (let i = 0; i < h.length; i++) next[i] = value(h[i]);
      a = tensor(next, { backend, shape: product.shape });
    }
  }
  return { blocks, weights, inputs, preactivations };
}

/**
 * The network's outputs `[N, O]` at `X` `[N, d]`, MATH (1), in the backend and dtype of `X`.
 *
 * @throws ArgumentError when `X` or `theta` does not fit the architecture.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { forward, initialize } from '@sntk/mlp';
 * import { createRng } from '@sntk/random';
 *
 * const network = fullyConnected({ inputs: 2, hidden: [64, 64] });
 * const theta = initialize(network, { rng: createRng(1) });
 * const X = tensor([[1, 0], [0, 1], [1, 1]], { backend: ndarrayBackend() });
 * console.log(forward(network, theta, X).shape); // [3, 1]
 * ```
 */
export function forward(architecture: Architecture, theta: FloatArray, X: Tensor): Tensor {
  return forwardPass(architecture, theta, X).preactivations.at(-1)!;
}
