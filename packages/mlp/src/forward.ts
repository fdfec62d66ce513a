import type { Architecture } from '@sntk/architecture';
import type { FloatArray, Tensor } from '@sntk/linalg';
import { openDeviceChain } from './device-chain.ts';
import { type DropoutOption, runPass } from './pass.ts';

/**
 * The network's outputs `[N, O]` at `X` `[N, d]`, MATH (1), in the backend and dtype of `X`. On a device it runs by
 * `deviceChain` of `@sntk/mlp/devices`.
 *
 * @throws ArgumentError when `X` or `theta` does not fit the architecture or is not finite.
 * @throws UnavailableError on a device for activations that it does not have.
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
  if (!X.backend.readSync) {
    const masks = () => options.dropout;
    const chain = openDeviceChain('forward', architecture, theta, { backend: X.backend, masks });
    try {
      return chain.forward(X);
    } finally {
      chain.dispose();
    }
  }
  return runPass(architecture, theta, X, options).output.value;
}
