/** Measurements over many initializations. */
export { type NtkConvergence, type NtkConvergenceOptions, ntkConvergence } from './ntk-convergence.ts';
export { type NtkFluctuation, type NtkFluctuationOptions, ntkFluctuations } from './ntk-fluctuations.ts';
