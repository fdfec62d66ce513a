import type { Architecture } from '@sntk/architecture';
import { type FloatArray, matmul, type Tensor, tensor, toArray } from '@sntk/linalg';
import { forwardPass } from './forward.ts';

/**
 * The covariance of an output over draws of the last layer alone, given the hidden ones,
 * `σ_w²/n · a(x)·a(z) + σ_b²`, `[N, M]`: the NNGP kernel, MATH (4), of a finite network.
 *
 * Only the hidden layers of `theta` enter. `X` against itself is symmetric to the last bit.
 *
 * Source: Lee and others, "Deep Neural Networks as Gaussian Processes".
 *
 * @throws ArgumentError when points do not fit the architecture.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 * import { empiricalNngp, initialize } from '@sntk/mlp';
 * import { createRng } from '@sntk/random';
 *
 * // Without hidden layers it is the kernel itself: 2/1 · x x' + 1.
 * const network = fullyConnected({ inputs: 1, hidden: [] });
 * const theta = initialize(network, { rng: createRng(1) });
 * const X = tensor([[1], [2]], { backend: ndarrayBackend() });
 * console.log([...toArray(empiricalNngp(network, theta, { X }))].map((k) => k.toFixed(6))); // ['3.000000', '5.000000', '5.000000', '9.000000']
 * ```
 */
export function empiricalNngp(
  architecture: Architecture,
  theta: FloatArray,
  options: { readonly X: Tensor; readonly Z?: Tensor },
): Tensor {
  const { X, Z } = options;
  const pass = forwardPass(architecture, theta, X);
  const { weightVariance, biasVariance, inputs } = pass.blocks.at(-1)!;
  const a = pass.inputs.at(-1)!;
  const b = Z ? forwardPass(architecture, theta, Z).inputs.at(-1)! : a;
  const N = X.shape[0];
  const M = b.shape[0];
  const kernel = toArray(matmul(a, b, { transposeB: true })).slice();
  for (let i = 0; i < kernel.length; i++) kernel[i] = (weightVariance / inputs) * kernel[i] + biasVariance;
  if (!Z) for (let i = 0; i < N; i++) for (let j = 0; j < i; j++) kernel[j * N + i] = kernel[i * N + j];
  return tensor(kernel, { backend: X.backend, dtype: X.dtype, shape: [N, M] });
}
