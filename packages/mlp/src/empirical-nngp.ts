import type { Architecture } from '@sntk/architecture';
import { ArgumentError } from '@sntk/errors';
import { type FloatArray, matmul, type Tensor, toArray } from '@sntk/linalg';
import { mirrorLower } from '@sntk/linalg/extending';
import { tensorLike } from './jet.ts';
import { runPass } from './pass.ts';
import { planOf } from './plan.ts';

/**
 * The covariance of an output over draws of the last layer alone, given the hidden ones,
 * `σ_w²/n · a(x)·a(z) + σ_b²`, `[N, M]`: the NNGP kernel, MATH (4), of a finite network.
 *
 * Only the hidden layers of `theta` enter. `X` against itself is symmetric to the last bit.
 *
 * Source: Lee and others, "Deep Neural Networks as Gaussian Processes".
 *
 * @throws ArgumentError when points do not fit the architecture, or it does not end in a dense layer.
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
  const plan = planOf(architecture);
  const last = plan.steps.at(-1)!;
  if (last.kind !== 'dense') {
    throw new ArgumentError({
      where: 'empiricalNngp',
      argument: 'architecture.layers',
      wanted: 'a dense layer at the end',
      got: last.kind,
      fix: 'append a dense layer',
    });
  }
  const { weightVariance, biasVariance, inputs } = plan.blocks[last.block];
  const lastInputs = (argument: string, points: Tensor): Tensor =>
    runPass(plan, theta, points, { where: 'empiricalNngp', argument }).inputs[last.block].value;
  const a = lastInputs('options.X', X);
  const b = Z ? lastInputs('options.Z', Z) : a;
  const N = X.shape[0];
  const kernel = toArray(matmul(a, b, { transposeB: true })).slice();
  for (let i = 0; i < kernel.length; i++) kernel[i] = (weightVariance / inputs) * kernel[i] + biasVariance;
  if (!Z) mirrorLower(N, kernel);
  return tensorLike(X, kernel, [N, b.shape[0]]);
}
