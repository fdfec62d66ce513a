import {
  ArgumentError,
  checkChoice,
  checkInteger,
  checkLength,
  checkNonNegative,
  checkPositive,
} from '@sntk/errors';
import type { Activation } from './activation.ts';
import type { Architecture, Layer, Parameterization } from './architecture.ts';
import { checkNumber } from './check-number.ts';
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
  /** σ_w², of all dense layers or of each, the last included; 2 unless told. */
  readonly weightVariance?: number | readonly number[];
  /** σ_b², of all dense layers or of each, the last included; 1 unless told. 0 for no bias. */
  readonly biasVariance?: number | readonly number[];
  /** `ntk` unless told. */
  readonly parameterization?: Parameterization;
}

/**
 * A fully connected network, MATH (1): `hidden.length` hidden layers, each followed by the activation, and a dense
 * output layer. The defaults are the setting of "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD".
 *
 * @throws ArgumentError for sizes that are not positive integers, variances that are negative or not finite, and lists of
 * variances that are not one for each dense layer.
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
  if (!Array.isArray(hidden)) {
    throw new ArgumentError({
      where,
      argument: 'options.hidden',
      wanted: 'a list of widths, one for each hidden layer',
      got: hidden,
    });
  }
  const count = hidden.length + 1;
  const weights = perLayer('options.weightVariance', weightVariance, { count, check: checkPositive });
  const biases = perLayer('options.biasVariance', biasVariance, { count, check: checkNonNegative });
  const dense = (width: number, i: number): Layer => ({
    kind: 'dense',
    outputs: width,
    weightVariance: weights[i],
    biasVariance: biases[i],
    parameterization,
  });
  const layers: Layer[] = [];
  hidden.forEach((width: number, i) => {
    layers.push(dense(checkInteger(where, `options.hidden[${i}]`, width, 1), i), {
      kind: 'activation',
      activation,
    });
  });
  layers.push(dense(checkInteger(where, 'options.outputs', outputs, 1), hidden.length));
  return { inputs, layers };
}

/** One number for each dense layer. */
function perLayer(
  argument: string,
  value: number | readonly number[],
  { count, check }: { readonly count: number; readonly check: typeof checkPositive },
): readonly number[] {
  const where = 'fullyConnected';
  if (!isList(value)) return new Array<number>(count).fill(check(where, argument, value));
  checkLength(where, argument, value, count, 'one for each dense layer, the last included');
  return value.map((each, i) => check(where, `${argument}[${i}]`, each));
}

const isList = (value: number | readonly number[]): value is readonly number[] => Array.isArray(value);

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
  checkNumber(where, `${argument}.biasScale`, value.biasScale);
  return value;
}
