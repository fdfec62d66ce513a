import type { Backend } from '@sntk/linalg';
import { createCpuBackend } from '@sntk/linalg/extending';
import { wasmDenseChain } from './chain.ts';
import { wasmFactor } from './factor.ts';
import { wasmGemm, wasmPrepare } from './gemm.ts';
import { wasmReluRecursion } from './relu-recursion.ts';
import { wasmRuntime } from './runtime.ts';

let instance: Backend | undefined;

export function wasmBackend(): Backend {
  instance ??= create();
  return instance;
}

function create(): Backend {
  const runtime = wasmRuntime();
  return createCpuBackend({
    name: 'wasm',
    gemm: wasmGemm(runtime),
    prepare: wasmPrepare(runtime),
    factor: wasmFactor(runtime),
    fused: { denseChain: wasmDenseChain(runtime), reluRecursion: wasmReluRecursion(runtime) },
    tolerance: { float64: 1e-13, float32: 1e-5 },
  });
}

export function wasmMemoryInUse(): number {
  return wasmRuntime().heap.inUse();
}
