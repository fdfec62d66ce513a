import { ArgumentError } from '@sntk/errors';
import { createRng } from '@sntk/random';
import { describe, expect, test, vi } from 'vitest';
import { brownianIncrements, type EnsembleBlock, integrate, runEnsemble } from '../src/index.ts';
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

  test('goes on from the blocks of a run that was stopped, with the same bits', async () => {
    const whole = integrate(problem, { ...common, paths: 50 }).final;
    const controller = new AbortController();
    const answered = new Map<number, Float64Array>();
    const options = { paths: 50, blockPaths: 10, workers: [slow(() => 1), slow(() => 2)] };
    const stopped = runEnsemble({
      ...options,
      signal: controller.signal,
      onBlock(index, answer) {
        answered.set(index, answer);
        if (answered.size === 2) controller.abort(new Error('enough'));
      },
    });
    await expect(stopped).rejects.toThrow('enough');
    expect(answered.size).toBe(2);
    const seen: number[] = [];
    const done: number[] = [];
    const blocks = await runEnsemble({
      ...options,
      answered,
      onBlock: (index) => done.push(index),
      onProgress: ({ done: count }) => seen.push(count),
    });
    expect(blocks.flatMap((x) => [...x])).toEqual([...whole]);
    expect(done.filter((index) => answered.has(index))).toEqual([]);
    expect(seen).toEqual([3, 4, 5]);
    // Everything there already: nothing is asked of the workers.
    const all = new Map(blocks.map((x, index) => [index, x]));
    expect(await runEnsemble({ ...options, answered: all })).toEqual(blocks);
    const other = new Map([[5, whole]]);
    await expect(runEnsemble({ ...options, answered: other })).rejects.toThrow('block 5');
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

  test('gives the same bits as one piece for one thread and three', async () => {
    // Modules of a test are read from source by the test runner alone, so the noise is drawn here, by key.
    const module = script(`async ({ firstPath, paths }, { noise }) => {
      const out = new Float64Array(paths);
      for (let p = 0; p < paths; p++) {
        let x = 1;
        for (const w of noise[firstPath + p]) x += 0.1 * x * 0.125 + 0.3 * x * w;
        out[p] = x;
      }
      return out;
    }`);
    const source = brownianIncrements({ rng, noiseDimension: 1, paths: 30, step: 0.125 });
    const steps = Array.from({ length: 8 }, (_, k) => {
      const dW = new Float64Array(30);
      source(k, dW);
      return dW;
    });
    const noise = Array.from({ length: 30 }, (_, p) => steps.map((dW) => dW[p]));
    const whole = integrate(problem, { ...common, method: 'eulerMaruyama', paths: 30 }).final;
    const runs = [1, 3].map((threads) =>
      runThreads<Float64Array>({ module, data: { noise }, paths: 30, blockPaths: 4, threads }),
    );
    const [one, three] = (await Promise.all(runs)).map((blocks) => blocks.flatMap((x) => [...x]));
    expect(three).toEqual(one);
    for (let p = 0; p < 30; p++) expect(Math.abs(one[p] - whole[p])).toBeLessThan(1e-14);
  });

  test('outlives the error of a thread that has no block', async () => {
    const module = script(`async ({ paths }) => {
      busy = true;
      await new Promise((resolve) => setTimeout(resolve, 400));
      return paths;
    };
    let busy = false;
    setTimeout(() => { if (!busy) throw new Error('idle'); }, 50);`);
    const uncaught = vi.fn();
    process.on('uncaughtException', uncaught);
    try {
      expect(await runThreads({ module, paths: 4, threads: 2 })).toEqual([4]);
    } finally {
      process.off('uncaughtException', uncaught);
    }
    expect(uncaught).not.toHaveBeenCalled();
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
