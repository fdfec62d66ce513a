import type { Backend } from '@sntk/linalg';
import { createCpuBackend } from '@sntk/linalg/extending';
import { wasmDenseChain } from './chain.ts';
import { wasmEigh } from './eigh.ts';
import { wasmFactor } from './factor.ts';
import { wasmGemm, wasmPrepare, wasmSyrk } from './gemm.ts';
import { wasmMinibatchPaths } from './minibatch-paths.ts';
import { wasmReluRecursion } from './relu-recursion.ts';
import { type Build, bytesInUse, chooseBuild, type Runtime, wasmRuntime } from './runtime.ts';
import { wasmTridiagonalize } from './tridiagonal-form.ts';

const instances = new Map<Build, Backend>();

export interface WasmOptions {
  /**
   * Let the processor round a product and the sum it goes into once, where engine and processor can: a little faster on
   * many machines, and not the same bits on all. An engine without relaxed SIMD gets the plain kernels.
   */
  readonly relaxed?: boolean;
}

/**
 * The backend of SIMD kernels in WebAssembly, on one thread: products, factorizations, the ReLU recursion MATH (4), (5),
 * training steps of dense networks MATH (1) and paths with noise on minibatches MATH (30b), the same bits on every machine
 * unless `relaxed` is asked for. (Activations that are called back, Adam's powers, and exponentials and logarithms of tensors are
 * those of the JavaScript engine.)
 *
 * Tensors are ordinary typed arrays; kernels copy operands into WASM memory and results out of it. Prepared matrices,
 * dense chains and ensembles of paths stay there until `dispose`. Each call gives the same instance, named `wasm`, or `wasm-relaxed` when
 * `relaxed` was asked for and is there.
 *
 * @throws UnavailableError where there is no WebAssembly with 128-bit SIMD, and from operations for which its memory,
 * at most 4 GB, is exhausted or whose kernel traps; later calls work.
 * @example
 * ```ts
 * import { matmul, tensor, toArray } from '@sntk/linalg';
 * import { wasmBackend } from '@sntk/linalg-wasm';
 *
 * const A = tensor([[1, 2], [3, 4]], { backend: wasmBackend() });
 * console.log(toArray(matmul(A, A))); // Float64Array [7, 10, 15, 22]
 * ```
 */
export function wasmBackend(options: WasmOptions = {}): Backend {
  const build = chooseBuild(options);
  const backend =
    instances.get(build) ?? createBackend(build === 'relaxed' ? 'wasm-relaxed' : 'wasm', wasmRuntime(build));
  instances.set(build, backend);
  return backend;
}

/** A backend on a runtime, of one thread or several. */
export function createBackend(name: string, runtime: Runtime): Backend {
  return createCpuBackend({
    name,
    gemm: wasmGemm(runtime),
    syrk: wasmSyrk(runtime),
    get threads() {
      return runtime.team.threads;
    },
    prepare: wasmPrepare(runtime),
    factor: { ...wasmFactor(runtime), eigh: wasmEigh(runtime), tridiagonalize: wasmTridiagonalize(runtime) },
    fused: {
      denseChain: wasmDenseChain(runtime),
      reluRecursion: wasmReluRecursion(runtime),
      minibatchPaths: wasmMinibatchPaths(runtime),
    },
    tolerance: { float64: 1e-13, float32: 1e-5 },
  });
}

/**
 * Bytes of WASM memory that prepared matrices, dense chains and ensembles hold: what has not been disposed of.
 *
 * @example
 * ```ts
 * import { prepare, tensor } from '@sntk/linalg';
 * import { wasmBackend, wasmMemoryInUse } from '@sntk/linalg-wasm';
 *
 * const K = prepare(tensor([[2, 1], [1, 2]], { backend: wasmBackend() }));
 * console.log(wasmMemoryInUse()); // 64
 * K.dispose();
 * console.log(wasmMemoryInUse()); // 0
 * ```
 */
export function wasmMemoryInUse(): number {
  return bytesInUse();
}
