export { antithetic } from './antithetic.ts';
export { brownianIncrements, type IncrementSource } from './brownian-increments.ts';
export { type BrownianPath, brownianPath } from './brownian-path.ts';
export { changeCalculus } from './change-calculus.ts';
export { type EnsembleBlock, type EnsembleOptions, runEnsemble } from './ensemble.ts';
export { type IntegrateOptions, integrate, integrateAsync, type Solution } from './integrate.ts';
export { type AdaptiveOptions, type AdaptiveSolution, integrateAdaptive } from './integrate-adaptive.ts';
export type { Method, NoiseIntegrals, Step } from './method.ts';
export { methods } from './methods/registry.ts';
export {
  type MultilevelEstimate,
  type MultilevelLevel,
  type MultilevelOptions,
  multilevelMean,
} from './multilevel.ts';
export {
  type BlockFunction,
  type Calculus,
  type Diffusion,
  diagonalDiffusion,
  type NoiseType,
  type SdeProblem,
} from './problem.ts';
export { arctangent } from './problems/arctangent.ts';
export { dampedAdditive } from './problems/damped-additive.ts';
export { geometricBrownianMotion } from './problems/geometric-brownian-motion.ts';
export { levyArea } from './problems/levy-area.ts';
export { nonCommutativeLinear } from './problems/non-commutative-linear.ts';
export { ornsteinUhlenbeck } from './problems/ornstein-uhlenbeck.ts';
export type { ReferenceProblem } from './problems/reference-problem.ts';
export { type RunningMoments, runningMoments } from './running-moments.ts';
export { type QuantileState, type RunningQuantiles, runningQuantiles } from './running-quantiles.ts';
