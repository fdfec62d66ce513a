export {
  analyticKernel,
  type KernelChoice,
  type KernelOptions,
  type KernelPair,
  type KernelResult,
} from './analytic-kernel.ts';
export { type KernelBlock, type KernelBlockOptions, kernelBlocks } from './kernel-blocks.ts';
export { type KernelDiagonals, kernelDiagonals } from './kernel-diagonals.ts';
export {
  type KernelGradient,
  type KernelGradientOptions,
  kernelGradient,
  type ScaleName,
} from './kernel-gradient.ts';
export { type KernelVjp, type KernelVjpOptions, kernelVjp } from './kernel-vjp.ts';
export {
  type MonteCarloKernel,
  type MonteCarloOptions,
  monteCarloKernel,
  type RandomTree,
} from './monte-carlo-kernel.ts';
export { multiOutput } from './multi-output.ts';
