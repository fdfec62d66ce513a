export { vjp } from './backward.ts';
export { networkChain } from './chain.ts';
export { type EmpiricalNtkOptions, empiricalNtk } from './empirical-ntk.ts';
export { forward } from './forward.ts';
export { initialize } from './initialize.ts';
export { type ParameterBlock, parameterLayout } from './layout.ts';
export { type SgdOptions, type SgdResult, trainSgd } from './sgd.ts';
