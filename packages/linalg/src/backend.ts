import type { FusedKernels } from './fused.ts';
import type { DType, FloatArray, Tensor } from './tensor.ts';

/** Elementwise functions of one tensor. */
export const UNARY_OPS = ['neg', 'abs', 'exp', 'expm1', 'log', 'sqrt', 'square', 'reciprocal'] as const;
export type UnaryOp = (typeof UNARY_OPS)[number];

/** Elementwise functions of two tensors, with broadcasting of extents of 1 as in NumPy. */
export const BINARY_OPS = ['add', 'sub', 'mul', 'div', 'maximum', 'minimum'] as const;
export type BinaryOp = (typeof BINARY_OPS)[number];

/** Reductions over one axis. */
export const REDUCE_OPS = ['sum', 'max', 'min'] as const;
export type ReduceOp = (typeof REDUCE_OPS)[number];

export interface MatmulFlags {
  /** Use the transpose of the first factor. */
  readonly transposeA?: boolean;
  /** Use the transpose of the second factor. */
  readonly transposeB?: boolean;
}

/** A matrix kept in the form its backend multiplies fastest, for products in a loop. An owned resource. */
export interface PreparedMatrix {
  readonly shape: readonly [number, number];
  /** The product of this matrix and `x` of shape `[columns, p]`. */
  times(x: Tensor): Tensor;
  /**
   * Writes the product with the entries `x` `[columns, p]`, row-major, to `out` `[rows, p]`: for loops that must not
   * allocate. Both are of the matrix' number format and apart from each other. On CPU backends.
   */
  into(x: FloatArray, out: FloatArray): void;
  dispose(): void;
}

/** Eigenvalues in ascending order and eigenvectors in the columns of a row-major matrix, in arrays that the backend does not keep. */
export interface EighArrays {
  readonly values: Float64Array;
  readonly vectors: Float64Array;
}

/** `A = Q T Qᵀ` with a symmetric tridiagonal `T`, in arrays that the backend does not keep; `Q` by what it does. */
export interface TridiagonalArrays {
  /** `[n]` */
  readonly diagonal: Float64Array;
  /** `[n − 1]`; entry `i` couples `i` and `i + 1`. */
  readonly offDiagonal: Float64Array;
  /** Overwrites `b` `[n, p]` by `Q b`, or `Qᵀ b`. */
  multiply(p: number, b: Float64Array, transpose: boolean): void;
}

/**
 * Float64 factorizations on row-major arrays, of CPU backends. Inputs are checked before they get here, so these
 * are the bare computations; each may be replaced by a backend, and what is not comes from the plain backend.
 */
export interface FactorKernels {
  /** Overwrites the lower triangle of `a` `[n, n]` by its Cholesky factor. Returns −1, or the first bad pivot. */
  cholesky(n: number, a: Float64Array): number;
  /** Solves `L X = B`, or `Lᵀ X = B`, in place for `b` of `[n, p]`. */
  solveLower(n: number, p: number, l: Float64Array, b: Float64Array, transpose: boolean): void;
  /** Eigen-decomposes the symmetric `a` `[n, n]`, which may be overwritten. */
  eigh(n: number, a: Float64Array): EighArrays;
  /** Reduces the symmetric `a` `[n, n]` to tridiagonal form; `a` belongs to the result from then on. */
  tridiagonalize(n: number, a: Float64Array): TridiagonalArrays;
}

/**
 * What a tensor runs on. Shapes and backends are checked by the public functions, so a backend
 * receives only well-formed requests; it is as small as the packages above allow.
 */
export interface Backend {
  /** The name users select it by: `ndarray`, `wasm`, `blas`, `tfjs-webgpu`. */
  readonly name: string;
  readonly device: 'cpu' | 'gpu';
  /** How many threads its products use, where that is known. */
  readonly threads?: number | undefined;
  readonly dtypes: readonly DType[];
  /** Relative error that the conformance suite accepts, per dtype. */
  readonly tolerance: Readonly<Partial<Record<DType, number>>>;

  /**
   * A tensor with a copy of `data` (row-major, of the shape's size). With `adopt` nobody else holds `data`, and a CPU
   * backend may keep it as it is.
   */
  upload(data: FloatArray, shape: readonly number[], adopt?: boolean): Tensor;
  /** The entries, row-major. CPU backends give their own storage, which callers must not change. */
  readSync?(tensor: Tensor): FloatArray;

  matmul(a: Tensor, b: Tensor, flags: MatmulFlags): Tensor;
  /** `a aᵀ`, or `aᵀ a` when `transposed`, equal to its transpose to the last bit; with `lower` only the lower triangle counts. */
  syrk?(a: Tensor, transposed: boolean, lower?: boolean): Tensor;
  unary(op: UnaryOp, a: Tensor): Tensor;
  binary(op: BinaryOp, a: Tensor, b: Tensor): Tensor;
  /** Reduces over `axis` and keeps it with extent 1. */
  reduce(op: ReduceOp, a: Tensor, axis: number): Tensor;
  transpose(a: Tensor): Tensor;
  reshape(a: Tensor, shape: readonly number[]): Tensor;
  /** Keeps `a` in its fastest form for repeated products from the left. */
  prepare?(a: Tensor): PreparedMatrix;
  /** Runs `compute` and gives back the memory of every tensor made in it, but not of those that it returns. On devices. */
  scope?(compute: () => readonly Tensor[]): void;

  /** Factorizations, on CPU backends. */
  readonly factor?: FactorKernels;
  /** Fast paths that replace a composition of the operations above; results agree to `tolerance`. */
  readonly fused?: FusedKernels;
}
