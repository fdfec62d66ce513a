/** Matrices known by what they do to vectors, and what can be computed from that alone. */
export { type CgOptions, type CgResult, conjugateGradient } from './operators/conjugate-gradient.ts';
export { expm } from './operators/expm.ts';
export {
  type ExpmMultiplyOptions,
  type ExpmMultiplyResult,
  expmMultiply,
} from './operators/expm-multiply.ts';
export { type LanczosOptions, type LanczosResult, lanczosEigenvalues } from './operators/lanczos.ts';
export {
  dense,
  diagonal,
  kroneckerIdentity,
  type LinearOperator,
  lowRank,
} from './operators/linear-operator.ts';
export { type TiledOptions, tiled } from './operators/tiled.ts';
export { type TopEigenpairsOptions, topEigenpairs } from './operators/top-eigenpairs.ts';
export { type Tridiagonalization, tridiagonalize } from './tridiagonalize.ts';
