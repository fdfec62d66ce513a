import type { Architecture } from '@sntk/architecture';
import { checkFinite } from '@sntk/errors';
import { type FloatArray, type Tensor, toArray } from '@sntk/linalg';
import { tensorLike } from './jet.ts';
import { checkParameters } from './layout.ts';
import { runPass } from './pass.ts';

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
  checkParameters(where, architecture, theta0, 'theta0');
  checkFinite(where, 'theta0', theta0);
  const origin = theta0.slice();
  return (theta, X) => {
    checkParameters(where, architecture, theta);
    checkFinite(where, 'theta', theta);
    const direction = Float64Array.from(theta, (t, p) => t - origin[p]);
    const options = { where, argument: 'X', direction, order };
    const { value, first, second } = runPass(architecture, origin, X, options).output;
    const f = toArray(value).slice();
    const [Jd, dHd] = [toArray(first!), second && toArray(second)];
    for (let i = 0; i < f.length; i++) f[i] += dHd ? Jd[i] + dHd[i] / 2 : Jd[i];
    return tensorLike(value, f);
  };
}
