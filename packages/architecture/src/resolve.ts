import { ArgumentError, checkInteger } from '@sntk/errors';
import type { ActivationLayer, Architecture, DenseLayer, Layer, ResolvedLayer } from './architecture.ts';
import { checkLayer } from './check-layer.ts';

/**
 * Works out sizes and scales of the dense layers of a plain chain, MATH (1) and (2), and attaches each activation to
 * the dense layer before it. Serial layers are unrolled and identities left out.
 *
 * @throws ArgumentError for numbers that mean nothing, when an activation does not follow a dense layer (its input would not be Gaussian), for
 * convolutions, pooling, branches, normalization and dropout, which are not part of a chain, and for images as inputs.
 */
export function resolveLayers(architecture: Architecture): readonly ResolvedLayer[] {
  const resolved: ResolvedLayer[] = [];
  let inputs = checkInteger('resolveLayers', 'architecture.inputs', architecture.inputs, 1);
  for (const [argument, layer] of chain(architecture.layers, 'architecture.layers')) {
    if (layer.kind === 'dense') {
      resolved.push(resolveDense(layer, inputs));
      inputs = layer.outputs;
      continue;
    }
    const last = resolved.at(-1);
    if (!last || last.activation) {
      throw new ArgumentError({
        where: 'resolveLayers',
        argument,
        wanted: 'a dense layer before every activation',
        got: `activation ${layer.activation.name} after ${last ? 'another activation' : 'the input'}`,
        fix: 'put a dense layer in between',
      });
    }
    resolved[resolved.length - 1] = { ...last, activation: layer.activation };
  }
  if (architecture.inputShape) {
    throw new ArgumentError({
      where: 'resolveLayers',
      argument: 'architecture.inputShape',
      wanted: 'absent: a chain takes flat inputs, and a dense layer would act on every site alone',
      got: architecture.inputShape,
      fix: `make the network of ${architecture.inputs} inputs`,
    });
  }
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

function chain(layers: readonly Layer[], path: string): [string, DenseLayer | ActivationLayer][] {
  return layers.flatMap((layer, i): [string, DenseLayer | ActivationLayer][] => {
    const at = `${path}[${i}]`;
    if (layer.kind === 'dense' || layer.kind === 'activation') {
      checkLayer('resolveLayers', at, layer);
      return [[at, layer]];
    }
    if (layer.kind === 'serial') return chain(layer.layers, `${at}.layers`);
    if (layer.kind === 'identity') return [];
    throw new ArgumentError({
      where: 'resolveLayers',
      argument: at,
      wanted: 'a dense layer, an activation, or a serial layer of these',
      got: layer.kind,
      fix: 'parameterLayout of @sntk/mlp reads networks with the rest',
    });
  });
}

/** A dense layer with the scales of its parameterization, MATH (1) and (2), for `inputs` inputs. */
export function resolveDense(layer: Omit<DenseLayer, 'kind'>, inputs: number): ResolvedLayer {
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
    // A forward multiplier of 0 leaves no bias, whatever its variance would be.
    biasVariance: scales.biasScale === 0 ? 0 : biasVariance,
  };
}

/** Number of parameters, biases included. */
export function parameterCount(architecture: Architecture): number {
  return resolveLayers(architecture).reduce((sum, layer) => sum + (layer.inputs + 1) * layer.outputs, 0);
}
