import type { Architecture } from '@sntk/architecture';
import { ArgumentError, checkLength } from '@sntk/errors';
import type { FloatArray } from '@sntk/linalg';
import { type ParameterBlock, planOf } from './plan.ts';

/**
 * Where the parameters of each dense layer and convolution are in the flat vector `θ`: for each layer in turn `W` row-major
 * `[outputs, inputs]`, then `β` `[outputs]`. Layers come depth first, branches in their order.
 *
 * @throws ArgumentError for networks without dense layers or convolutions, windows that do not fit, and sums and products of branches of several widths.
 */
export function parameterLayout(architecture: Architecture): {
  readonly blocks: readonly ParameterBlock[];
  readonly size: number;
} {
  const { blocks, size } = planOf(architecture);
  return { blocks, size };
}

/** Some parameters by name. */
export interface ParameterView {
  /** The layer's place and what it is, for example `layers[2].W`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Shares memory with `theta`. */
  readonly values: FloatArray;
}

/**
 * The flat parameters layer by layer: `W` `[outputs, inputs]`, or `[outputs, …window, channels]`, and `b` `[outputs]` of each dense layer and convolution as views of `theta`. Layers
 * without a bias have no view of one.
 *
 * @throws ArgumentError when `theta` does not fit the architecture.
 * @example
 * ```ts
 * import { dense, network, residual } from '@sntk/architecture';
 * import { parameterViews } from '@sntk/mlp';
 *
 * const views = parameterViews(network(2, residual(dense(2)), dense(1)), new Float64Array(9));
 * console.log(views.map(({ name }) => name).join(' ')); // layers[0].branches[1].layers[0].W layers[0].branches[1].layers[0].b layers[1].W layers[1].b
 * ```
 */
export function parameterViews(architecture: Architecture, theta: FloatArray): readonly ParameterView[] {
  checkParameters('parameterViews', architecture, theta);
  return planOf(architecture).blocks.flatMap(({ name, shape, outputs, weights, bias, biasScale }) => {
    const W = { name: `${name}.W`, shape, values: theta.subarray(weights, bias) };
    const b = { name: `${name}.b`, shape: [outputs], values: theta.subarray(bias, bias + outputs) };
    return biasScale === 0 ? [W] : [W, b];
  });
}

/** Throws unless `theta` is a typed array of one entry per parameter of the architecture. */
export function checkParameters(
  where: string,
  architecture: Architecture,
  theta: FloatArray,
  argument = 'theta',
): void {
  if (!(theta instanceof Float64Array || theta instanceof Float32Array)) {
    throw new ArgumentError({ where, argument, wanted: 'a Float64Array or a Float32Array', got: theta });
  }
  checkLength(where, argument, theta, planOf(architecture).size, 'one per parameter of the architecture');
}
