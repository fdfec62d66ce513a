import type { Architecture } from '@sntk/architecture';
import { checkChoice } from '@sntk/errors';
import type { DType, FloatArray } from '@sntk/linalg';
import type { Rng } from '@sntk/random';
import { parameterLayout } from './layout.ts';

/**
 * Draws initial parameters, MATH (1) and (2), as one flat vector; see `parameterLayout` for the order.
 *
 * Each layer has a random stream of its own, so a layer's weights do not change when another layer's width does.
 *
 * @throws ArgumentError for a number format that is none.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { initialize } from '@sntk/mlp';
 * import { createRng } from '@sntk/random';
 *
 * const network = fullyConnected({ inputs: 2, hidden: [64] });
 * console.log(initialize(network, { rng: createRng(1) }).length); // 257
 * ```
 */
export function initialize(
  architecture: Architecture,
  options: { readonly rng: Rng; readonly dtype?: DType },
): FloatArray {
  const { rng, dtype = 'float64' } = options;
  checkChoice('initialize', 'options.dtype', dtype, ['float64', 'float32']);
  const { blocks, size } = parameterLayout(architecture);
  const theta = new Float64Array(size);
  blocks.forEach((block, i) => {
    const layer = rng.split('layer').split(i);
    const weights = theta.subarray(block.weights, block.bias);
    const bias = theta.subarray(block.bias, block.bias + block.outputs);
    layer.split('weights').fillNormal(weights);
    layer.split('bias').fillNormal(bias);
    for (let p = 0; p < weights.length; p++) weights[p] *= block.weightDeviation;
    for (let p = 0; p < bias.length; p++) bias[p] *= block.biasDeviation;
  });
  return dtype === 'float32' ? Float32Array.from(theta) : theta;
}
