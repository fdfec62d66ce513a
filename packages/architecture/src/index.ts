export type { Activation, ActivationDual, GaussianPair, PairMoments } from './activation.ts';
export { ACTIVATIONS, activationByName } from './activations.ts';
export type {
  ActivationLayer,
  Architecture,
  DenseLayer,
  Layer,
  Parameterization,
  ResolvedLayer,
} from './architecture.ts';
export { erf } from './erf.ts';
export { erfActivation } from './erf-activation.ts';
export { type FullyConnectedOptions, fullyConnected } from './fully-connected.ts';
export { linear } from './linear.ts';
export { relu } from './relu.ts';
export { parameterCount, resolveLayers } from './resolve.ts';
