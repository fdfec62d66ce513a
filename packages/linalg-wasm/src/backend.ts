import { type Backend, createCpuBackend } from '@sntk/linalg';
import { wasmGemm, wasmPrepare } from './gemm.ts';
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
    tolerance: { float64: 1e-13, float32: 1e-5 },
  });
}

export function wasmMemoryInUse(): number {
  return wasmRuntime().heap.inUse();
}
