import ndarray, { type NdArray } from 'ndarray';
import type {
  Backend,
  BinaryOp,
  FactorKernels,
  MatmulFlags,
  PreparedMatrix,
  ReduceOp,
  UnaryOp,
} from './backend.ts';
import { binaryLoop, emptyLike, reduceLoop, transposeLoop, unaryLoop } from './elementwise.ts';
import type { FusedKernels } from './fused.ts';
import { plainFactorKernels } from './plain-factor.ts';
import { mirrorLower, slabSyrk } from './plain-syrk.ts';
import type { DType, FloatArray, Tensor } from './tensor.ts';

/** `C = op(A) op(B)` on row-major arrays of one type, with `op(A)` `[m, k]`, `op(B)` `[k, n]`. Overwrites `c`. */
export type GemmKernel = (
  m: number,
  n: number,
  k: number,
  a: FloatArray,
  transposeA: boolean,
  b: FloatArray,
  transposeB: boolean,
  c: FloatArray,
) => void;

/** The lower triangle of the product of a matrix with its own transpose, on row-major arrays of one type. `c` is zeros at first. */
export type SyrkKernel = (n: number, k: number, a: FloatArray, transposed: boolean, c: FloatArray) => void;

/** What a CPU backend brings; everything else comes from the plain backend. */
export interface CpuKernels {
  readonly name: string;
  readonly gemm: GemmKernel;
  /** How many threads `gemm` uses, where that is known; asked for when it is needed. */
  readonly threads?: number | undefined;
  /**
   * The lower triangle of `C = A Aᵀ` `[n, n]` for `A` `[n, k]`, or of `Aᵀ A` for `A` `[k, n]` when `transposed`; what it
   * leaves above the diagonal is replaced. Made from `gemm` unless given.
   */
  readonly syrk?: SyrkKernel;
  readonly tolerance: Readonly<Record<DType, number>>;
  readonly factor?: Partial<FactorKernels>;
  readonly fused?: FusedKernels;
  /** Keeps a row-major matrix for repeated products from the left: `times(b, p, c)` sets `c = A b`. */
  readonly prepare?: (
    m: number,
    k: number,
    a: FloatArray,
  ) => { times(b: FloatArray, p: number, c: FloatArray): void; dispose(): void };
}

/**
 * A backend whose tensors are plain typed arrays, from as little as one matrix product.
 *
 * This is how the plain, WASM and BLAS backends are made, and how a third party makes one.
 */
export function createCpuBackend(kernels: CpuKernels): Backend {
  const wrap = (storage: FloatArray, shape: readonly number[]): Tensor => cpuTensor(backend, storage, shape);
  const entries = (tensor: Tensor): FloatArray => tensor.storage as FloatArray;

  const backend: Backend = {
    name: kernels.name,
    device: 'cpu',
    get threads() {
      return kernels.threads;
    },
    dtypes: ['float64', 'float32'],
    tolerance: kernels.tolerance,
    upload: (data, shape, adopt) => wrap(adopt ? data : data.slice(), shape),
    readSync: entries,
    matmul(a: Tensor, b: Tensor, flags: MatmulFlags): Tensor {
      const transposeA = flags.transposeA === true;
      const transposeB = flags.transposeB === true;
      const [m, k] = transposeA ? [a.shape[1], a.shape[0]] : [a.shape[0], a.shape[1]];
      const n = transposeB ? b.shape[0] : b.shape[1];
      const c = emptyLike(entries(a), m * n);
      if (m * n * k > 0) kernels.gemm(m, n, k, entries(a), transposeA, entries(b), transposeB, c);
      return wrap(c, [m, n]);
    },
    syrk(a: Tensor, transposed: boolean, lower?: boolean): Tensor {
      const [n, k] = transposed ? [a.shape[1], a.shape[0]] : a.shape;
      const c = emptyLike(entries(a), n * n);
      if (n * k > 0) {
        if (kernels.syrk) kernels.syrk(n, k, entries(a), transposed, c);
        else slabSyrk(kernels.gemm, n, k, entries(a), transposed, c);
        if (!lower) mirrorLower(n, c);
      }
      return wrap(c, [n, n]);
    },
    unary: (op: UnaryOp, a: Tensor) => wrap(unaryLoop(op, entries(a)), a.shape),
    binary(op: BinaryOp, a: Tensor, b: Tensor): Tensor {
      const { out, shape } = binaryLoop(op, entries(a), a.shape, entries(b), b.shape);
      return wrap(out, shape);
    },
    reduce(op: ReduceOp, a: Tensor, axis: number): Tensor {
      const { out, shape } = reduceLoop(op, entries(a), a.shape, axis);
      return wrap(out, shape);
    },
    transpose: (a) => wrap(transposeLoop(entries(a), a.shape[0], a.shape[1]), [a.shape[1], a.shape[0]]),
    reshape: (a, shape) => wrap(entries(a), shape),
    prepare(a: Tensor): PreparedMatrix {
      const [m, k] = a.shape as [number, number];
      const resident = m * k > 0 ? kernels.prepare?.(m, k, entries(a)) : undefined;
      const into = (x: FloatArray, p: number, out: FloatArray): void => {
        if (out.length === 0) return;
        if (k === 0) out.fill(0);
        else if (resident) resident.times(x, p, out);
        else kernels.gemm(m, p, k, entries(a), false, x, false, out);
      };
      return {
        shape: [m, k],
        times(x: Tensor): Tensor {
          const c = emptyLike(entries(a), m * x.shape[1]);
          into(entries(x), x.shape[1], c);
          return wrap(c, [m, x.shape[1]]);
        },
        into: (x, out) => into(x, out.length / m, out),
        dispose: () => resident?.dispose(),
      };
    },
    factor: { ...plainFactorKernels, ...kernels.factor },
    ...(kernels.fused ? { fused: kernels.fused } : {}),
  };
  return backend;
}

function cpuTensor(backend: Backend, storage: FloatArray, shape: readonly number[]): Tensor {
  return {
    backend,
    shape,
    dtype: storage instanceof Float64Array ? 'float64' : 'float32',
    storage,
    async read(): Promise<NdArray<FloatArray>> {
      return ndarray(storage.slice(), [...shape]);
    },
    dispose() {},
  };
}
