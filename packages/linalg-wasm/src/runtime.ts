import { UnavailableError } from '@sntk/errors';
import { KERNELS, LIMITS_AT, RELAXED_KERNELS } from './generated/kernels.ts';
import { createHeap, type Heap } from './heap.ts';
import { createShared, soloTeam, type Team, type WorkerTeam, workerTeam } from './team.ts';
import type { ThreadData } from './thread.ts';

type PackColumns = (
  n: number,
  k: number,
  j: number,
  columns: number,
  b: number,
  ldb: number,
  transposed: boolean,
  to: number,
) => void;

type MultiplyRows = (
  rows: number,
  n: number,
  k: number,
  a: number,
  lda: number,
  transposeA: boolean,
  b: number,
  j: number,
  columns: number,
  c: number,
  ldc: number,
  work: number,
) => void;

type MultiplyPrepared = (
  m: number,
  n: number,
  k: number,
  i: number,
  rows: number,
  a: number,
  b: number,
  c: number,
) => void;

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
  first: number,
  count: number,
  rows: number,
  stride: number,
  w: number,
  a: number,
  delta: number,
  da: number,
  step: number,
  rule: number,
  work: number,
) => void;

type ChainBiases = (
  count: number,
  rows: number,
  stride: number,
  beta: number,
  delta: number,
  step: number,
  rule: number,
  work: number,
) => void;

/** What the WebAssembly module exports; sources in `assembly/`. Addresses are in bytes. */
export interface Kernels {
  rightBytes64(n: number, k: number): number;
  rightBytes32(n: number, k: number): number;
  leftBytes64(rows: number, k: number): number;
  leftBytes32(rows: number, k: number): number;
  packColumns64: PackColumns;
  packColumns32: PackColumns;
  multiplyRows64: MultiplyRows;
  multiplyRows32: MultiplyRows;
  prepareLeft64(m: number, k: number, i: number, rows: number, a: number, to: number): void;
  prepareLeft32(m: number, k: number, i: number, rows: number, a: number, to: number): void;
  multiplyPrepared64: MultiplyPrepared;
  multiplyPrepared32: MultiplyPrepared;
  readonly chainForward32: ChainForward;
  readonly chainForward64: ChainForward;
  readonly chainSignal32: ChainSignal;
  readonly chainSignal64: ChainSignal;
  readonly chainDescend32: ChainDescend;
  readonly chainDescend64: ChainDescend;
  readonly chainBiases32: ChainBiases;
  readonly chainBiases64: ChainBiases;
  chainReach(rows: number): number;
  reluRecursion(
    rows: number,
    columns: number,
    top: number,
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
    cosine: number,
    near: number,
  ): void;
  minibatchPaths(
    size: number,
    outputs: number,
    paths: number,
    steps: number,
    batch: number,
    matrix: number,
    values: number,
    start: number,
    kept: number,
    pulled: number,
    from: number,
    to: number,
    examples: number,
    noise: number,
    failed: number,
    work: number,
  ): void;
  factorBlock(n: number, a: number, stride: number): number;
  solveBelow(count: number, depth: number, block: number, rows: number, stride: number, panels: number): void;
  subtractLower(
    n: number,
    c: number,
    stride: number,
    depth: number,
    a: number,
    b: number,
    from: number,
    to: number,
  ): void;
  solvePanels(n: number, l: number, stride: number, panels: number, count: number): void;
  secularRoots(
    k: number,
    from: number,
    to: number,
    rho: number,
    poles: number,
    z: number,
    values: number,
    gaps: number,
  ): void;
  secularWeights(
    k: number,
    from: number,
    to: number,
    poles: number,
    z: number,
    gaps: number,
    exact: number,
  ): void;
  secularVectors(
    k: number,
    from: number,
    to: number,
    exact: number,
    places: number,
    gaps: number,
    line: number,
  ): void;
  useScratch(at: number): void;
  reflectRow(
    last: number,
    index: number,
    a: number,
    stride: number,
    d: number,
    e: number,
    work: number,
  ): number;
  multiplySymmetric(
    n: number,
    from: number,
    to: number,
    a: number,
    stride: number,
    x: number,
    y: number,
  ): void;
  finishRow(
    last: number,
    index: number,
    a: number,
    stride: number,
    work: number,
    factor: number,
    products: number,
    parts: number,
  ): void;
  gatherPanels(n: number, size: number, v: number, stride: number, w: number, to: number): void;
}

