import { UnavailableError } from '@sntk/errors';
import { matmul, prepare, tensor, toArray } from '@sntk/linalg';
import { describe, expect, it } from 'vitest';
import { wasmBackend, wasmMemoryInUse } from '../src/index.ts';
import { wasmRuntime } from '../src/runtime.ts';
import { numbers } from './support.ts';

const backend = wasmBackend();
const { kernels, heap } = wasmRuntime();

/** An address near the end of what 32 bits reach, where no memory is. */
const NOWHERE = 0xffff0000;

function trap(): void {
  kernels.packColumns64(64, 64, 0, 64, NOWHERE, 64, false, NOWHERE);
}

describe('a trap in a kernel', () => {
  it('is an error of the toolkit that names the kernel and keeps the cause', () => {
    expect(trap).toThrow(UnavailableError);
    expect(trap).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/^wasm packColumns64: the kernel stopped \(.*out of bounds/),
        cause: expect.any(WebAssembly.RuntimeError),
      }),
    );
  });

  it('leaves prepared matrices and gives the same results afterwards', () => {
    const a = tensor(numbers(60 * 60, 1), { backend, shape: [60, 60] });
    const prepared = prepare(a);
    const before = toArray(prepared.times(a)).slice();
    const used = wasmMemoryInUse();
    expect(trap).toThrow(UnavailableError);
    expect(wasmMemoryInUse()).toBe(used);
    expect(toArray(prepared.times(a))).toEqual(before);
    expect(toArray(matmul(a, a))).toEqual(before);
    prepared.dispose();
  });

  it('restores the tables of the module, should the kernel have written over them', () => {
    const request = () => {
      const [nngp, ntk] = [new Float64Array(64), new Float64Array(64)];
      const ones = new Float64Array(8).fill(1);
      backend.fused?.reluRecursion?.({
        rows: 8,
        columns: 8,
        firstNngp: numbers(64, 2),
        rowVariances: ones,
        columnVariances: ones,
        weightVariances: [2],
        biasVariances: [0],
        nngp,
        ntk,
      });
      return [nngp, ntk];
    };
    const before = request();
    // Nothing is in use, so the first address that is free lies right behind the tables; those start at 1024.
    const end = heap.allocate('test', 64);
    heap.free(end);
    heap.f64().fill(Number.NaN, 1024 / 8, end / 8);
    expect(request()[0].some((x) => Number.isNaN(x))).toBe(true);
    expect(trap).toThrow(UnavailableError);
    expect(request()).toEqual(before);
  });
});
