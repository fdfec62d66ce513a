/** Expectations over paths: moments and quantiles of a stream of states, and estimators of smaller variance. */
export { antithetic } from './antithetic.ts';
export {
  type MultilevelEstimate,
  type MultilevelLevel,
  type MultilevelOptions,
  multilevelMean,
} from './multilevel.ts';
export {
  type CovarianceState,
  type RunningCovariance,
  runningCovariance,
} from './running-covariance.ts';
export { type MomentState, type RunningMoments, runningMoments } from './running-moments.ts';
export { type QuantileState, type RunningQuantiles, runningQuantiles } from './running-quantiles.ts';
