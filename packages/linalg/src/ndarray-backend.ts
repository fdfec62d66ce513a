import type { Backend } from './backend.ts';
import { createCpuBackend } from './cpu-backend.ts';
import { plainDenseChain } from './plain-chain.ts';
import { plainGemm } from './plain-gemm.ts';
import { plainMinibatchPaths } from './plain-minibatch-paths.ts';

let instance: Backend | undefined;

/**
 * The plain backend: typed arrays and loops in JavaScript, nothing else. It runs everywhere and is the oracle that
 * every other backend is compared against.
 *
 * @example
 * ```ts
 * import { matmul, ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 *
 * const backend = ndarrayBackend();
 * const A = tensor([[1, 2], [3, 4]], { backend });
 * console.log(toArray(matmul(A, A))); // Float64Array [7, 10, 15, 22]
 * ```
 */
export function ndarrayBackend(): Backend {
  instance ??= createCpuBackend({
    name: 'ndarray',
    gemm: plainGemm,
    threads: 1,
    fused: { denseChain: plainDenseChain, minibatchPaths: plainMinibatchPaths },
    tolerance: { float64: 1e-13, float32: 1e-5 },
  });
  return instance;
}
