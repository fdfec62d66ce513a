import { UnavailableError } from '@sntk/errors';
import { KERNELS } from './generated/kernels.ts';
import { createHeap, type Heap } from './heap.ts';

/** What the WebAssembly module exports; sources in `assembly/`. Addresses are in bytes. */
export interface Kernels {
  gemm64(m: number, n: number, k: number, a: number, tA: boolean, b: number, tB: boolean, c: number, work: number): void;
  gemm32(m: number, n: number, k: number, a: number, tA: boolean, b: number, tB: boolean, c: number, work: number): void;
  gemmWorkspace64(m: number, n: number, k: number): number;
  gemmWorkspace32(m: number, n: number, k: number): number;
  prepareLeft64(m: number, k: number, i: number, rows: number, a: number, to: number): void;
  prepareLeft32(m: number, k: number, i: number, rows: number, a: number, to: number): void;
  gemmPrepared64(m: number, n: number, k: number, a: number, b: number, c: number, work: number): void;
  gemmPrepared32(m: number, n: number, k: number, a: number, b: number, c: number, work: number): void;
}

/** The instantiated module and the heap its operands live in. */
export interface Runtime {
  readonly kernels: Kernels;
  readonly heap: Heap;
}

let runtime: Runtime | undefined;
let supported: boolean | undefined;

/**
 * Whether this environment runs the kernels: WebAssembly with 128-bit SIMD.
 *
 * @example
 * ```ts
 * import { wasmSupported } from '@sntk/linalg-wasm';
 *
 * console.log(wasmSupported()); // true
 * ```
 */
export function wasmSupported(): boolean {
  // An engine without SIMD rejects the module itself, so the module is its own probe.
  supported ??= typeof WebAssembly === 'object' && WebAssembly.validate(moduleBytes());
  return supported;
}

/** The one instance of the kernels. */
export function wasmRuntime(): Runtime {
  runtime ??= instantiate();
  return runtime;
}

function instantiate(): Runtime {
  if (!wasmSupported()) {
    throw new UnavailableError(
      'wasmBackend',
      'this environment has no WebAssembly with 128-bit SIMD; use the plain backend of @sntk/linalg',
    );
  }
  const memory = new WebAssembly.Memory({ initial: 1 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()), { env: { memory } });
  const exports = instance.exports as unknown as Kernels & { readonly staticEnd: WebAssembly.Global };
  return { kernels: exports, heap: createHeap(memory, exports.staticEnd.value) };
}

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const text = atob(KERNELS);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

