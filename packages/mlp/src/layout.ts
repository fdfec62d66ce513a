import { type Architecture, type ResolvedLayer, resolveLayers } from '@sntk/architecture';
import { ArgumentError, checkLength } from '@sntk/errors';
import type { FloatArray } from '@sntk/linalg';

/** A dense layer with the place of its parameters in the flat vector. */
export interface ParameterBlock extends ResolvedLayer {
  /** Start of `W`, row-major `[outputs, inputs]`. */
  readonly weights: number;
  /** Start of `β`, `[outputs]`. */
  readonly bias: number;
}

/**
 * Where each layer's parameters are in the flat vector `θ`: for each layer in turn `W` row-major
 * `[outputs, inputs]`, then `β` `[outputs]`.
 */
export function parameterLayout(architecture: Architecture): {
  readonly blocks: readonly ParameterBlock[];
  readonly size: number;
} {
  const layers = resolveLayers(architecture);
  const last = layers[layers.length - 1];
  if (last.activation) {
    throw new ArgumentError({
      where: 'parameterLayout',
      argument: 'architecture.layers',
      wanted: 'a dense layer at the end of a finite network',
      got: `activation ${last.activation.name}`,
      fix: 'append a dense layer',
    });
  }
  let size = 0;
  const blocks = layers.map((layer) => {
    const weights = size;
    const bias = weights + layer.inputs * layer.outputs;
    size = bias + layer.outputs;
    return { ...layer, weights, bias };
  });
  return { blocks, size };
}

/** Throws unless `theta` has one entry per parameter of the architecture. */
export function checkParameters(where: string, architecture: Architecture, theta: FloatArray): void {
  checkLength(
    where,
    'theta',
    theta,
    parameterLayout(architecture).size,
    'one per parameter of the architecture',
  );
}
