/** What the author of a backend needs beside the root export: the smallest way to make one, and its parts. */
export {
  BINARY_OPS,
  type BinaryOp,
  type EighArrays,
  type FactorKernels,
  type MatmulFlags,
  REDUCE_OPS,
  type ReduceOp,
  UNARY_OPS,
  type UnaryOp,
} from './backend.ts';
export {
  checkChainAverages,
  checkChainGradient,
  checkChainInput,
  checkChainRequest,
} from './chain-checks.ts';
export { applyChainRule, chainAverages } from './chain-rule.ts';
export { type CpuKernels, createCpuBackend, type GemmKernel, type SyrkKernel } from './cpu-backend.ts';
export { broadcastShape, transposeLoop } from './elementwise.ts';
export { checkSymmetric } from './factor.ts';
export type {
  ChainActivation,
  ChainLayer,
  ChainRule,
  DenseChain,
  DenseChainRequest,
  FusedKernels,
  MinibatchPaths,
  MinibatchPathsRequest,
  MinibatchSteps,
  ReluRecursionRequest,
} from './fused.ts';
export { checkMinibatchPaths, checkMinibatchSteps } from './minibatch-checks.ts';
export { mirrorLower } from './plain-syrk.ts';
export { addRows } from './rows.ts';
export { sizeOf } from './tensor.ts';
