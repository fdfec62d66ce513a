export { type DualState, gradientDescent, gradientFlow } from './gradient-flow.ts';
export { type DualEnsemble, type KernelSgdOptions, kernelSgd, type RunHooks } from './kernel-sgd.ts';
export { checkLearningRate, type LearningRateLimits, learningRateLimits } from './learning-rate.ts';
export { kernelSgdMoments, type MomentOptions, type ResidualMoments } from './moments.ts';
export { type PaperSntkPathsOptions, paperSntkPaths } from './paper-paths.ts';
export { predict } from './predict.ts';
export { type SntkOptions, sntkPaths } from './sntk-paths.ts';
export { type KernelSpectrum, kernelSpectrum } from './spectrum.ts';
