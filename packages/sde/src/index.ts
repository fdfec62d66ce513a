export { brownianIncrements, type IncrementSource } from './brownian-increments.ts';
export { type BrownianPath, brownianPath } from './brownian-path.ts';
export { changeCalculus } from './change-calculus.ts';
export { type EnsembleBlock, type EnsembleOptions, runEnsemble } from './ensemble.ts';
export { type IntegrateOptions, integrate, integrateAsync, type Solution } from './integrate.ts';
export { type AdaptiveOptions, type AdaptiveSolution, integrateAdaptive } from './integrate-adaptive.ts';
export { matrixDiffusion } from './matrix-diffusion.ts';
export type { Method, NoiseIntegrals, Step } from './method.ts';
export { methods } from './methods/registry.ts';
export {
  type BlockFunction,
  type Calculus,
  type Diffusion,
  diagonalDiffusion,
  type NoiseType,
  type SdeProblem,
} from './problem.ts';
