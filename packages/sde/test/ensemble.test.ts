import { ArgumentError } from '@sntk/errors';
import { createRng } from '@sntk/random';
import { describe, expect, test } from 'vitest';
import { type EnsembleBlock, integrate, runEnsemble } from '../src/index.ts';
import { runThreads } from '../src/node.ts';
import { geometricBrownianMotion } from '../src/problems.ts';

const problem = geometricBrownianMotion({ rate: 0.1, volatility: 0.3 });
const rng = createRng('ensemble');
const common = { method: 'sriw1', x0: [1], t1: 1, steps: 8, rng } as const;

/** A worker that answers after a while of its own. */
const slow =
  (delay: (block: EnsembleBlock) => number) =>
  async (block: EnsembleBlock): Promise<Float64Array> => {
    await new Promise((resolve) => setTimeout(resolve, delay(block)));
    return integrate(problem, { ...common, ...block }).final;
  };

const script = (body: string): URL =>
  new URL(`data:text/javascript,${encodeURIComponent(`export const block = ${body}`)}`);

describe('runEnsemble', () => {
  test('gives the same bits for any number of workers, blocks of any size, and in one piece', async () => {
    const whole = integrate(problem, { ...common, paths: 103 }).final;
    for (const [count, blockPaths] of [
      [1, 256],
      [1, 10],
      [3, 10],
      [5, 7],
    ]) {
      const workers = Array.from({ length: count }, (_, w) =>
        slow(({ firstPath }) => (firstPath * 7 + w) % 5),
      );
      const blocks = await runEnsemble({ paths: 103, blockPaths, workers });
      expect(blocks.flatMap((x) => [...x])).toEqual([...whole]);
    }
  });

  test('tells of progress, and hands out nothing after an abort or an error', async () => {
    const seen: number[] = [];
    await runEnsemble({
      paths: 50,
      blockPaths: 10,
      workers: [slow(() => 0), slow(() => 1)],
      onProgress: ({ done, total }) => seen.push(done / total),
    });
    expect(seen).toEqual([0.2, 0.4, 0.6, 0.8, 1]);
    const controller = new AbortController();
    const reason = new Error('enough');
    let started = 0;
    const counting = async (): Promise<number> => {
      if (++started === 3) controller.abort(reason);
      return started;
    };
    const options = { paths: 100, blockPaths: 1, workers: [counting] };
    await expect(runEnsemble({ ...options, signal: controller.signal })).rejects.toBe(reason);
    expect(started).toBe(3);
    await expect(runEnsemble({ ...options, signal: controller.signal })).rejects.toBe(reason);
    const failing = async (): Promise<number> => {
      throw reason;
    };
    await expect(runEnsemble({ ...options, workers: [failing] })).rejects.toBe(reason);
    await expect(runEnsemble({ ...options, workers: [] })).rejects.toThrow(ArgumentError);
    await expect(runEnsemble({ ...options, paths: 0 })).rejects.toThrow('options.paths');
  });
});

describe('runThreads', () => {
  test('brings the blocks back in order from any number of threads, with the data', async () => {
    const module = script(
      'async ({ firstPath, paths }, { scale }) => Float64Array.of(scale * firstPath, paths)',
    );
    const run = (threads: number): Promise<Float64Array[]> =>
      runThreads({ module, data: { scale: 2 }, paths: 35, blockPaths: 10, threads });
    const expected = [
      [0, 10],
      [20, 10],
      [40, 10],
      [60, 5],
    ];
    for (const threads of [1, 3]) expect((await run(threads)).map((x) => [...x])).toEqual(expected);
  });

  test('passes on the error of a block and the loss of a thread, and ends on an abort', async () => {
    const options = { paths: 4, blockPaths: 1, threads: 2 };
    const error = script('() => { throw new RangeError("too far") }');
    await expect(runThreads({ ...options, module: error })).rejects.toThrow('too far');
    const lost = script('() => { process.exit() }');
    await expect(runThreads({ ...options, module: lost })).rejects.toThrow('before its block was done');
    const endless = script('() => { for (;;); }');
    const reason = new Error('enough');
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 100);
    await expect(runThreads({ ...options, module: endless, signal: controller.signal })).rejects.toBe(reason);
    await expect(runThreads({ ...options, module: 'here.js' as unknown as URL })).rejects.toThrow('a URL');
    await expect(runThreads({ ...options, module: error, threads: 0 })).rejects.toThrow('options.threads');
  });
});
