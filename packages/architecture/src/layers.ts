import { ArgumentError, checkChoice, checkInteger, checkNonNegative, checkPositive } from '@sntk/errors';
import type { Activation } from './activation.ts';
import type {
  ActivationLayer,
  Architecture,
  BranchesLayer,
  DenseLayer,
  DropoutLayer,
  IdentityLayer,
  Layer,
  LayerNormLayer,
  Merge,
  Parameterization,
  SerialLayer,
} from './architecture.ts';
import { checkParameterization } from './fully-connected.ts';

export interface DenseOptions {
  /** σ_w²; 2 unless told. */
  readonly weightVariance?: number;
  /** σ_b²; 1 unless told, 0 for no bias. */
  readonly biasVariance?: number;
  /** `ntk` unless told. */
  readonly parameterization?: Parameterization;
}

/**
 * A dense layer of a width, MATH (1).
 *
 * @throws ArgumentError for a width that is not a positive integer and variances that are negative or not finite.
 */
export function dense(outputs: number, options: DenseOptions = {}): DenseLayer {
  const { weightVariance = 2, biasVariance = 1, parameterization = 'ntk' } = options;
  return {
    kind: 'dense',
    outputs: checkInteger('dense', 'outputs', outputs, 1),
    weightVariance: checkPositive('dense', 'options.weightVariance', weightVariance),
    biasVariance: checkNonNegative('dense', 'options.biasVariance', biasVariance),
    parameterization: checkParameterization('dense', parameterization),
  };
}

/** φ applied to every unit. */
export function activate(activation: Activation): ActivationLayer {
  return { kind: 'activation', activation };
}

/** Passes its input on. */
export const identity: IdentityLayer = { kind: 'identity' };

/**
 * Divides each example by the root of its second moment over units plus `epsilon` (1e-12 unless told).
 *
 * Source: Ba, Kiros and Hinton, "Layer Normalization"; in the infinite width the mean it subtracts is 0.
 *
 * @throws ArgumentError unless `epsilon` is above 0.
 */
export function layerNorm(epsilon = 1e-12): LayerNormLayer {
  return { kind: 'layerNorm', epsilon: checkPositive('layerNorm', 'epsilon', epsilon) };
}

/**
 * Dropout that keeps each unit with probability `keep` and divides it by `keep`.
 *
 * @throws ArgumentError unless 0 < `keep` ≤ 1.
 */
export function dropout(keep: number): DropoutLayer {
  return { kind: 'dropout', keep: checkKeep('dropout', 'keep', keep) };
}

/** Throws unless 0 < `keep` ≤ 1. Returns it. */
export function checkKeep(where: string, argument: string, keep: number): number {
  checkPositive(where, argument, keep);
  if (keep > 1) throw new ArgumentError({ where, argument, wanted: 'at most 1', got: keep });
  return keep;
}

/** Layers one after the other. */
export function serial(...layers: readonly Layer[]): SerialLayer {
  return { kind: 'serial', layers };
}

/**
 * A layer several times over, each with parameters of its own.
 *
 * @throws ArgumentError unless `times` is an integer of at least 0.
 */
export function repeat(layer: Layer, times: number): SerialLayer {
  return serial(...Array.from({ length: checkInteger('repeat', 'times', times) }, () => layer));
}

/**
 * The same input through several branches, whose outputs are added, multiplied unit by unit, or concatenated.
 *
 * @throws ArgumentError for a merge of another name and for no branches.
 */
export function branches(merge: Merge, ...layers: readonly Layer[]): BranchesLayer {
  checkBranches('branches', { merge, branches: layers }, { merge: 'merge', branches: 'layers' });
  return { kind: 'branches', merge, branches: layers };
}

/** Throws for a merge of another name and for no branches. `path` is where the two stand. */
export function checkBranches(
  where: string,
  { merge, branches }: Omit<BranchesLayer, 'kind'>,
  path: { readonly merge: string; readonly branches: string },
): void {
  checkChoice(where, path.merge, merge, ['sum', 'product', 'concatenate'] as const);
  if (branches.length > 0) return;
  throw new ArgumentError({ where, argument: path.branches, wanted: 'one or more', got: 'none' });
}

/**
 * Adds to its input what some layers make of it.
 *
 * Source: He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition".
 */
export function residual(...layers: readonly Layer[]): BranchesLayer {
  return branches('sum', identity, serial(...layers));
}

/**
 * An architecture of an input dimension, or of an image's sizes with the channels last, and layers.
 *
 * @throws ArgumentError unless `inputs` is a positive integer or a list of such.
 * @example
 * ```ts
 * import { activate, dense, network, relu, repeat, residual } from '@sntk/architecture';
 *
 * const block = residual(activate(relu), dense(64));
 * console.log(network(3, dense(64), repeat(block, 5), activate(relu), dense(1)).layers.length); // 4
 * ```
 */
export function network(inputs: number | readonly number[], ...layers: readonly Layer[]): Architecture {
  if (typeof inputs === 'number') return { inputs: checkInteger('network', 'inputs', inputs, 1), layers };
  if (!Array.isArray(inputs) || inputs.length < 2) {
    throw new ArgumentError({
      where: 'network',
      argument: 'inputs',
      wanted: 'a number, or sizes of one or more spatial axes and the number of channels',
      got: inputs,
    });
  }
  const product = inputs.reduce<number>(
    (all, size, i) => all * checkInteger('network', `inputs[${i}]`, size, 1),
    1,
  );
  return { inputs: product, inputShape: [...inputs], layers };
}
