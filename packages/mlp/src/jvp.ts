import type { Architecture } from '@sntk/architecture';
import type { FloatArray, Tensor } from '@sntk/linalg';
import { checkDirection } from './checks.ts';
import { type DropoutOption, runPass } from './pass.ts';

/**
 * The Jacobian–vector product `Σ_p ∂_p f_o(x_n) tangent[p]`, `[N, O]`: how the outputs move when the parameters do, by
 * one forward pass. Same backend and dtype as `X`.
 *
 * @throws ArgumentError when `X`, `theta` or `tangent` does not fit the architecture or is not finite.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 * import { jvp } from '@sntk/mlp';
 *
 * // f(x) = w x + β with unit scales.
 * const scales = { weightScale: 1, biasScale: 1 };
 * const line = fullyConnected({ inputs: 1, hidden: [], parameterization: scales });
 * const X = tensor([[2], [3]], { backend: ndarrayBackend() });
 * const theta = new Float64Array([5, 7]);
 * console.log(toArray(jvp(line, theta, { X, tangent: new Float64Array([10, 1]) }))); // [21, 31]
 * ```
 */
export function jvp(
  architecture: Architecture,
  theta: FloatArray,
  options: DropoutOption & { readonly X: Tensor; readonly tangent: FloatArray },
): Tensor {
  const { X, tangent, dropout } = options;
  checkDirection('jvp', 'options.tangent', tangent, theta.length);
  return runPass(architecture, theta, X, { where: 'jvp', direction: tangent, dropout }).output.first!;
}
