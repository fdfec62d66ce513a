import { ArgumentError } from '@sntk/errors';
import type { Architecture, DenseLayer, ResolvedLayer } from './architecture.ts';

/**
 * Works out sizes and scales of an architecture's dense layers, MATH (1) and (2), and attaches each activation to
 * the dense layer before it.
 *
 * @throws ArgumentError when an activation does not follow a dense layer: its input would not be Gaussian.
 */
export function resolveLayers(architecture: Architecture): readonly ResolvedLayer[] {
  const resolved: ResolvedLayer[] = [];
  let inputs = architecture.inputs;
  architecture.layers.forEach((layer, i) => {
    if (layer.kind === 'dense') {
      resolved.push(resolveDense(layer, inputs));
      inputs = layer.outputs;
      return;
    }
    const last = resolved.at(-1);
    if (!last || last.activation) {
      throw new ArgumentError({
        where: 'resolveLayers',
        argument: `architecture.layers[${i}]`,
        wanted: 'a dense layer before every activation',
        got: `activation ${layer.activation.name} after ${last ? 'another activation' : 'the input'}`,
        fix: 'put a dense layer in between',
      });
    }
    resolved[resolved.length - 1] = { ...last, activation: layer.activation };
  });
  if (resolved.length === 0) {
    throw new ArgumentError({
      where: 'resolveLayers',
      argument: 'architecture.layers',
      wanted: 'at least one dense layer',
      got: 'none',
    });
  }
  return resolved;
}

function resolveDense(layer: DenseLayer, inputs: number): ResolvedLayer {
  const { outputs, weightVariance, biasVariance, parameterization } = layer;
  const deviation = Math.sqrt(weightVariance / inputs);
  const biasDeviation = Math.sqrt(biasVariance);
  const hasBias = biasVariance > 0;
  const scales =
    parameterization === 'ntk'
      ? { weightScale: deviation, biasScale: biasDeviation }
      : parameterization === 'standard'
        ? { weightScale: 1, biasScale: hasBias ? 1 : 0 }
        : { weightScale: parameterization.weightScale, biasScale: hasBias ? parameterization.biasScale : 0 };
  return {
    inputs,
    outputs,
    ...scales,
    weightDeviation: deviation / scales.weightScale,
    biasDeviation: scales.biasScale === 0 ? 1 : biasDeviation / scales.biasScale,
    weightVariance,
    biasVariance,
  };
}

/** Number of parameters, biases included. */
export function parameterCount(architecture: Architecture): number {
  return resolveLayers(architecture).reduce((sum, layer) => sum + (layer.inputs + 1) * layer.outputs, 0);
}
