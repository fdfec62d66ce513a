import { UnavailableError } from '@sntk/errors';
import type { FloatArray } from '@sntk/linalg';
import type { Heap } from './heap.ts';

/** A view of numbers in WASM memory. Any allocation may detach it, so views are taken where they are used. */
export function f64(heap: Heap, address: number, length: number): Float64Array {
  return new Float64Array(heap.memory.buffer, address, length);
}

export function f32(heap: Heap, address: number, length: number): Float32Array {
  return new Float32Array(heap.memory.buffer, address, length);
}

/** A view of numbers in the format of `like`. */
export function viewLike(heap: Heap, like: FloatArray, address: number, length: number): FloatArray {
  return like instanceof Float64Array ? f64(heap, address, length) : f32(heap, address, length);
}

/** Copies a block of a row-major matrix with rows of `stride` entries to `address`, closing the gaps. */
export function copyIn(
  heap: Heap,
  address: number,
  from: FloatArray,
  stride: number,
  row: number,
  rows: number,
  column: number,
  columns: number,
): void {
  const to = viewLike(heap, from, address, rows * columns);
  if (columns === stride) {
    to.set(from.subarray(row * stride, (row + rows) * stride));
    return;
  }
  for (let i = 0; i < rows; i++) {
    const start = (row + i) * stride + column;
    to.set(from.subarray(start, start + columns), i * columns);
  }
}

/** Copies a block without gaps at `address` to its place in a row-major matrix. */
export function copyOut(
  heap: Heap,
  address: number,
  to: FloatArray,
  stride: number,
  row: number,
  rows: number,
  column: number,
  columns: number,
): void {
  const from = viewLike(heap, to, address, rows * columns);
  if (columns === stride) {
    to.set(from, row * stride);
    return;
  }
  for (let i = 0; i < rows; i++) {
    to.set(from.subarray(i * columns, (i + 1) * columns), (row + i) * stride + column);
  }
}

/** Runs `use` with one allocation for each of `bytes`, which are given back whatever happens. */
export function withWork(
  heap: Heap,
  where: string,
  bytes: readonly number[],
  use: (addresses: readonly number[]) => void,
): void {
  const offsets: number[] = [];
  let total = 0;
  for (const size of bytes) {
    offsets.push(total);
    total += Math.ceil(size / 64) * 64;
  }
  const start = heap.allocate(where, total);
  try {
    use(offsets.map((offset) => start + offset));
  } finally {
    heap.free(start);
  }
}

/** What using a resource after `dispose` throws. */
export function disposed(where: string, what: string): UnavailableError {
  return new UnavailableError(where, `this ${what} was disposed`);
}
