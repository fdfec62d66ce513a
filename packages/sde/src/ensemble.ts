import { ArgumentError, checkInteger } from '@sntk/errors';

/** A block of paths for a worker. */
export interface EnsembleBlock {
  readonly firstPath: number;
  readonly paths: number;
}

/** How an ensemble is cut up and done. */
export interface EnsembleOptions<T> {
  readonly paths: number;
  /** Paths in a block, 256 unless told. The answer does not depend on who does which block. */
  readonly blockPaths?: number;
  /** One function a worker: does a block there and brings its answer back. */
  readonly workers: readonly ((block: EnsembleBlock) => Promise<T>)[];
  /**
   * Answers of an earlier run with the same `paths` and `blockPaths`, by the number of the block: they are taken as they
   * are, so that a run that was stopped goes on where it was.
   */
  readonly answered?: ReadonlyMap<number, T>;
  /** Called with the number and the answer of every block that is done, to be kept for `answered`. */
  readonly onBlock?: (index: number, answer: T) => void;
  /** Called after every block. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Hands out no more blocks and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * The answers of all blocks of paths, in the order of the paths, from any number of workers.
 *
 * A worker's function takes the next block whenever it is free. Blocks are the same for any number of workers, and path p
 * draws from `rng.split(p)`, so joining the answers in order gives the same bits. How a worker is reached is the
 * caller's business; `@sntk/sde/node` starts threads.
 *
 * @throws ArgumentError for no workers, no paths or answers of other blocks; rejects with the first error of a worker
 *
 * @example
 * ```ts
 * import { createRng } from '@sntk/random';
 * import { integrate, runEnsemble } from '@sntk/sde';
 * import { geometricBrownianMotion } from '@sntk/sde/problems';
 *
 * const problem = geometricBrownianMotion({ rate: 0, volatility: 1 });
 * const here = async (block: { firstPath: number; paths: number }) =>
 *   integrate(problem, { method: 'milstein', x0: [1], t1: 1, steps: 10, rng: createRng(1), ...block }).final;
 * const blocks = await runEnsemble({ paths: 1000, workers: [here] });
 * console.log(blocks.map((x) => x.length)); // [ 256, 256, 256, 232 ]
 * ```
 */
export async function runEnsemble<T>(options: EnsembleOptions<T>): Promise<T[]> {
  const where = 'runEnsemble';
  const { paths, blockPaths = 256, workers, answered, onBlock, onProgress, signal } = options;
  checkInteger(where, 'options.paths', paths, 1);
  checkInteger(where, 'options.blockPaths', blockPaths, 1);
  checkInteger(where, 'options.workers.length', workers.length, 1);
  const total = Math.ceil(paths / blockPaths);
  const answers: T[] = new Array(total);
  const todo = Array.from({ length: total }, (_, index) => index).filter((index) => !answered?.has(index));
  answered?.forEach((answer, index) => {
    if (!Number.isInteger(index) || index < 0 || index >= total) {
      throw new ArgumentError({
        where,
        argument: 'options.answered',
        wanted: `of blocks 0 … ${total - 1}, as a run with the same paths and blockPaths has them`,
        got: `block ${index}`,
      });
    }
    answers[index] = answer;
  });
  let next = 0;
  let done = total - todo.length;
  let ended = false;
  signal?.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal!.reason);
    signal?.addEventListener('abort', stop, { once: true });
  });
  const work = async (worker: (block: EnsembleBlock) => Promise<T>): Promise<void> => {
    while (next < todo.length && !ended && !signal?.aborted) {
      const index = todo[next++];
      const firstPath = index * blockPaths;
      answers[index] = await worker({ firstPath, paths: Math.min(blockPaths, paths - firstPath) });
      done++;
      if (ended) return;
      onBlock?.(index, answers[index]);
      onProgress?.({ done, total });
    }
  };
  try {
    await Promise.race([Promise.all(workers.map(work)), aborted]);
  } finally {
    ended = true;
    signal?.removeEventListener('abort', stop);
  }
  return answers;
}
