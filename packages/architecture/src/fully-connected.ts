import { ArgumentError, checkChoice, checkInteger, checkNonNegative, checkPositive } from '@sntk/errors';
import type { Activation } from './activation.ts';
import type { Architecture, Layer, Parameterization } from './architecture.ts';
import { relu } from './relu.ts';

export interface FullyConnectedOptions {
  /** Input dimension `d`. */
  readonly inputs: number;
  /** Widths of the hidden layers, first to last. Empty for a linear model. */
  readonly hidden: readonly number[];
  /** Output dimension `O`; 1 unless told. */
  readonly outputs?: number;
  /** ReLU unless told. */
  readonly activation?: Activation;
  /** σ_w²; 2 unless told. */
  readonly weightVariance?: number;
  /** σ_b²; 1 unless told. */
  readonly biasVariance?: number;
  /** `ntk` unless told. */
  readonly parameterization?: Parameterization;
}

/**
 * A fully connected network, MATH (1): `hidden.length` hidden layers, each followed by the activation, and a dense
 * output layer. The defaults are the setting of "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD".
 *
 * @throws ArgumentError for sizes that are not positive integers and variances that are negative or not finite.
 * @example
 * ```ts
 * import { fullyConnected, parameterCount } from '@sntk/architecture';
 *
 * const network = fullyConnected({ inputs: 2, hidden: [1024, 1024, 1024] });
 * console.log(parameterCount(network)); // 2103297
 * ```
 */
export function fullyConnected(options: FullyConnectedOptions): Architecture {
  const where = 'fullyConnected';
  const { hidden, outputs = 1, activation = relu, weightVariance = 2, biasVariance = 1 } = options;
  const inputs = checkInteger(where, 'options.inputs', options.inputs, 1);
  const parameterization = checkParameterization(where, options.parameterization ?? 'ntk');
  checkPositive(where, 'options.weightVariance', weightVariance);
  checkNonNegative(where, 'options.biasVariance', biasVariance);
  const dense = (width: number): Layer => ({
    kind: 'dense',
    outputs: width,
    weightVariance,
    biasVariance,
    parameterization,
  });
  const layers: Layer[] = [];
  hidden.forEach((width, i) => {
    layers.push(dense(checkInteger(where, `options.hidden[${i}]`, width, 1)), {
      kind: 'activation',
      activation,
    });
  });
  layers.push(dense(checkInteger(where, 'options.outputs', outputs, 1)));
  return { inputs, layers };
}

/** Throws unless `value` is a parameterization. Returns it. */
export function checkParameterization(
  where: string,
  value: Parameterization,
  argument = 'options.parameterization',
): Parameterization {
  if (typeof value !== 'object' || value === null) {
    return checkChoice(where, argument, value, ['ntk', 'standard'] as const);
  }
  checkPositive(where, `${argument}.weightScale`, value.weightScale);
  if (!Number.isFinite(value.biasScale)) {
    throw new ArgumentError({
      where,
      argument: `${argument}.biasScale`,
      wanted: 'a finite number',
      got: value.biasScale,
    });
  }
  return value;
}
