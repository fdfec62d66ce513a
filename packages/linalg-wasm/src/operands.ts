import { UnavailableError } from '@sntk/errors';
import type { FloatArray } from '@sntk/linalg';
import { roundUp } from './cut.ts';
import type { Heap } from './heap.ts';
import { ThreadLost } from './team.ts';

/** The whole WASM memory as numbers of the format of `like`. */
function numbers(heap: Heap, like: FloatArray): FloatArray {
  return like instanceof Float64Array ? heap.f64() : heap.f32();
}

/** Sets `count` numbers of the format of `like` to zero. */
export function clear(heap: Heap, like: FloatArray, address: number, count: number): void {
  const start = address / like.BYTES_PER_ELEMENT;
  numbers(heap, like).fill(0, start, start + count);
}

/** A block of a row-major matrix whose stored rows have `stride` entries. */
export interface Block {
  readonly stride: number;
  readonly row: number;
  readonly rows: number;
  readonly column: number;
  readonly columns: number;
  /** Entries from one row to the next in WASM memory; `columns` unless told. */
  readonly width?: number;
}

/** Copies a block of `from` to `address`, its rows `width` apart. */
export function copyIn(heap: Heap, address: number, from: FloatArray, block: Block): void {
  const { stride, row, rows, column, columns, width = columns } = block;
  const to = numbers(heap, from);
  const target = address / from.BYTES_PER_ELEMENT;
  if (columns === stride && width === stride) {
    to.set(rows * stride === from.length ? from : from.subarray(row * stride, (row + rows) * stride), target);
    return;
  }
  for (let i = 0; i < rows; i++) {
    const start = (row + i) * stride + column;
    to.set(from.subarray(start, start + columns), target + i * width);
  }
}

/** Copies what `copyIn` would read back to its place in `to`. */
export function copyOut(heap: Heap, address: number, to: FloatArray, block: Block): void {
  const { stride, row, rows, column, columns, width = columns } = block;
  const from = numbers(heap, to);
  const source = address / to.BYTES_PER_ELEMENT;
  if (columns === stride && width === stride) {
    to.set(from.subarray(source, source + rows * columns), row * stride);
    return;
  }
  for (let i = 0; i < rows; i++) {
    const start = source + i * width;
    to.set(from.subarray(start, start + columns), (row + i) * stride + column);
  }
}

/**
 * Runs `use` with one allocation for each of `bytes`, which are given back whatever happens. When a worker is lost, what it may
 * still write to is left to it, and `use` starts over elsewhere; the team is the calling thread alone then.
 */
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
    total += roundUp(size, 64);
  }
  const start = heap.allocate(where, total);
  let lost = false;
  try {
    use(offsets.map((offset) => start + offset));
  } catch (error) {
    if (!(error instanceof ThreadLost)) throw error;
    lost = true;
  } finally {
    if (!lost) heap.free(start);
  }
  if (lost) withWork(heap, where, bytes, use);
}

/** What using a resource after `dispose` throws. */
export function disposed(where: string, what: string): UnavailableError {
  return new UnavailableError(where, `this ${what} was disposed`);
}
