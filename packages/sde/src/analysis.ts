/** Measuring a method: its strong and weak orders, and where its steps are stable. */
export {
  type Convergence,
  type ConvergenceOptions,
  type Reference,
  strongConvergence,
  weakConvergence,
} from './analysis/convergence.ts';
export { amplification, type Complex, meanSquareFactor, stabilityBoundary } from './analysis/stability.ts';
export { type StepExpectationOptions, stepExpectation } from './analysis/step-expectation.ts';
