import { UnavailableError } from '@sntk/errors';
import { KERNELS, RELAXED_KERNELS } from './generated/kernels.ts';
import { createHeap, type Heap } from './heap.ts';

type ChainForward = (
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
) => void;

type ChainSignal = (count: number, delta: number, a: number, scale: number, relu: boolean) => void;

type ChainDescend = (
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
  rule: number,
) => void;

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
  readonly chainForward32: ChainForward;
  readonly chainForward64: ChainForward;
  readonly chainSignal32: ChainSignal;
  readonly chainSignal64: ChainSignal;
  readonly chainDescend32: ChainDescend;
  readonly chainDescend64: ChainDescend;
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

/** Which of the two builds of the kernels. */
export type Build = 'plain' | 'relaxed';

const runtimes = new Map<Build, Runtime>();
const supported = new Map<Build, boolean>();

/**
 * Whether this environment runs the kernels: WebAssembly with 128-bit SIMD, or also with relaxed SIMD when that is asked.
 *
 * @example
 * ```ts
 * import { wasmSupported } from '@sntk/linalg-wasm';
 *
 * console.log(wasmSupported()); // true
 * ```
 */
export function wasmSupported(options: { readonly relaxed?: boolean } = {}): boolean {
  const build = options.relaxed === true ? 'relaxed' : 'plain';
  // An engine that lacks an instruction rejects the module itself, so the module is its own probe.
  const known =
    supported.get(build) ?? (typeof WebAssembly === 'object' && WebAssembly.validate(moduleBytes(build)));
  supported.set(build, known);
  return known;
}

/** The one instance of each build. */
export function wasmRuntime(build: Build = 'plain'): Runtime {
  const runtime = runtimes.get(build) ?? start(build);
  runtimes.set(build, runtime);
  return runtime;
}

/** Bytes in use by all builds that were started. */
export function bytesInUse(): number {
  let sum = 0;
  for (const { heap } of runtimes.values()) sum += heap.inUse();
  return sum;
}

type Exports = Kernels & { readonly staticEnd: WebAssembly.Global };

function start(build: Build): Runtime {
  if (!wasmSupported({ relaxed: build === 'relaxed' })) {
    throw new UnavailableError(
      'wasmBackend',
      'this environment has no WebAssembly with 128-bit SIMD; use the plain backend of @sntk/linalg',
    );
  }
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = new WebAssembly.Module(moduleBytes(build));
  const instantiate = (): Exports =>
    new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;
  const exports = instantiate();
  return { kernels: guarded(exports, instantiate), heap: createHeap(memory, exports.staticEnd.value) };
}

/**
 * The kernels with traps as errors of the toolkit. A trap leaves what the kernel had written; a new instance on the same
 * memory writes the module's own tables again, so later calls work and resident operands stay.
 */
function guarded(first: Exports, instantiate: () => Exports): Kernels {
  type Kernel = (...args: unknown[]) => unknown;
  let live = first as unknown as Record<string, Kernel>;
  const kernels: Record<string, Kernel> = {};
  for (const name of Object.keys(live).filter((key) => typeof live[key] === 'function')) {
    kernels[name] = (...args) => {
      try {
        return live[name](...args);
      } catch (cause) {
        if (!(cause instanceof WebAssembly.RuntimeError)) throw cause;
        live = instantiate() as unknown as Record<string, Kernel>;
        throw new UnavailableError(
          `wasm ${name}`,
          `the kernel stopped (${cause.message}); its result is lost, what was in memory before is not`,
          { cause },
        );
      }
    };
  }
  return kernels as unknown as Kernels;
}

function moduleBytes(build: Build): Uint8Array<ArrayBuffer> {
  const text = atob(build === 'relaxed' ? RELAXED_KERNELS : KERNELS);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
