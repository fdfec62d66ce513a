import type { Architecture } from '@sntk/architecture';
import type { FloatArray, Tensor } from '@sntk/linalg';
import { vjp } from './backward.ts';
import { checkMatrix } from './checks.ts';
import { jvp } from './jvp.ts';
import { pointsOf } from './ntk-methods.ts';
import type { DropoutOption } from './pass.ts';
import { planOf } from './plan.ts';

export interface NtkProductOptions extends DropoutOption {
  readonly X: Tensor;
  /** Other points; `X` itself unless told. */
  readonly Z?: Tensor;
  /** What the kernel multiplies, at the points `Z`: `[M, O]`. */
  readonly vector: Tensor;
}

/**
 * The product of the tangent kernel, MATH (7), with a vector, `Σ_m Σ_p Θ̂_op(x_n, z_m) vector[m, p]`, `[N, O]`, as
 * `J(X) (J(Z)ᵀ vector)`: one pass back and one forward, with all outputs coupled and no kernel formed.
 *
 * @throws ArgumentError when points or `vector` do not fit the architecture.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 * import { ntkVectorProduct } from '@sntk/mlp';
 *
 * // For f(x) = w x + β the kernel is x x' + 1.
 * const scales = { weightScale: 1, biasScale: 1 };
 * const line = fullyConnected({ inputs: 1, hidden: [], parameterization: scales });
 * const backend = ndarrayBackend();
 * const X = tensor([[1], [2]], { backend });
 * const vector = tensor([[1], [1]], { backend });
 * console.log(toArray(ntkVectorProduct(line, new Float64Array([5, 7]), { X, vector }))); // [5, 8]
 * ```
 */
export function ntkVectorProduct(
  architecture: Architecture,
  theta: FloatArray,
  options: NtkProductOptions,
): Tensor {
  const { left, right } = pointsOf(options);
  const outputs = [right.X.shape[0], planOf(architecture).outputs];
  checkMatrix('ntkVectorProduct', 'options.vector', options.vector, outputs);
  const tangent = vjp(architecture, theta, { ...right, cotangent: options.vector });
  return jvp(architecture, theta, { ...left, tangent });
}
