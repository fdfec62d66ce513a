import {
  checkMinibatchPaths,
  checkMinibatchSteps,
  type MinibatchPaths,
  type MinibatchPathsRequest,
} from '@sntk/linalg/extending';
import { roundUp } from './cut.ts';
import { disposed, withWork } from './operands.ts';
import type { Runtime } from './runtime.ts';
import { RECORDS } from './thread.ts';

/** Numbers that a vector is filled up to a multiple of: four to a step of the kernel, eight to a cache line. */
const LINE = 8;
/** Calls for each thread, so that threads end together. */
const CALLS = 16;
/** Products of a row's entries that a call has at most, where it can be cut: some ten milliseconds. */
const PRODUCTS = 2 ** 25;

/** Paths under noise on minibatches, MATH (30b) and (31), on the kernel in `assembly/minibatch-paths.ts`. */
export function wasmMinibatchPaths({
  heap,
  team,
}: Runtime): (request: MinibatchPathsRequest) => MinibatchPaths {
  return (request) => {
    checkMinibatchPaths(request);
    const { size: N, outputs: O, paths, matrix, values, start } = request;
    // An odd number of cache lines: rows a multiple of a page apart would meet in the same places of the cache.
    const width = ((roundUp(N, LINE) / LINE) | 1) * LINE;
    const bytes = 8 * width;
    // The matrix, Λ, c_0 and the paths.
    const offsets = [0, N * bytes, (N + 1) * bytes, (N + 1 + O) * bytes];
    const total = (N + 1 + O + paths * O) * bytes;
    let resident: number | undefined = heap.allocate('minibatchPaths', total);
    const parts = (of: string): readonly number[] => {
      const at = resident;
      if (at === undefined) throw disposed(`MinibatchPaths.${of}`, 'ensemble');
      return offsets.map((offset) => at + offset);
    };
    /** Writes `[N, columns]` as vectors of each column. */
    const put = (address: number, entries: Float64Array, columns: number): void => {
      const memory = heap.f64();
      for (let o = 0, to = address / 8; o < columns; o++, to += width) {
        for (let j = 0; j < N; j++) memory[to + j] = entries[j * columns + o];
        memory.fill(0, to + N, to + width);
      }
    };
    const pathsOfCall = (products: number): number => {
      const even = Math.ceil(paths / (CALLS * team.threads));
      return Math.max(Math.ceil(paths / RECORDS), Math.min(even, Math.ceil(PRODUCTS / products)));
    };
    const [atMatrix, atValues, atStart] = parts('advance');
    heap.f64().fill(0, atMatrix / 8, (resident + total) / 8);
    for (let i = 0; i < N; i++) {
      heap.f64().set(matrix.subarray(i * N, (i + 1) * N), (atMatrix + i * bytes) / 8);
    }
    put(atValues, values, 1);
    put(atStart, start, O);

    return {
      advance(block, meanwhile) {
        const [Q, lambda, c0, state] = parts('advance');
        checkMinibatchSteps(request, block);
        const { steps, batch, examples, noise } = block;
        let beside = meanwhile;
        let failed: { path: number; step: number } | undefined;
        const count = team.threads === 1 ? paths : pathsOfCall(steps * batch * O * width);
        const work = bytes + roundUp(8 * batch, 64);
        const sizes = [bytes, O * bytes, 4 * examples.length, 8 * noise.length, 4 * paths];
        // The paths are moved aside, so that a call which a lost worker had begun can be made again.
        withWork(
          heap,
          'MinibatchPaths.advance',
          [...sizes, paths * O * bytes, team.threads * work],
          ([kept, pulled, atExamples, atNoise, atFailed, moved, atWork]) => {
            put(kept, block.kept, 1);
            put(pulled, block.pulled, O);
            const integers = new Int32Array(heap.f64().buffer);
            integers.set(examples, atExamples / 4);
            heap.f64().set(noise, atNoise / 8);
            const calls: number[][] = [];
            for (let p = 0; p < paths; p += count) {
              const kicks = p * steps * batch;
              calls.push([
                ...[bytes, O, Math.min(count, paths - p), steps, batch, Q, lambda, c0, kept, pulled],
                ...[state + p * O * bytes, moved + p * O * bytes],
                ...[atExamples + 4 * kicks, atNoise + 8 * kicks, atFailed + 4 * p],
              ]);
            }
            team.start({ kernel: 'minibatchPaths', calls, work: { at: atWork, bytes: work } });
            try {
              beside?.();
              beside = undefined;
            } finally {
              team.finish();
            }
            heap.f64().copyWithin(state / 8, moved / 8, moved / 8 + paths * O * width);
            const path = integers.subarray(atFailed / 4, atFailed / 4 + paths).findIndex((step) => step >= 0);
            failed = path < 0 ? undefined : { path, step: integers[atFailed / 4 + path] };
          },
        );
        return failed;
      },

      read() {
        const memory = heap.f64();
        const out = new Float64Array(N * O * paths);
        const state = parts('read')[3] / 8;
        for (let p = 0; p < paths; p++) {
          for (let o = 0; o < O; o++) {
            const from = state + (p * O + o) * width;
            for (let j = 0; j < N; j++) out[(j * O + o) * paths + p] = memory[from + j];
          }
        }
        return out;
      },

      dispose() {
        if (resident !== undefined) heap.free(resident);
        resident = undefined;
      },
    };
  };
}
