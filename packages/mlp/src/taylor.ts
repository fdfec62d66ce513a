import type { Architecture } from '@sntk/architecture';
import { type FloatArray, matmul, type Tensor, tensor, toArray } from '@sntk/linalg';
import { type ForwardPass, forwardPass } from './forward.ts';
import { checkParameters } from './layout.ts';
import { type TangentPass, tangentPass } from './tangent.ts';

/** Outputs `[N, O]` at parameters and points: a network's, or those of its expansion. */
export type OutputFunction = (theta: FloatArray, X: Tensor) => Tensor;

/**
 * The network linear in its parameters, `f_lin(θ) = f(θ₀) + J(θ₀)(θ − θ₀)`: what the tangent kernel at `theta0` describes
 * exactly. `theta0` is copied.
 *
 * Source: Lee and others, "Wide Neural Networks of Any Depth Evolve as Linear Models Under Gradient Descent".
 *
 * @throws ArgumentError when parameters or points do not fit the architecture.
 * @example
 * ```ts
 * import { fullyConnected, linear } from '@sntk/architecture';
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 * import { linearize } from '@sntk/mlp';
 *
 * // f(x) = w₂ w₁ x, at w₁ = w₂ = 1: f_lin = (1 + Δ₁ + Δ₂) x.
 * const scales = { weightScale: 1, biasScale: 0 };
 * const network = fullyConnected({ inputs: 1, hidden: [1], activation: linear, parameterization: scales });
 * const linearized = linearize(network, new Float64Array([1, 0, 1, 0]));
 * const X = tensor([[3]], { backend: ndarrayBackend() });
 * console.log(toArray(linearized(new Float64Array([2, 0, 2, 0]), X))); // [9]
 * ```
 */
export function linearize(architecture: Architecture, theta0: FloatArray): OutputFunction {
  return expand('linearize', architecture, theta0, 1);
}

/**
 * The network expanded to second order, `f(θ₀) + J Δ + ½ Δᵀ H Δ` with `Δ = θ − θ₀`, all outputs in one pass of second-order
 * forward derivatives. `theta0` is copied. Kinks count as straight.
 *
 * Source: Huang and Yau, "Dynamics of Deep Neural Networks and Neural Tangent Hierarchy".
 *
 * @throws ArgumentError when parameters or points do not fit the architecture.
 * @example
 * ```ts
 * import { fullyConnected, linear } from '@sntk/architecture';
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 * import { expandToSecondOrder } from '@sntk/mlp';
 *
 * // f(x) = w₂ w₁ x has no third derivative: the expansion is the network.
 * const scales = { weightScale: 1, biasScale: 0 };
 * const network = fullyConnected({ inputs: 1, hidden: [1], activation: linear, parameterization: scales });
 * const expanded = expandToSecondOrder(network, new Float64Array([1, 0, 1, 0]));
 * const X = tensor([[3]], { backend: ndarrayBackend() });
 * console.log(toArray(expanded(new Float64Array([2, 0, 2, 0]), X))); // [12]
 * ```
 */
export function expandToSecondOrder(architecture: Architecture, theta0: FloatArray): OutputFunction {
  return expand('expandToSecondOrder', architecture, theta0, 2);
}

function expand(where: string, architecture: Architecture, theta0: FloatArray, order: 1 | 2): OutputFunction {
  checkParameters(where, architecture, theta0);
  const origin = theta0.slice();
  return (theta, X) => {
    checkParameters(where, architecture, theta);
    const pass = forwardPass(architecture, origin, X);
    const tangent = tangentPass(
      pass,
      Float64Array.from(theta, (t, p) => t - origin[p]),
    );
    const f = toArray(pass.preactivations.at(-1)!).slice();
    const Jd = toArray(tangent.preactivations.at(-1)!);
    const dHd = order === 2 ? toArray(secondDerivative(pass, tangent)) : undefined;
    for (let i = 0; i < f.length; i++) f[i] += dHd ? Jd[i] + dHd[i] / 2 : Jd[i];
    return tensor(f, { backend: X.backend, dtype: X.dtype, shape: pass.preactivations.at(-1)!.shape });
  };
}

/** `directionᵀ ∇²f_o(x_n) direction`, `[N, O]`, for the direction of a tangent pass. */
export function secondDerivative(pass: ForwardPass, tangent: TangentPass): Tensor {
  const { backend, dtype } = pass.inputs[0];
  let bent: Tensor | undefined;
  let h: Tensor | undefined;
  pass.blocks.forEach((block, l) => {
    const shape = pass.preactivations[l].shape;
    const out = new Float64Array(shape[0] * shape[1]);
    const input = tangent.inputs[l];
    if (input) {
      const twice = toArray(matmul(input, tangent.weights[l], { transposeB: true }));
      const carried = bent ? toArray(matmul(bent, pass.weights[l], { transposeB: true })) : undefined;
      for (let i = 0; i < out.length; i++) {
        out[i] = block.weightScale * (2 * twice[i] + (carried ? carried[i] : 0));
      }
    }
    h = tensor(out, { backend, dtype, shape });
    if (!block.activation) {
      bent = h;
      return;
    }
    const { derivative, secondDerivative: bend } = block.activation;
    const at = toArray(pass.preactivations[l]);
    const dh = toArray(tangent.preactivations[l]);
    const a = out.map((value, i) => derivative(at[i]) * value + bend(at[i]) * dh[i] ** 2);
    bent = tensor(a, { backend, dtype, shape });
  });
  return h!;
}
