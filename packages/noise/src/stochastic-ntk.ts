import { matmul, type Tensor } from '@sntk/linalg';
import type { FactoredNoise } from './covariance.ts';
import { type FunctionNoiseOptions, functionNoise } from './function-noise.ts';

export type StochasticNtkOptions = FunctionNoiseOptions & {
  /** Training inputs `[N, d]`. */
  readonly X: Tensor;
  /** `r` `[N, O]`; for other losses, `ℓ'`. */
  readonly residual: Float64Array;
};

/** The SNTK at one moment of training, as a function of points. */
export interface StochasticNtk {
  /** `K_S(A, B)` between any points, `[M·O, M'·O]`. */
  at(A: Tensor, B: Tensor): Tensor;
  /** `K_S(A, A)` as an operator: its Gram matrix is `toDense()`, and it samples and multiplies without it. */
  gram(A: Tensor): FactoredNoise;
}

/**
 * The stochastic neural tangent kernel as a function, from a kernel that is one: `K_S(x, x')` at any points, training
 * points or new ones, MATH (23) with `kind: 'leading'`, MATH (25) with `kind: 'printed'`.
 *
 * It depends on the residuals, so it holds for one moment of training. With `kind: 'exact'` and `'within'` it is the
 * covariance function of MATH (22) and (24).
 *
 * Source: "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD", Definition 2.
 *
 * @param kernel `K(A, B)` `[M, N]`, or `[M, N, O, O]`: analytic or empirical
 * @throws ArgumentError as `functionNoise`.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { analyticKernel } from '@sntk/kernels';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { stochasticNtk } from '@sntk/noise';
 *
 * const network = fullyConnected({ inputs: 1, hidden: [1] });
 * const backend = ndarrayBackend();
 * const X = tensor([[-1], [0], [1]], { backend });
 * const sntk = stochasticNtk((A, B) => analyticKernel(network, { X: A, Z: B }).ntk, {
 *   X,
 *   residual: new Float64Array([0.5, -1, 0.2]),
 *   kind: 'leading',
 *   batch: 2,
 * });
 * const fresh = tensor([[0.5], [2]], { backend });
 * console.log(sntk.at(fresh, X).shape, sntk.gram(fresh).trace() > 0); // [2, 3] true
 * ```
 */
export function stochasticNtk(
  kernel: (A: Tensor, B: Tensor) => Tensor,
  options: StochasticNtkOptions,
): StochasticNtk {
  const { X, residual, ...law } = options;
  const gram = (A: Tensor): FactoredNoise => functionNoise(kernel(A, X), residual, law);
  return {
    at: (A, B) => matmul(gram(A).factor, gram(B).factor, { transposeB: true }),
    gram,
  };
}
