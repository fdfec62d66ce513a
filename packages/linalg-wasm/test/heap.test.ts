import { UnavailableError } from '@sntk/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHeap } from '../src/heap.ts';

const PAGE = 65536;

describe('the heap', () => {
  test('keeps what is stored in live allocations, whatever is allocated and freed around them', () => {
    const step = fc.oneof(
      fc.record({ size: fc.integer({ min: 0, max: 3000 }) }),
      fc.record({ drop: fc.nat({ max: 50 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const memory = new WebAssembly.Memory({ initial: 1 });
        const heap = createHeap(memory, 1000);
        const live: { address: number; length: number; stamp: number }[] = [];
        steps.forEach((one, stamp) => {
          if ('size' in one) {
            const address = heap.allocate('test', one.size);
            expect(address % 64).toBe(0);
            expect(address).toBeGreaterThanOrEqual(1000);
            heap.f32().fill(stamp, address / 4, address / 4 + (one.size >> 2));
            live.push({ address, length: one.size >> 2, stamp });
          } else if (live.length > 0) {
            const [gone] = live.splice(one.drop % live.length, 1);
            heap.free(gone.address);
          }
          for (const { address, length, stamp: own } of live) {
            const stored = heap.f32().subarray(address / 4, address / 4 + length);
            expect(stored.every((x) => x === own)).toBe(true);
          }
        });
        for (const { address } of live) heap.free(address);
        expect(heap.inUse()).toBe(0);
        // All free ranges have merged into one.
        const pages = memory.buffer.byteLength;
        heap.allocate('test', pages - 1024);
        expect(memory.buffer.byteLength).toBe(pages);
      }),
      { numRuns: 60 },
    );
  });

  test('uses freed memory again instead of growing', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const heap = createHeap(memory, 0);
    for (let i = 0; i < 100; i++) heap.free(heap.allocate('test', 5 * PAGE));
    expect(memory.buffer.byteLength).toBe(5 * PAGE);
  });

  test('gives views of the present buffer after growth', () => {
    const heap = createHeap(new WebAssembly.Memory({ initial: 1 }), 0);
    const first = heap.allocate('test', 800);
    heap.f64()[first / 8] = 42;
    const second = heap.allocate('test', 3 * PAGE);
    heap.f64()[second / 8] = 43;
    expect(heap.f64()[first / 8]).toBe(42);
    expect(heap.f64()[second / 8]).toBe(43);
  });

  test('names the size when memory is exhausted, and works on', () => {
    const heap = createHeap(new WebAssembly.Memory({ initial: 1, maximum: 20 }), 0);
    const kept = heap.allocate('test', PAGE);
    heap.f64()[kept / 8] = 42;
    expect(() => heap.allocate('matmul', 2 ** 21)).toThrow(UnavailableError);
    expect(() => heap.allocate('matmul', 2 ** 21)).toThrow(
      'matmul: WebAssembly memory cannot hold 2.0 MB more; 0.1 MB are in use',
    );
    const after = heap.allocate('test', 10 * PAGE);
    heap.f64().fill(1, after / 8, (after + 10 * PAGE) / 8);
    expect(heap.f64()[kept / 8]).toBe(42);
  });

  test('refuses sizes beyond the 4 GB of WebAssembly', () => {
    const heap = createHeap(new WebAssembly.Memory({ initial: 1 }), 0);
    expect(() => heap.allocate('prepare', 2 ** 33)).toThrow('8192.0 MB');
  });

  test('notices an address that is freed twice', () => {
    const heap = createHeap(new WebAssembly.Memory({ initial: 1 }), 0);
    const address = heap.allocate('test', 8);
    heap.free(address);
    expect(() => heap.free(address)).toThrow(RangeError);
  });
});