/** The instantiated module, the heap its operands live in, and the threads that work on it. */
export interface Runtime {
  readonly kernels: Kernels;
  readonly heap: Heap;
  readonly team: Team<keyof Kernels>;
}

/** Which of the two builds of the kernels. */
export type Build = 'plain' | 'relaxed';

const runtimes = new Map<Build, Runtime>();
const supported = new Map<Build, boolean>();
/** Heaps that `bytesInUse` counts. */
const heaps = new Set<Heap>();

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

/** The build that options ask for, or the plain one where the engine lacks relaxed SIMD. */
export function chooseBuild(options: { readonly relaxed?: boolean }): Build {
  return options.relaxed === true && wasmSupported({ relaxed: true }) ? 'relaxed' : 'plain';
}

/** The one instance of each build. */
export function wasmRuntime(build: Build = 'plain'): Runtime {
  const known = runtimes.get(build);
  if (known) return known;
  checkSupported('wasmBackend', build);
  const module = new WebAssembly.Module(moduleBytes(build));
  const { kernels, heap } = load(module, new WebAssembly.Memory({ initial: 1, maximum: PAGES }), 1);
  heaps.add(heap);
  const runtime = { kernels, heap, team: soloTeam(kernels) };
  runtimes.set(build, runtime);
  return runtime;
}

/** A runtime of its own whose memory workers share; it is given back by `dispose`. */
export interface SharedRuntime extends Runtime {
  readonly team: WorkerTeam<keyof Kernels>;
  /** What the worker of a number, from 1 on, is started with. */
  threadData(thread: number): ThreadData;
  dispose(): void;
}

/** Scratch of a thread, of which `assembly/scratch.ts` uses 192 bytes. */
const SCRATCH = 256;

/** A new instance of a build on a memory that `threads` threads can share. */
export function sharedRuntime(build: Build, threads: number): SharedRuntime {
  checkSupported('threadedWasmBackend', build);
  const bytes = moduleBytes(build);
  bytes[LIMITS_AT[build]] = 3;
  const module = new WebAssembly.Module(bytes);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: PAGES, shared: true });
  const { kernels, heap, scratch } = load(module, memory, threads);
  heaps.add(heap);
  const names = Object.keys(kernels) as (keyof Kernels)[];
  const shared = createShared();
  const team = workerTeam(kernels, names, shared, threads);
  return {
    kernels,
    heap,
    team,
    threadData: (thread) => ({
      ...shared,
      module,
      memory,
      names,
      thread,
      scratch: scratch + thread * SCRATCH,
    }),
    dispose() {
      team.dispose();
      heaps.delete(heap);
    },
  };
}

/** Bytes in use by all builds that were started. */
export function bytesInUse(): number {
  let sum = 0;
  for (const heap of heaps) sum += heap.inUse();
  return sum;
}

/** The 4 GB of 32-bit addresses, which the module declares as the most its memory may have. */
const PAGES = 65536;

type Exports = Kernels & { readonly staticEnd: WebAssembly.Global };

function checkSupported(where: string, build: Build): void {
  if (wasmSupported({ relaxed: build === 'relaxed' })) return;
  throw new UnavailableError(
    where,
    'this environment has no WebAssembly with 128-bit SIMD; use the plain backend of @sntk/linalg',
  );
}

/** Instantiates the module on a memory, which holds its tables, scratch for each of the threads, and the heap. */
function load(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  threads: number,
): { kernels: Kernels; heap: Heap; scratch: number } {
  let scratch = 0;
  const instantiate = (): Exports => {
    const exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;
    scratch = Math.ceil(exports.staticEnd.value / 64) * 64;
    exports.useScratch(scratch);
    return exports;
  };
  const kernels = guarded(instantiate(), instantiate);
  return { kernels, heap: createHeap(memory, scratch + threads * SCRATCH), scratch };
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
