export {
  analyticKernel,
  type KernelBlock,
  type KernelBlockOptions,
  type KernelChoice,
  type KernelDiagonals,
  type KernelOptions,
  type KernelPair,
  type KernelResult,
  kernelBlocks,
  kernelDiagonals,
} from './analytic-kernel.ts';
export {
  type KernelGradient,
  type KernelGradientOptions,
  kernelGradient,
  type ScaleName,
} from './kernel-gradient.ts';
export { type KernelVjp, type KernelVjpOptions, kernelVjp } from './kernel-vjp.ts';
export { multiOutput } from './multi-output.ts';
