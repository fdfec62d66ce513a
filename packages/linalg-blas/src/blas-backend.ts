import type { Backend } from '@sntk/linalg';
import { createCpuBackend, type GemmKernel, mirrorLower, type SyrkKernel } from '@sntk/linalg/extending';
import { LOWER, NO_TRANSPOSE, ROW_MAJOR, TRANSPOSE } from './constants.ts';
import { lapackFactorKernels } from './factor.ts';
import { type BlasLibrary, loadBlas } from './library.ts';

export interface BlasOptions {
  /** The library to load, as a path or a name that the system's loader finds; the usual ones are tried unless told. */
  readonly library?: string;
  /**
   * Fast paths that a BLAS does not have, from another CPU backend: with `wasmBackend().fused` of `@sntk/linalg-wasm`, ReLU
   * kernels take their Gram matrix from the library and their recursion from SIMD kernels.
   */
  readonly fused?: Backend['fused'];
}

const loaded = new Map<string | undefined, Backend>();

/**
 * The system's BLAS and LAPACK: OpenBLAS, MKL, or Accelerate on macOS. In Node only.
 *
 * Products and factorizations run in the library, with its own threads; everything else as on the plain backend. Calls
 * without `fused` give one instance for each library.
 *
 * @throws UnavailableError that tells what to install when the package koffi or a library is missing.
 * @example
 * ```ts
 * import { matmul, tensor, toArray } from '@sntk/linalg';
 * import { blasBackend } from '@sntk/linalg-blas';
 *
 * const X = tensor([[1, 2], [3, 4]], { backend: blasBackend() });
 * console.log(toArray(matmul(X, X, { transposeB: true }))); // Float64Array [5, 11, 11, 25]
 * ```
 */
export function blasBackend(options: BlasOptions = {}): Backend {
  const known = options.fused ? undefined : loaded.get(options.library);
  if (known) return known;
  const library = loadBlas('blasBackend', options.library);
  const threads = library.threads?.();
  const backend = createCpuBackend({
    name: 'blas',
    gemm: gemmKernel(library),
    syrk: syrkKernel(library),
    ...(threads === undefined ? {} : { threads }),
    tolerance: { float64: 1e-13, float32: 1e-5 },
    factor: lapackFactorKernels(library),
    ...(options.fused ? { fused: options.fused } : {}),
  });
  if (!options.fused) loaded.set(options.library, backend);
  return backend;
}

/** Whether `blasBackend()` finds koffi and a library here. */
export function blasAvailable(): boolean {
  try {
    blasBackend();
    return true;
  } catch {
    return false;
  }
}

/** Inner size from which half the multiplications save more time than copying the other triangle costs. */
const SYRK_FROM = 128;

function gemmKernel(library: BlasLibrary): GemmKernel {
  const syrk = syrkKernel(library);
  return (m, n, k, a, transposeA, b, transposeB, c) => {
    if (a === b && transposeA !== transposeB && k >= SYRK_FROM) {
      syrk(n, k, a, transposeA, c);
      return mirrorLower(n, c);
    }
    const flagA = transposeA ? TRANSPOSE : NO_TRANSPOSE;
    const flagB = transposeB ? TRANSPOSE : NO_TRANSPOSE;
    const gemm = c instanceof Float64Array ? library.dgemm : library.sgemm;
    gemm(ROW_MAJOR, flagA, flagB, m, n, k, 1, a, transposeA ? m : k, b, transposeB ? k : n, 0, c, n);
  };
}

function syrkKernel({ dsyrk, ssyrk }: BlasLibrary): SyrkKernel {
  return (n, k, a, transposed, c) => {
    const syrk = c instanceof Float64Array ? dsyrk : ssyrk;
    syrk(ROW_MAJOR, LOWER, transposed ? TRANSPOSE : NO_TRANSPOSE, n, k, 1, a, transposed ? n : k, 0, c, n);
  };
}
