export { type FillOptions, keyedNormals } from './fill.ts';
export type { Label } from './label.ts';
export {
  type Minibatches,
  type MinibatchOptions,
  minibatches,
  SAMPLERS,
  type Sampler,
} from './minibatches.ts';
export { createRng, type Rng, rngAt } from './rng.ts';
