import type { Architecture } from '@sntk/architecture';
import { type FloatArray, matmul, type Tensor, toArray } from '@sntk/linalg';
import { backwardSignals } from './backward.ts';
import { forwardPass } from './forward.ts';
import { checkDirection, checkOutputs, tangentPass, tangentSignals } from './tangent.ts';

/**
 * The Hessian–vector product `Σ_n Σ_o cotangent[n, o] ∇²f_o(x_n) · tangent`, forward over reverse: about twice a
 * gradient's work, and never a Hessian. Same dtype as `X`, in the order of `parameterLayout`.
 *
 * With `cotangent = ∂loss/∂f` it is the part of a loss's Hessian that the network's curvature gives; the rest, `Jᵀ ℓ'' J`,
 * is a `vjp` of `ℓ'' · jvp`. Kinks count as straight: ReLU has no curvature of its own, only that of products of layers.
 *
 * Source: Pearlmutter, "Fast Exact Multiplication by the Hessian".
 *
 * @throws ArgumentError when `X`, `theta`, `cotangent` or `tangent` does not fit the architecture.
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
  options: { readonly X: Tensor; readonly cotangent: Tensor; readonly tangent: FloatArray },
): FloatArray {
  const { X, cotangent, tangent } = options;
  const pass = forwardPass(architecture, theta, X);
  checkOutputs('hvp', 'options.cotangent', cotangent, pass);
  checkDirection('hvp', 'options.tangent', tangent, theta.length);
  const signals = backwardSignals(pass, cotangent);
  const moved = tangentPass(pass, tangent);
  const movedSignals = tangentSignals(pass, moved, signals);
  const out = X.dtype === 'float32' ? new Float32Array(theta.length) : new Float64Array(theta.length);
  pass.blocks.forEach((block, l) => {
    const dW = toArray(matmul(movedSignals[l], pass.inputs[l], { transposeA: true }));
    const input = moved.inputs[l];
    const byInput = input ? toArray(matmul(signals[l], input, { transposeA: true })) : undefined;
    for (let p = 0; p < dW.length; p++) {
      out[block.weights + p] = block.weightScale * (byInput ? dW[p] + byInput[p] : dW[p]);
    }
    const signal = toArray(movedSignals[l]);
    for (let i = 0; i < signal.length; i++) {
      out[block.bias + (i % block.outputs)] += block.biasScale * signal[i];
    }
  });
  return out;
}
