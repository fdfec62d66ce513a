import { checkInteger, checkNonNegative, checkPositive } from '@sntk/errors';
import type { Parameterization } from './architecture.ts';
import { checkParameterization } from './fully-connected.ts';
import type { DenseOptions } from './layers.ts';
import { checkSizes, checkWindow, type Window, type WindowOptions } from './window.ts';

/**
 * The same dense layer at every place of a window: a fan-in of the input's channels times the window's size, and
 * weights that all places share.
 */
export interface ConvolutionLayer extends Window {
  readonly kind: 'convolution';
  /** Channels. */
  readonly outputs: number;
  /** σ_w²: the variance that a unit second moment of the inputs contributes to the layer's outputs. */
  readonly weightVariance: number;
  /** σ_b². At 0 the layer has no bias. */
  readonly biasVariance: number;
  readonly parameterization: Parameterization;
}

/** Strides are 1 and the padding is `same` unless told. */
export interface ConvolutionOptions extends DenseOptions, WindowOptions {}

/**
 * A convolution over any number of spatial axes: with fan-in `n = channels · |window|`, in the parameterization `ntk`
 * of MATH (1), `h_p = (σ_w/√n) Σ_δ W_δ a_{p+δ} + σ_b β` at every site p.
 *
 * Source: Novak and others, "Bayesian Deep Convolutional Networks with Many Channels are Gaussian Processes".
 *
 * @throws ArgumentError for sizes and strides that are not positive integers and variances that are negative or not
 * finite.
 * @example
 * ```ts
 * import { activate, convolution, dense, flatten, network, relu } from '@sntk/architecture';
 *
 * const layers = [convolution(16, [3, 3], { strides: [2, 2] }), activate(relu), flatten, dense(10)];
 * console.log(network([28, 28, 1], ...layers).inputs); // 784
 * ```
 */
export function convolution(
  channels: number,
  window: readonly number[],
  options: ConvolutionOptions = {},
): ConvolutionLayer {
  const where = 'convolution';
  checkSizes(where, 'window', window);
  const { weightVariance = 2, biasVariance = 1, parameterization = 'ntk' } = options;
  const { strides = window.map(() => 1), padding = 'same' } = options;
  return {
    kind: 'convolution',
    outputs: checkInteger(where, 'channels', channels, 1),
    ...checkWindow(where, window, { strides, padding }),
    weightVariance: checkPositive(where, 'options.weightVariance', weightVariance),
    biasVariance: checkNonNegative(where, 'options.biasVariance', biasVariance),
    parameterization: checkParameterization(where, parameterization),
  };
}
