export { type DualMomentOptions, type DualMoments, dualMoments } from './dual-moments.ts';
export {
  type EnsembleOptions,
  ensembleLaw,
  type FunctionLaw,
  gaussianRegression,
  type PointKernels,
} from './ensemble.ts';
export {
  compareEnsembles,
  type EnsembleGap,
  type FidelityOptions,
  type FidelityRow,
  fidelityLadder,
  type Rung,
} from './fidelity.ts';
export { type DualState, gradientDescent, gradientFlow } from './gradient-flow.ts';
export { gradientFlowPath } from './gradient-flow-path.ts';
export {
  type DualEnsemble,
  type KernelSgdOptions,
  kernelSgd,
  type RunHooks,
} from './kernel-sgd.ts';
export {
  type CriticalBatch,
  checkLearningRate,
  criticalBatch,
  type LearningRateLimits,
  learningRateLimits,
} from './learning-rate.ts';
export type { LossOptions, LossSlope, OutputLoss } from './loss.ts';
export { type LossFlowOptions, lossFlow } from './loss-flow.ts';
export { type LossPathsOptions, sntkLossPaths } from './loss-paths.ts';
export {
  type MarginalLikelihood,
  type MarginalLikelihoodOptions,
  marginalLikelihood,
} from './marginal-likelihood.ts';
export type { MomentModel } from './moment-tables.ts';
export { kernelSgdMoments, type MomentOptions, type ResidualMoments } from './moments.ts';
export {
  type MomentumFlowOptions,
  type MomentumOptions,
  momentumDescent,
  momentumFlow,
} from './momentum.ts';
export { type PaperSntkPathsOptions, paperSntkPaths } from './paper-paths.ts';
export { predict } from './predict.ts';
export { type PredictedMoments, predictMoments } from './predict-moments.ts';
export { type RiskCurve, type RiskOptions, riskCurve } from './risk-curve.ts';
export type { Schedule } from './schedule.ts';
export { type SntkOptions, sntkPaths } from './sntk-paths.ts';
export { type KernelSpectrum, kernelSpectrum } from './spectrum.ts';
export { type StationaryOptions, stationaryCovariance } from './stationary.ts';
