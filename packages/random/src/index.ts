export { type FillOptions, keyedNormals } from './fill.ts';
export { type MinibatchOptions, type Minibatches, minibatches, SAMPLERS, type Sampler } from './minibatches.ts';
export type { Label } from './label.ts';
export { createRng, type Rng, rngAt } from './rng.ts';
