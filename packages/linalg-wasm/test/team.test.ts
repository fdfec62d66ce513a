import { Worker } from 'node:worker_threads';
import { UnavailableError } from '@sntk/errors';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { withWork } from '../src/operands.ts';
import { multiply, productBytes } from '../src/product.ts';
import { type SharedRuntime, sharedRuntime } from '../src/runtime.ts';
import { createShared, soloTeam, type WorkerTeam, workerTeam } from '../src/team.ts';
import { DONE, LIMIT, RECORDS } from '../src/thread.ts';
import { startWorker } from '../src/workers.ts';

/** A team on plain functions, whose only worker does nothing. */
function lazyTeam(log: number[][], start = 0): WorkerTeam<'note'> {
  const shared = createShared();
  shared.control.fill(start, 0, DONE + 1);
  const team = workerTeam({ note: (...args: number[]) => log.push(args) }, ['note'], shared, 2);
  team.join({ end: () => {} });
  return team;
}

const opened: { dispose(): void }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.dispose();
});

async function twoThreads(): Promise<SharedRuntime> {
  const runtime = sharedRuntime('plain', 2);
  opened.push(runtime);
  runtime.team.join(await startWorker(runtime.threadData(1)));
  return runtime;
}

/** Waits until the worker has done all that was started, without helping it. */
async function untilDone({ threadData }: SharedRuntime): Promise<void> {
  const { control } = threadData(1);
  for (let wait = 0; control[LIMIT] !== control[DONE]; wait++) {
    if (wait > 1000) throw new Error('the worker did not do it');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** An address near the end of what 32 bits reach, where no memory is. */
const NOWHERE = 0xffff0000;

describe('a team', () => {
  it('carries out every call once, with the work space last', () => {
    for (const one of [
      (log: number[][]) => soloTeam({ note: (...args: number[]) => log.push(args) }),
      lazyTeam,
    ]) {
      const log: number[][] = [];
      one(log).run({ kernel: 'note', calls: [[1, 2], [3], []], work: { at: 640, bytes: 64 } });
      expect(log).toEqual([[1, 2, 640], [3, 640], [640]]);
    }
  });

  it('carries out more calls than there are records', () => {
    const log: number[][] = [];
    const calls = Array.from({ length: 2 * RECORDS + 5 }, (_, at) => [at]);
    lazyTeam(log).run({ kernel: 'note', calls });
    expect(log).toEqual(calls);
  });

  it('multiplies on as many threads as there may be, a product that is cut both ways', () => {
    const runtime = sharedRuntime('plain', 64);
    opened.push(runtime);
    for (let thread = 1; thread < 64; thread++) runtime.team.join({ end: () => {} });
    const n = 40 * 64;
    const { heap } = runtime;
    const [a, c] = [heap.allocate('test', n * 8), heap.allocate('test', n * n * 8)];
    heap.f64().fill(1, a / 8, a / 8 + n);
    heap.f64().fill(0, c / 8, c / 8 + n * n);
    const work = heap.allocate('test', productBytes(runtime, 8, n, n, 1));
    const factors = { a, lda: 1, transposeA: false, b: a, ldb: n, transposeB: false, c, ldc: n };
    multiply(runtime, 8, { m: n, n, k: 1, ...factors }, work);
    expect(
      heap
        .f64()
        .subarray(c / 8, c / 8 + n * n)
        .every((x) => x === 1),
    ).toBe(true);
  });

  it('counts calls past the largest 32-bit integer', () => {
    const log: number[][] = [];
    const team = lazyTeam(log, 2 ** 31 - 2);
    for (let job = 0; job < 3; job++)
      team.run({
        kernel: 'note',
        calls: [
          [job, 0],
          [job, 1],
          [job, 2],
        ],
      });
    expect(log).toEqual([0, 1, 2].flatMap((job) => [0, 1, 2].map((call) => [job, call])));
  });

  it('leaves calls to its worker until it is told to finish', async () => {
    const runtime = await twoThreads();
    const at = runtime.heap.allocate('test', 2 * 8 * 8 * 8);
    runtime.heap.f64().fill(7, at / 8, at / 8 + 64);
    const calls = [0, 1].map(() => [8, 8, 0, 8, at, 8, 0, at + 512]);
    runtime.team.start({ kernel: 'packColumns64', calls });
    await untilDone(runtime);
    expect(runtime.heap.f64()[at / 8 + 64]).toBe(7);
    runtime.team.finish();
  });

  it('reports a trap in a worker as an error of the toolkit, and works on', async () => {
    const runtime = await twoThreads();
    const calls = [0, 1].map(() => [64, 64, 0, 64, NOWHERE, 64, 0, NOWHERE]);
    runtime.team.start({ kernel: 'packColumns64', calls });
    await untilDone(runtime);
    const finish = (): void => runtime.team.finish();
    expect(finish).toThrow(UnavailableError);
    expect(finish).not.toThrow();
    runtime.team.start({ kernel: 'packColumns64', calls });
    await untilDone(runtime);
    expect(finish).toThrow('wasm packColumns64: the kernel stopped in a worker');
  });

  it('does the next job alone after a worker has kept it waiting, and then asks again', async () => {
    const shared = createShared();
    const { control } = shared;
    const owed = new Int32Array(new SharedArrayBuffer(4));
    // Takes a call when it is owed one, and ends it long after the other calls are done.
    const slow = new Worker(
      `const { control, owed } = require('node:worker_threads').workerData;
      for (;;) {
        Atomics.wait(owed, 0, 0);
        Atomics.add(control, 0, 1);
        Atomics.store(owed, 0, 0);
        Atomics.notify(owed, 0);
        Atomics.wait(owed, 0, 0);
        Atomics.store(owed, 0, 0);
        Atomics.wait(owed, 0, 0, 300);
        Atomics.add(control, 2, 1);
        Atomics.notify(control, 2);
      }`,
      { eval: true, workerData: { control, owed } },
    );
    opened.push({ dispose: () => void slow.terminate() });
    const tell = (): void => {
      Atomics.store(owed, 0, 1);
      Atomics.notify(owed, 0);
    };
    const own: number[] = [];
    const note = (job: number, call: number, shares: number): void => {
      own.push(10 * job + call);
      if (shares === 1) tell();
    };
    const team = workerTeam({ note }, ['note'], shared, 2);
    team.join({ end: () => {} });
    for (const [job, shares] of [1, 0, 1].entries()) {
      team.start({ kernel: 'note', calls: [0, 1].map((call) => [job, call, shares]) });
      if (shares === 1) {
        tell();
        while (Atomics.load(owed, 0) === 1) Atomics.wait(owed, 0, 1);
      }
      team.finish();
    }
    expect(own).toEqual([1, 10, 11, 21]);
    expect(team.threads).toBe(2);
  });

  it('forgives a process that was stopped, which clocks and timers took for a long wait', () => {
    const log: number[][] = [];
    const shared = createShared();
    const { control } = shared;
    const team = workerTeam({ note: (...args: number[]) => log.push(args) }, ['note'], shared, 2);
    team.join({ end: () => {} });
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 10_000));
    let waits = 0;
    const sleep = vi.spyOn(Atomics, 'wait').mockImplementation(() => {
      // The first tells whether this thread may sleep at all; the worker comes back in the third.
      if (waits++ === 3) Atomics.add(control, DONE, 1);
      return 'timed-out';
    });
    try {
      team.start({ kernel: 'note', calls: [[0], [1]] });
      Atomics.add(control, 0, 1);
      team.finish();
    } finally {
      clock.mockRestore();
      sleep.mockRestore();
    }
    expect({ log, threads: team.threads }).toEqual({ log: [[1]], threads: 2 });
  });

  it('gives a worker work space of its own though another did not start', async () => {
    const runtime = sharedRuntime('plain', 3);
    opened.push(runtime);
    runtime.team.join(await startWorker(runtime.threadData(2)));
    const { heap } = runtime;
    const n = 256;
    const [a, c] = [heap.allocate('test', n * n * 8), heap.allocate('test', n * n * 8)];
    const work = heap.allocate('test', productBytes(runtime, 8, n, n, n));
    const behind = heap.allocate('test', 2 ** 20);
    heap.f64().fill(1, a / 8, (a + n * n * 8) / 8);
    heap.f64().fill(7, behind / 8, behind / 8 + 2 ** 17);
    const factors = { a, lda: n, transposeA: false, b: a, ldb: n, transposeB: false, c, ldc: n };
    for (let round = 0; round < 20; round++) multiply(runtime, 8, { m: n, n, k: n, ...factors }, work);
    expect(
      heap
        .f64()
        .subarray(behind / 8, behind / 8 + 2 ** 17)
        .every((x) => x === 7),
    ).toBe(true);
  });

  it('starts over alone when a worker does not come back, away from where that may write', () => {
    const runtime = sharedRuntime('plain', 2);
    opened.push(runtime);
    // A worker that takes the first call and never ends it.
    const { control } = runtime.threadData(1);
    let ended = 0;
    runtime.team.join({ end: () => ended++ });
    const places: number[] = [];
    const used = runtime.heap.inUse();
    withWork(runtime.heap, 'test', [1024], ([at]) => {
      places.push(at);
      runtime.heap.f64().fill(5, at / 8, at / 8 + 64);
      runtime.team.start({
        kernel: 'packColumns64',
        calls: [0, 1].map(() => [8, 8, 0, 8, at, 8, 0, at + 512]),
      });
      if (places.length === 1) Atomics.add(control, 0, 1);
      runtime.team.finish();
      expect(runtime.heap.f64()[at / 8 + 64]).toBe(5);
    });
    expect(places).toHaveLength(2);
    expect(places[1]).not.toBe(places[0]);
    expect(runtime.heap.inUse()).toBe(used + 1024);
    expect({ ended, threads: runtime.team.threads }).toEqual({ ended: 1, threads: 1 });
  });
});
