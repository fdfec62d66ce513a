export { type BatchOptions, batchFactor, epochBatchFactor } from './batch-factor.ts';
export {
  type FunctionNoise,
  type FunctionNoiseOptions,
  functionNoise,
  type NoiseKind,
  type NormalSource,
  type OutputOptions,
  type PaperSntkOptions,
  paperSntk,
  withinBatchNoise,
} from './function-noise.ts';
export {
  type EntryMeasurement,
  type Measurement,
  measureTheoremOne,
  type NoiseError,
  separation,
} from './theorem-one.ts';
