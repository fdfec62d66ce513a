export { type BatchOptions, batchFactor, epochBatchFactor } from './batch-factor.ts';
export {
  type FunctionNoise,
  type FunctionNoiseOptions,
  functionNoise,
  type NoiseKind,
  type PaperSntkOptions,
  paperSntk,
} from './function-noise.ts';
