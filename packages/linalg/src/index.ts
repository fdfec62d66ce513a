export {
  type Backend,
  BINARY_OPS,
  type BinaryOp,
  type EighArrays,
  type FactorKernels,
  type MatmulFlags,
  type PreparedMatrix,
  REDUCE_OPS,
  type ReduceOp,
  UNARY_OPS,
  type UnaryOp,
} from './backend.ts';
export { type CpuKernels, createCpuBackend, type GemmKernel } from './cpu-backend.ts';
export { eye, type TensorData, type TensorOptions, tensor, toBackend, zeros } from './create.ts';
export {
  type CholeskyResult,
  checkSymmetric,
  cholesky,
  type EighResult,
  eigh,
  type FactorInfo,
  logDeterminant,
  solveCholesky,
  solveTriangular,
} from './factor.ts';
export type {
  ChainActivation,
  ChainLayer,
  DenseChain,
  DenseChainRequest,
  FusedKernels,
  ReluRecursionRequest,
} from './fused.ts';
export { ndarrayBackend } from './ndarray-backend.ts';
export {
  add,
  binary,
  matmul,
  mul,
  prepare,
  reduce,
  reshape,
  sub,
  toArray,
  toFloat64,
  transpose,
  unary,
} from './ops.ts';
export { type DType, type FloatArray, showShape, sizeOf, type Tensor } from './tensor.ts';
