import {
  type Backend,
  cholesky,
  eigh,
  matmul,
  prepare,
  solveTriangular,
  syrk,
  type Tensor,
  tensor,
} from '@sntk/linalg';
import { afterAll, describe, expect, test } from 'vitest';
import { createBackend } from '../src/backend.ts';
import { type Runtime, sharedRuntime } from '../src/runtime.ts';
import { startWorker } from '../src/workers.ts';
import { numbers } from './support.ts';

/** What stands behind an allocation, and must still stand there after it was used. */
const SENTINEL = 12345.678;
const LENGTH = 2048;

/** Runs `job` with each of its allocations in turn right before a row of sentinels; gives how many were overwritten. */
function overwritten({ heap }: Runtime, job: () => void): number {
  const { allocate } = heap;
  const sizes = new Set<number>();
  heap.allocate = (where, bytes) => {
    sizes.add(bytes);
    return allocate(where, bytes);
  };
  job();
  heap.allocate = allocate;
  let gone = 0;
  for (const bytes of sizes) {
    const hole = allocate('test', bytes);
    const behind = allocate('test', LENGTH * 8);
    heap.f64().fill(SENTINEL, behind / 8, behind / 8 + LENGTH);
    // The first place that is large enough for the job is the one before the sentinels.
    heap.free(hole);
    job();
    for (const x of heap.f64().subarray(behind / 8, behind / 8 + LENGTH)) if (x !== SENTINEL) gone++;
    heap.free(behind);
  }
  return gone;
}

const THREADS = 3;
const shared = sharedRuntime('plain', THREADS);
for (let thread = 1; thread < THREADS; thread++)
  shared.team.join(await startWorker(shared.threadData(thread)));
const solo = sharedRuntime('plain', 1);
afterAll(() => shared.dispose());

describe.each([
  ['one thread', solo],
  ['three threads', shared],
])('kernels on %s write nothing behind what they asked for', (_, runtime) => {
  const backend: Backend = createBackend('bounds', runtime);
  const put = (rows: number, columns: number, seed: number, single = false): Tensor => {
    const entries = numbers(rows * columns, seed);
    return tensor(single ? Float32Array.from(entries) : entries, { backend, shape: [rows, columns] });
  };

  test.each([48, 65, 130, 257])('factorizations of size %d', (n) => {
    const symmetric = syrk(put(n, n, 1));
    expect(overwritten(runtime, () => void eigh(symmetric))).toBe(0);
    const entries = Float64Array.from({ length: n * n }, (_, i) =>
      i % (n + 1) === 0 ? n : 1 / (1 + (i % 7)),
    );
    const definite = tensor(entries, { backend, shape: [n, n] });
    expect(overwritten(runtime, () => void cholesky(definite))).toBe(0);
    const { L } = cholesky(definite);
    for (const p of [3, 8, 65]) {
      const B = put(n, p, 2);
      for (const transpose of [false, true])
        expect(overwritten(runtime, () => void solveTriangular(L, B, { transpose }))).toBe(0);
    }
  });

  test.each([
    [17, 17, 17],
    [2, 300, 3],
    [65, 63, 130],
    [1537, 5, 3],
    [33, 1600, 34],
  ])('products of %d × %d and %d columns', (m, k, n) => {
    for (const single of [false, true]) {
      const [A, B] = [put(m, k, 3, single), put(k, n, 4, single)];
      expect(overwritten(runtime, () => void matmul(A, B))).toBe(0);
      expect(overwritten(runtime, () => void matmul(B, A, { transposeA: true, transposeB: true }))).toBe(0);
      expect(overwritten(runtime, () => void syrk(A))).toBe(0);
      const again = (): void => {
        const kept = prepare(A);
        kept.times(B);
        kept.dispose();
      };
      expect(overwritten(runtime, again)).toBe(0);
    }
  });

  test.each([1, 7, 33])('chains with %d rows', (rows) => {
    const widths = [3, 65, 18, 2];
    const layers = widths.slice(1).map((outputs, l) => ({
      inputs: widths[l],
      outputs,
      weightScale: 1,
      biasScale: 1,
      ...(l < 2 ? { activation: { name: `of ${l}`, value: Math.abs, derivative: Math.sign } } : {}),
    }));
    const count = layers.reduce((sum, { inputs, outputs }) => sum + (inputs + 1) * outputs, 0);
    const rule = { kind: 'adam', beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1 } as const;
    const job = (): void => {
      const chain = backend.fused!.denseChain!({
        layers,
        parameters: numbers(count, 5),
        maxRows: rows,
        rule,
      });
      chain.forward(numbers(rows * 3, 6), rows);
      chain.descend(numbers(rows * 2, 7), 0.01);
      chain.dispose();
    };
    expect(overwritten(runtime, job)).toBe(0);
  });

  test.each([
    [17, 33],
    [40, 1030],
    [3, 9000],
  ])('the ReLU recursion of %d × %d pairs', (rows, columns) => {
    const request = {
      rows,
      columns,
      firstNngp: numbers(rows * columns, 8),
      rowVariances: new Float64Array(2 * rows).fill(1),
      columnVariances: new Float64Array(2 * columns).fill(1),
      weightVariances: [2, 2],
      biasVariances: [0, 0],
      nngp: new Float64Array(rows * columns),
      ntk: new Float64Array(rows * columns),
    };
    expect(overwritten(runtime, () => backend.fused!.reluRecursion!(request))).toBe(0);
  });
});
