import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ArgumentError, checkInteger, UnavailableError } from '@sntk/errors';
import { type EnsembleBlock, type EnsembleOptions, runEnsemble } from './ensemble.ts';

/** An ensemble whose blocks are done in threads. */
export interface ThreadOptions<T> extends Omit<EnsembleOptions<T>, 'workers'> {
  /** A module whose export `block` takes `(block, data)` and returns, or promises, an answer that can be cloned. */
  readonly module: URL;
  /** What every call of `block` gets as its second argument: plain data, such as the key of an `Rng`. */
  readonly data?: unknown;
  /** Number of threads, one a core unless told. */
  readonly threads?: number;
}

const WHERE = 'runThreads';

/** What a thread runs: it imports the module and answers block after block. */
const LOOP = `
const { parentPort, workerData } = require('node:worker_threads');
const loaded = import(workerData.module);
parentPort.on('message', async (block) => {
  try {
    const answer = await (await loaded).block(block, workerData.data);
    parentPort.postMessage({ answer });
  } catch (error) {
    parentPort.postMessage({ error });
  }
});`;

/**
 * The answers of all blocks of paths, in the order of the paths, from threads of Node: `runEnsemble` with its workers.
 *
 * Any number of threads gives the same bits. Threads end with the call, by an abort or an error too.
 *
 * @throws ArgumentError for a module that is no URL; rejects with the first error of a block
 *
 * @example
 * ```ts
 * import { runThreads } from '@sntk/sde/node';
 *
 * // Any module will do, a file of your own for one: new URL('./paths.js', import.meta.url).
 * const module = new URL('data:text/javascript,export const block = ({ firstPath, paths }) => [firstPath, paths]');
 * console.log(await runThreads({ module, paths: 500, threads: 2 })); // [ [ 0, 256 ], [ 256, 244 ] ]
 * ```
 */
export async function runThreads<T>(options: ThreadOptions<T>): Promise<T[]> {
  const { module, data, threads = availableParallelism(), ...rest } = options;
  if (!(module instanceof URL)) {
    throw new ArgumentError({
      where: WHERE,
      argument: 'options.module',
      wanted: 'a URL, such as new URL("./paths.js", import.meta.url)',
      got: module,
    });
  }
  checkInteger(WHERE, 'options.threads', threads, 1);
  const pool = Array.from(
    { length: threads },
    () => new Worker(LOOP, { eval: true, workerData: { module: module.href, data } }),
  );
  const workers = pool.map((worker) => {
    let asked: { resolve(answer: T): void; reject(error: unknown): void } | undefined;
    // A thread may end while it has no block: what ended it is kept for its next one, if there is any.
    let lost: { readonly error: unknown } | undefined;
    const lose = (error: unknown): void => {
      lost ??= { error };
      asked?.reject(lost.error);
    };
    worker.on('message', (reply: { answer?: T; error?: unknown }) =>
      'error' in reply ? asked?.reject(reply.error) : asked?.resolve(reply.answer as T),
    );
    worker.on('error', lose);
    worker.on('exit', () => lose(new UnavailableError(WHERE, 'a thread ended before its block was done')));
    return (block: EnsembleBlock): Promise<T> =>
      new Promise<T>((resolve, reject) => {
        asked = { resolve, reject };
        if (lost) reject(lost.error);
        else worker.postMessage(block);
      });
  });
  try {
    return await runEnsemble<T>({ ...rest, workers });
  } finally {
    await Promise.all(pool.map((worker) => worker.terminate()));
  }
}
