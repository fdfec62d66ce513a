import { UnavailableError } from '@sntk/errors';
import { KERNELS } from './generated/kernels.ts';
import { createHeap, type Heap } from './heap.ts';

/** What the WebAssembly module exports; sources in `assembly/`. Addresses are in bytes. */
export interface Kernels {
  gemm64(
    m: number,
    n: number,
    k: number,
    a: number,
    lda: number,
    transposeA: boolean,
    b: number,
    ldb: number,
    transposeB: boolean,
    c: number,
    ldc: number,
    work: number,
  ): void;
  gemm32(
    m: number,
    n: number,
    k: number,
    a: number,
    lda: number,
    transposeA: boolean,
    b: number,
    ldb: number,
    transposeB: boolean,
    c: number,
    ldc: number,
    work: number,
  ): void;
  gemmWorkspace64(m: number, n: number, k: number): number;
  gemmWorkspace32(m: number, n: number, k: number): number;
  prepareLeft64(m: number, k: number, i: number, rows: number, a: number, to: number): void;
  prepareLeft32(m: number, k: number, i: number, rows: number, a: number, to: number): void;
  gemmPrepared64(m: number, n: number, k: number, a: number, b: number, c: number, work: number): void;
  gemmPrepared32(m: number, n: number, k: number, a: number, b: number, c: number, work: number): void;
  chainForward(
    panels: number,
    groups: number,
    rows: number,
    stride: number,
    w: number,
    beta: number,
    a: number,
    h: number,
    scale: number,
    biasScale: number,
    relu: boolean,
  ): void;
  chainSignal(count: number, delta: number, a: number, scale: number, relu: boolean): void;
  chainDescend(
    panels: number,
    groups: number,
    rows: number,
    stride: number,
    w: number,
    beta: number,
    a: number,
    delta: number,
    da: number,
    step: number,
    biasStep: number,
  ): void;
  reluRecursion(
    rows: number,
    columns: number,
    layers: number,
    k: number,
    t: number,
    columnDeviations: number,
    columnInverses: number,
    rowDeviations: number,
    rowInverses: number,
    rowStride: number,
    scales: number,
    biases: number,
  ): void;
  cholesky(n: number, a: number, stride: number, work: number): number;
  solvePanel(n: number, l: number, stride: number, panel: number): void;
  tridiagonalWorkspace(n: number): number;
  tridiagonalize(n: number, a: number, stride: number, d: number, e: number, tau: number, work: number): void;
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
