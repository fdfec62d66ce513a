export type { Backend, PreparedMatrix } from './backend.ts';
export { eye, type TensorData, type TensorOptions, tensor, toBackend, zeros } from './create.ts';
export {
  type CholeskyResult,
  cholesky,
  type EighResult,
  eigh,
  type FactorInfo,
  logDeterminant,
  solveCholesky,
  solveTriangular,
} from './factor.ts';
export type { ChainActivation, ChainLayer, ChainRule, DenseChain } from './fused.ts';
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
export { type QrResult, qr } from './qr.ts';
export { syrk } from './syrk.ts';
export { type DType, type FloatArray, showShape, type Tensor } from './tensor.ts';
