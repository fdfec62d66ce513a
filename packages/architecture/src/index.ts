export type {
  Activation,
  ActivationDual,
  DistanceSlopes,
  GaussianPair,
  PairMoments,
  PairSlopes,
} from './activation.ts';
export { ACTIVATIONS, activationByName } from './activations.ts';
export type {
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
  ResolvedLayer,
  SerialLayer,
} from './architecture.ts';
export { checkLayer } from './check-layer.ts';
export { type ConvolutionLayer, type ConvolutionOptions, convolution } from './convolution.ts';
export { erf } from './erf.ts';
export { erfActivation } from './erf-activation.ts';
export { type FlattenLayer, flatten } from './flatten.ts';
export { type FullyConnectedOptions, fullyConnected } from './fully-connected.ts';
export {
  activate,
  branches,
  type DenseOptions,
  dense,
  dropout,
  identity,
  layerNorm,
  network,
  repeat,
  residual,
  serial,
} from './layers.ts';
export { linear } from './linear.ts';
export {
  type GlobalPoolingLayer,
  globalPooling,
  type PoolingLayer,
  type PoolingReduction,
  pooling,
} from './pooling.ts';
export { relu } from './relu.ts';
export { parameterCount, resolveDense, resolveLayers } from './resolve.ts';
export type { Padding, Window, WindowOptions } from './window.ts';
