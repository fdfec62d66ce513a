import { ArgumentError } from '@sntk/errors';
import type { Backend } from '@sntk/linalg';
import { createBackend, type WasmOptions } from './backend.ts';
import { type Build, chooseBuild, type SharedRuntime, sharedRuntime, wasmRuntime } from './runtime.ts';
import { availableThreads, startWorker, whyNoThreads } from './workers.ts';

/** Threads that are started unless told, if there are as many cores. */
const MOST = 8;
/** The scratch of more would not fit into the first page of the memory. */
const LIMIT = 64;

export interface ThreadOptions extends WasmOptions {
  /** How many threads compute, the calling one among them; as many as there are cores, at most 8, unless told. */
  readonly threads?: number;
}

/** A backend with worker threads. An owned resource. */
export interface ThreadedBackend extends Backend {
  /** How many threads compute now. */
  readonly threads: number;
  /** Why there are fewer threads than were asked for, when there are. */
  readonly fewer?: string;
  /** Ends the workers. The backend goes on with the calling thread alone. */
  dispose(): void;
}

/**
 * The backend of `wasmBackend` with worker threads over shared memory: matrix products, Cholesky factors and solves,
 * eigenvectors, the ReLU recursion, training steps and ensembles of paths run on all of them. Results are those of `wasmBackend`
 * to the last bit, however many threads there are.
 *
 * Work is handed out in small pieces, to the calling thread too: a worker that is late costs what it would have done. When one
 * does not come back for two seconds, the operation starts over on the calling thread, which works alone from then on. A step of
 * a dense chain, which changes parameters in place, is an UnavailableError instead, and the chain is of no more use.
 *
 * Each call gives a backend of its own, named `wasm-threads` or `wasm-relaxed-threads`. Workers do not keep a process in Node
 * alive. In a browser the page has to be cross-origin isolated and allow `blob:` workers; its main thread, which must not
 * sleep, spins while it waits, so compute in a worker of yours. Where threads cannot be had, the backend has one, and says
 * in `fewer` why.
 *
 * @throws ArgumentError for `threads` that is no integer from 1 to 64.
 * @throws UnavailableError where there is no WebAssembly with 128-bit SIMD.
 * @example
 * ```ts
 * import { matmul, tensor, toArray } from '@sntk/linalg';
 * import { threadedWasmBackend } from '@sntk/linalg-wasm';
 *
 * const backend = await threadedWasmBackend({ threads: 2 });
 * const A = tensor([[1, 2], [3, 4]], { backend });
 * console.log(backend.threads, toArray(matmul(A, A))); // 2 Float64Array [7, 10, 15, 22]
 * backend.dispose();
 * ```
 */
export async function threadedWasmBackend(options: ThreadOptions = {}): Promise<ThreadedBackend> {
  const threads = options.threads ?? Math.min(MOST, availableThreads());
  if (!(Number.isSafeInteger(threads) && threads >= 1 && threads <= LIMIT)) {
    throw new ArgumentError({
      where: 'threadedWasmBackend',
      argument: 'options.threads',
      wanted: `an integer from 1 to ${LIMIT}`,
      got: threads,
    });
  }
  const build = chooseBuild(options);
  const name = build === 'relaxed' ? 'wasm-relaxed-threads' : 'wasm-threads';
  if (threads === 1) return alone(name, build);
  const obstacle = whyNoThreads();
  if (obstacle !== undefined) return alone(name, build, obstacle);
  let runtime: SharedRuntime;
  try {
    runtime = sharedRuntime(build, threads);
  } catch (error) {
    if (error instanceof RangeError) return alone(name, build, `no memory to share: ${error.message}`);
    throw error;
  }
  const starts = Array.from({ length: threads - 1 }, (_, at) => startWorker(runtime.threadData(at + 1)));
  let failure: string | undefined;
  for (const one of await Promise.allSettled(starts)) {
    if (one.status === 'fulfilled') runtime.team.join(one.value);
    else failure = `a worker did not start: ${(one.reason as Error).message}`;
  }
  const backend = createBackend(name, runtime) as CountedBackend;
  return Object.assign(backend, fewer(failure), { dispose: () => runtime.dispose() });
}

type CountedBackend = Backend & { readonly threads: number };

/** A backend of the calling thread, on the memory of `wasmBackend`. */
function alone(name: string, build: Build, reason?: string): ThreadedBackend {
  const backend = createBackend(name, wasmRuntime(build)) as CountedBackend;
  return Object.assign(backend, fewer(reason), { dispose: () => {} });
}

function fewer(reason: string | undefined): { readonly fewer?: string } {
  return reason === undefined ? {} : { fewer: reason };
}
