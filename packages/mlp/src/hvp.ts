import type { Architecture } from '@sntk/architecture';
import { type FloatArray, matmul, type Tensor } from '@sntk/linalg';
import { writeBlock } from './backward.ts';
import { checkDirection, checkOutputs } from './checks.ts';
import { sumOf, zerosLike } from './jet.ts';
import { backwardSignals, type DropoutOption, runPass } from './pass.ts';

/**
 * The Hessian–vector product `Σ_n Σ_o cotangent[n, o] ∇²f_o(x_n) · tangent`, forward over reverse: about twice a
 * gradient's work, and never a Hessian. Same dtype as `X`, in the order of `parameterLayout`.
 *
 * With `cotangent = ∂loss/∂f` it is the part of a loss's Hessian that the network's curvature gives; the rest, `Jᵀ ℓ'' J`,
 * is a `vjp` of `ℓ'' · jvp`. Kinks count as straight: ReLU has no curvature of its own, only that of products of layers.
 *
 * Source: Pearlmutter, "Fast Exact Multiplication by the Hessian".
 *
 * @throws ArgumentError when `X`, `theta`, `cotangent` or `tangent` does not fit the architecture or is not finite.
 * @example
 * ```ts
 * import { fullyConnected, linear } from '@sntk/architecture';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { hvp } from '@sntk/mlp';
 *
 * // f(x) = w₂ w₁ x without biases: ∂²f/∂w₁∂w₂ = x. Parameters are w₁, β₁, w₂, β₂.
 * const scales = { weightScale: 1, biasScale: 0 };
 * const network = fullyConnected({ inputs: 1, hidden: [1], activation: linear, parameterization: scales });
 * const backend = ndarrayBackend();
 * const X = tensor([[3]], { backend });
 * const cotangent = tensor([[1]], { backend });
 * const theta = new Float64Array([1, 0, 1, 0]);
 * console.log(hvp(network, theta, { X, cotangent, tangent: new Float64Array([1, 0, 0, 0]) })); // [0, 0, 3, 0]
 * ```
 */
export function hvp(
  architecture: Architecture,
  theta: FloatArray,
  options: DropoutOption & { readonly X: Tensor; readonly cotangent: Tensor; readonly tangent: FloatArray },
): FloatArray {
  const { X, cotangent, tangent, dropout } = options;
  checkDirection('hvp', 'options.tangent', tangent, theta.length);
  const pass = runPass(architecture, theta, X, { where: 'hvp', direction: tangent, dropout });
  checkOutputs('hvp', 'options.cotangent', cotangent, pass);
  const signals = backwardSignals(pass, cotangent);
  const out = zerosLike(X, theta.length);
  pass.plan.blocks.forEach((block, l) => {
    const [signal, input] = [signals[l], pass.inputs[l]];
    const bySignal = signal.first && matmul(signal.first, input.value, { transposeA: true });
    const byInput = input.first && matmul(signal.value, input.first, { transposeA: true });
    const dW = sumOf([bySignal, byInput]);
    // Outputs are linear in a layer that neither moves.
    if (dW) writeBlock(out, block, dW, signal.first);
  });
  return out;
}
