import type { Activation } from './activation.ts';
import type { ConvolutionLayer } from './convolution.ts';
import type { FlattenLayer } from './flatten.ts';
import type { GlobalPoolingLayer, PoolingLayer } from './pooling.ts';

/**
 * How a dense layer's scales are split between the forward pass and the initial parameters. The function at
 * initialization is the same, the gradients are not.
 *
 * - `ntk`, MATH (1): `h = (σ_w/√n_in) W a + σ_b β`, entries of `W` and `β` start as N(0, 1).
 * - `standard`, MATH (2): `h = W a + β`, entries start as N(0, σ_w²/n_in) and N(0, σ_b²).
 * - `{ weightScale, biasScale }`: the forward multipliers themselves; the initial deviations follow from σ_w², σ_b².
 */
export type Parameterization =
  | 'ntk'
  | 'standard'
  | { readonly weightScale: number; readonly biasScale: number };

export interface DenseLayer {
  readonly kind: 'dense';
  readonly outputs: number;
  /** σ_w²: the variance that a unit second moment of the inputs contributes to the layer's outputs. */
  readonly weightVariance: number;
  /** σ_b². At 0 the layer has no bias. */
  readonly biasVariance: number;
  readonly parameterization: Parameterization;
}

export interface ActivationLayer {
  readonly kind: 'activation';
  readonly activation: Activation;
}

/** Passes its input on. */
export interface IdentityLayer {
  readonly kind: 'identity';
}

/** Divides by the root of the second moment over units plus `epsilon`. */
export interface LayerNormLayer {
  readonly kind: 'layerNorm';
  readonly epsilon: number;
}

/** Keeps each unit with probability `keep`, divided by it, and drops the others. */
export interface DropoutLayer {
  readonly kind: 'dropout';
  readonly keep: number;
}

export interface SerialLayer {
  readonly kind: 'serial';
  readonly layers: readonly Layer[];
}

/** Gives the same input to several branches and merges what they give, unit by unit or one after the other. */
export interface BranchesLayer {
  readonly kind: 'branches';
  readonly merge: Merge;
  readonly branches: readonly Layer[];
}

export type Merge = 'sum' | 'product' | 'concatenate';

export type Layer =
  | DenseLayer
  | ActivationLayer
  | IdentityLayer
  | LayerNormLayer
  | DropoutLayer
  | SerialLayer
  | BranchesLayer
  | ConvolutionLayer
  | PoolingLayer
  | GlobalPoolingLayer
  | FlattenLayer;

/** A network as plain data: what a finite network and a kernel are both built from. */
export interface Architecture {
  readonly inputs: number;
  /** Sizes of the spatial axes and, last, the number of channels, where inputs are images; `inputs` is their product. */
  readonly inputShape?: readonly number[];
  readonly layers: readonly Layer[];
}

/** A dense layer with its sizes and scales worked out: `h = weightScale · W a + biasScale · β`. */
export interface ResolvedLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weightScale: number;
  readonly biasScale: number;
  /** Standard deviation of the entries of `W` at initialization. */
  readonly weightDeviation: number;
  readonly biasDeviation: number;
  readonly weightVariance: number;
  readonly biasVariance: number;
  /** Applied to `h`; absent on a last dense layer. */
  readonly activation?: Activation;
}
