export {
  analyticKernel,
  type KernelBlock,
  type KernelBlockOptions,
  type KernelDiagonals,
  type KernelOptions,
  type KernelPair,
  kernelBlocks,
  kernelDiagonals,
} from './analytic-kernel.ts';
