import type { Architecture } from '@sntk/architecture';
import { ArgumentError, checkInteger } from '@sntk/errors';
import { type FloatArray, type Tensor, toArray } from '@sntk/linalg';
import { pickOutput, pullBack } from './backward.ts';
import { checkOutputs } from './checks.ts';
import { tensorLike } from './jet.ts';
import { addLayer } from './ntk-layer.ts';
import { backwardSignals, runPass } from './pass.ts';
import type { Plan } from './plan.ts';

export interface NtkDriftOptions {
  /** Training inputs `[m, d]`. */
  readonly X: Tensor;
  /** Targets `[m, O]`. */
  readonly Y: Tensor;
  /** The points of the kernel, `[N, d]`; `X` unless told. */
  readonly at?: Tensor;
  /** The output whose kernel is wanted; 0 unless told. */
  readonly output?: number;
}

/**
 * The time derivative of the empirical tangent kernel in gradient flow on `(1/2m) Σ |f − y|²`,
 * `∂_t Θ̂(α, β) = −(1/m) Σ_γ r_γ [g_βᵀ H_α g_γ + g_αᵀ H_β g_γ]`, `[N, N]`: 0 for a linearized network, and small as `n^{−1/2}`
 * or less for a wide one.
 *
 * It is the derivative of the layerwise form, MATH (8), along `θ̇ = −(1/m) Jᵀ r`, so neither a Hessian nor a Jacobian is
 * formed. Symmetric to the last bit.
 *
 * Source: Huang and Yau, "Dynamics of Deep Neural Networks and Neural Tangent Hierarchy".
 *
 * @throws ArgumentError when an argument does not fit the architecture or is not finite.
 * @example
 * ```ts
 * import { fullyConnected, linear } from '@sntk/architecture';
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 * import { ntkDrift } from '@sntk/mlp';
 *
 * // f(x) = w₂ w₁ x at w₁ = w₂ = 1, y = 0: Θ̂(1, 1) = w₁² + w₂² falls at the rate 4.
 * const scales = { weightScale: 1, biasScale: 0 };
 * const network = fullyConnected({ inputs: 1, hidden: [1], activation: linear, parameterization: scales });
 * const backend = ndarrayBackend();
 * const X = tensor([[1]], { backend });
 * const Y = tensor([[0]], { backend });
 * console.log(toArray(ntkDrift(network, new Float64Array([1, 0, 1, 0]), { X, Y }))); // [-4]
 * ```
 */
export function ntkDrift(architecture: Architecture, theta: FloatArray, options: NtkDriftOptions): Tensor {
  const { X, Y, at = X, output = 0 } = options;
  const training = runPass(architecture, theta, X, { where: 'ntkDrift' });
  checkOutputs('ntkDrift', 'options.Y', Y, training);
  const f = toArray(training.output.value);
  const y = toArray(Y);
  const residuals = f.map((value, i) => (y[i] - value) / X.shape[0]);
  const direction = pullBack(training, tensorLike(X, residuals, Y.shape));
  return ntkAlong(training.plan, theta, { X: at, output, direction });
}

/** The derivative of MATH (8) for one output when the parameters move along a direction, `[N, N]`. */
function ntkAlong(
  plan: Plan,
  theta: FloatArray,
  options: { readonly X: Tensor; readonly output: number; readonly direction: FloatArray },
): Tensor {
  const { X, output, direction } = options;
  const O = plan.outputs;
  checkOutput(output, O);
  const pass = runPass(plan, theta, X, { where: 'ntkDrift', argument: 'options.at', direction });
  const signals = backwardSignals(pass, pickOutput(X, O, output));
  const N = X.shape[0];
  // Half of the symmetric derivative: the other half is its transpose.
  const half = new Float64Array(N * N);
  pass.plan.blocks.forEach(({ weightScale, biasScale, sites }, l) => {
    const w = weightScale ** 2;
    const [signal, input] = [signals[l], pass.inputs[l]];
    if (signal.first) {
      const moved = { signals: [signal.first, signal.value] as const, kernel: half };
      addLayer([input.value, input.value], [moved], { w, b: biasScale ** 2, sites });
    }
    if (input.first) {
      const still = { signals: [signal.value, signal.value] as const, kernel: half };
      addLayer([input.first, input.value], [still], { w, b: 0, sites });
    }
  });
  const drift = half.map((value, i) => value + half[(i % N) * N + Math.floor(i / N)]);
  return tensorLike(X, drift, [N, N]);
}

function checkOutput(output: number, O: number): void {
  checkInteger('ntkDrift', 'options.output', output);
  if (output >= O) {
    throw new ArgumentError({
      where: 'ntkDrift',
      argument: 'options.output',
      wanted: `an output below ${O}`,
      got: output,
    });
  }
}
