/** The theorems of the sources as measurements: each says what was measured, what the bound is, and whether it holds. */
export {
  type ConvergenceMeasurement,
  measureConvergence,
  type ResidualRun,
} from './measurements/convergence.ts';
export { type CovarianceMeasurement, measureCovariance } from './measurements/covariance-gap.ts';
export { type HessianTraceMeasurement, measureHessianTrace } from './measurements/hessian-trace.ts';
export type { EntryMeasurement, Measurement } from './measurements/measurement.ts';
export {
  type ModeDecay,
  measureDecay,
  measureModes,
  type PrincipalComponents,
  principalComponents,
} from './measurements/principal-components.ts';
export { measureRate, type Rate } from './measurements/rate.ts';
export { measureResiduals, type ResidualMeasurement } from './measurements/residual-bound.ts';
export { measureDecorrelation, separation } from './measurements/separation.ts';
export { measureTheoremOne, type NoiseError } from './measurements/theorem-one.ts';
