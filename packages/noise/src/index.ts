export {
  type BatchOptions,
  batchFactor,
  type SampledBatchOptions,
  samplerBatchFactor,
} from './batch-factor.ts';
export { addNoises, type FactoredNoise, type NoiseCovariance, type NormalSource } from './covariance.ts';
export { type FunctionDriftOptions, functionDrift } from './function-drift.ts';
export { type FunctionNoiseOptions, functionNoise, type OutputOptions } from './function-noise.ts';
export { gradientNoise } from './gradient-noise.ts';
export { type GradientProducts, implicitGradientNoise } from './implicit-gradient-noise.ts';
export { type LabelNoiseOptions, labelNoise } from './label-noise.ts';
export type { NoiseKind, NoiseLaw } from './noise-law.ts';
export { type StochasticNtk, type StochasticNtkOptions, stochasticNtk } from './stochastic-ntk.ts';
