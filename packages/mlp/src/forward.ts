import type { Architecture } from '@sntk/architecture';
import type { FloatArray, Tensor } from '@sntk/linalg';
import { type DropoutOption, runPass } from './pass.ts';

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
export function forward(
  architecture: Architecture,
  theta: FloatArray,
  X: Tensor,
  options: DropoutOption = {},
): Tensor {
  return runPass(architecture, theta, X, options).output.value;
}
