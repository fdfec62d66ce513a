import { THREAD } from './generated/thread.ts';
import type { ThreadData } from './thread.ts';

/** A running worker. */
export interface StartedWorker {
  end(): void;
}

/** How long a worker may take to start, in milliseconds. */
const PATIENCE = 20_000;

/** Why this environment shares no memory between threads; undefined where it does. */
export function whyNoThreads(): string | undefined {
  if (typeof SharedArrayBuffer === 'undefined' || globalThis.crossOriginIsolated === false) {
    return 'the page is not cross-origin isolated, so there is no SharedArrayBuffer';
  }
  if (!nodeThreads() && typeof Worker === 'undefined') return 'this environment has no workers';
  return undefined;
}

/** The cores that this process may use. */
export function availableThreads(): number {
  const os = globalThis.process?.getBuiltinModule?.('node:os');
  return os ? os.availableParallelism() : (globalThis.navigator?.hardwareConcurrency ?? 1);
}

/**
 * Starts a worker, in Node or in a browser. It does not keep the process alive once it has started.
 *
 * Rejects with the reason when it does not start.
 */
export function startWorker(data: ThreadData): Promise<StartedWorker> {
  const threads = nodeThreads();
  return threads ? startInNode(threads, data) : startInBrowser(data);
}

/** Node's threads, without an import that a bundler for browsers would stumble over. */
function nodeThreads() {
  return globalThis.process?.getBuiltinModule?.('node:worker_threads');
}

type NodeThreads = NonNullable<ReturnType<typeof nodeThreads>>;

function startInNode({ Worker }: NodeThreads, data: ThreadData): Promise<StartedWorker> {
  return started((settle) => {
    const worker = new Worker(THREAD, { eval: true, workerData: data, execArgv: [] });
    worker.once('message', () => {
      worker.unref();
      settle();
    });
    worker.once('error', settle);
    return () => void worker.terminate();
  });
}

function startInBrowser(data: ThreadData): Promise<StartedWorker> {
  return started((settle) => {
    const url = URL.createObjectURL(new Blob([THREAD], { type: 'text/javascript' }));
    const worker = new Worker(url);
    worker.onmessage = () => settle();
    worker.onerror = (event) => settle(new Error(event.message || 'the worker could not be loaded'));
    worker.postMessage(data);
    return () => {
      URL.revokeObjectURL(url);
      worker.terminate();
    };
  });
}

/** `begin` gives the function that ends the worker and settles, without an error when the worker has started. */
function started(begin: (settle: (error?: unknown) => void) => () => void): Promise<StartedWorker> {
  return new Promise((resolve, reject) => {
    const end = begin((error) => {
      clearTimeout(timer);
      if (error === undefined) {
        resolve({ end });
      } else {
        end();
        reject(error);
      }
    });
    const timer = setTimeout(() => {
      end();
      reject(new Error('it took too long'));
    }, PATIENCE);
  });
}
