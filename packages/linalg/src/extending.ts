/** What the author of a backend, or of a package that takes kernels, needs beside the root export. */
export {
  BINARY_OPS,
  type BinaryOp,
  type EighArrays,
  type FactorKernels,
  type MatmulFlags,
  REDUCE_OPS,
  type ReduceOp,
  type TridiagonalArrays,
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
  NearPairs,
  ReluRecursionRequest,
} from './fused.ts';
export { checkSemidefinite, kernelEigenvalues } from './kernel-eigenvalues.ts';
export { checkMinibatchPaths, checkMinibatchSteps } from './minibatch-checks.ts';
export { mirrorLower } from './plain-syrk.ts';
export { addRows } from './rows.ts';
export { powerOfTwoNear } from './scaling.ts';
export { sizeOf } from './tensor.ts';
export { tridiagonalizeAs } from './tridiagonalize.ts';
