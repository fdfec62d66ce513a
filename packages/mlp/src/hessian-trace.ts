import type { Architecture } from '@sntk/architecture';
import { checkPositive } from '@sntk/errors';
import { type FloatArray, type Tensor, toArray } from '@sntk/linalg';
import { checkOutputs } from './checks.ts';
import { writeGradient } from './jacobian.ts';
import { tensorLike, zerosLike } from './jet.ts';
import { backwardSignals, runPass } from './pass.ts';

export interface HessianTraceOptions {
  /** Inputs of the minibatch, `[b, d]`. */
  readonly X: Tensor;
  /** `∂ℓ_i/∂f` at the minibatch, `[b, O]`: the residuals, for squared loss. */
  readonly residuals: Tensor;
  /** η. */
  readonly learningRate: number;
  /** Where the outputs are wanted, `[M, d]`; `X` unless told. */
  readonly at?: Tensor;
}

/**
 * The Itô correction that SGD noise gives to outputs, `Tr[∇²f_o(x) · ηΣ] = (η/b) Σ_i g_iᵀ ∇²f_o(x) g_i` with the gradients
 * `g_i = ∂ℓ_i/∂θ` of a minibatch, `[M, O]`: one pass of second-order forward derivatives an example.
 *
 * Σ is the sum `(1/b) Σ g_i g_iᵀ`; Itô's formula takes half of the trace.
 *
 * Source: "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD", Lemma 5.
 *
 * @throws ArgumentError when an argument does not fit the architecture or is not finite, or `learningRate` is not above 0.
 * @example
 * ```ts
 * import { fullyConnected, linear } from '@sntk/architecture';
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 * import { outputHessianTrace } from '@sntk/mlp';
 *
 * // f(x) = w₂ w₁ x at w₁ = w₂ = 1: ∇f(1) = (1, 1) and gᵀ H(1) g = 2.
 * const scales = { weightScale: 1, biasScale: 0 };
 * const network = fullyConnected({ inputs: 1, hidden: [1], activation: linear, parameterization: scales });
 * const backend = ndarrayBackend();
 * const X = tensor([[1]], { backend });
 * const residuals = tensor([[3]], { backend });
 * const theta = new Float64Array([1, 0, 1, 0]);
 * console.log(toArray(outputHessianTrace(network, theta, { X, residuals, learningRate: 0.5 }))); // [9]
 * ```
 */
export function outputHessianTrace(
  architecture: Architecture,
  theta: FloatArray,
  options: HessianTraceOptions,
): Tensor {
  const { X, residuals, learningRate, at = X } = options;
  const where = 'outputHessianTrace';
  checkPositive(where, 'options.learningRate', learningRate);
  const batch = runPass(architecture, theta, X, { where });
  checkOutputs(where, 'options.residuals', residuals, batch);
  const signals = backwardSignals(batch, residuals);
  const shape = [at.shape[0], batch.plan.outputs];
  const trace = new Float64Array(shape[0] * shape[1]);
  const b = X.shape[0];
  const gradient = zerosLike(X, theta.length);
  for (let i = 0; i < b; i++) {
    writeGradient(batch, signals, i, gradient);
    const bent = { where, argument: 'options.at', direction: gradient, order: 2 } as const;
    const { second } = runPass(batch.plan, theta, at, bent).output;
    if (!second) continue;
    const curvature = toArray(second);
    for (let p = 0; p < trace.length; p++) trace[p] += (learningRate / b) * curvature[p];
  }
  return tensorLike(at, trace, shape);
}
