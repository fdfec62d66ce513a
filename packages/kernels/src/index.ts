export { analyticKernel, type KernelOptions, type KernelPair } from './analytic-kernel.ts';
