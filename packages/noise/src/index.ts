export { type BatchOptions, batchFactor } from './batch-factor.ts';
export {
  type FunctionNoise,
  type FunctionNoiseOptions,
  functionNoise,
  type NoiseKind,
  type PaperSntkOptions,
  paperSntk,
} from './function-noise.ts';
export {
  type EntryMeasurement,
  type Measurement,
  measureTheoremOne,
  type NoiseError,
  separation,
} from './theorem-one.ts';
