import { UnavailableError } from '@sntk/errors';
import { roundUp } from './cut.ts';

/** Allocations in a WebAssembly memory. Addresses are multiples of 64, a cache line. */
export interface Heap {
  /** The whole memory as float64 or float32 numbers. Any allocation may replace it, so it is asked for where it is used. */
  f64(): Float64Array;
  f32(): Float32Array;
  /** The address of `bytes` bytes, not cleared. Throws UnavailableError, naming `where`, when memory is exhausted. */
  allocate(where: string, bytes: number): number;
  /** Gives an allocation back. */
  free(address: number): void;
  /** Bytes allocated and not given back. */
  inUse(): number;
}

const LINE = 64;
const PAGE = 65536;

/** A heap over `memory` from the address `base` on: first fit in a list of free ranges, which merge when they touch. */
export function createHeap(memory: WebAssembly.Memory, base: number): Heap {
  const sizes = new Map<number, number>();
  // Free ranges in ascending order, never adjacent to each other.
  const free: { start: number; end: number }[] = [];
  let end = roundUp(base, LINE);
  let used = 0;
  let whole64 = new Float64Array(memory.buffer);
  let whole32 = new Float32Array(memory.buffer);

  /** Makes the free range that ends at the memory's end at least `bytes` long. */
  function grow(where: string, bytes: number): void {
    const last = free.at(-1);
    const start = last?.end === end ? last.start : end;
    const missing = start + bytes - memory.buffer.byteLength;
    if (missing > 0) {
      try {
        memory.grow(Math.ceil(missing / PAGE));
      } catch (cause) {
        throw new UnavailableError(
          where,
          `WebAssembly memory cannot hold ${megabytes(bytes)} more; ${megabytes(used)} are in use`,
          { cause },
        );
      }
    }
    end = memory.buffer.byteLength;
    // Growth detaches the old buffer and with it every view.
    whole64 = new Float64Array(memory.buffer);
    whole32 = new Float32Array(memory.buffer);
    if (start === last?.start) last.end = end;
    else free.push({ start, end });
  }

  return {
    f64: () => whole64,
    f32: () => whole32,
    allocate(where, bytes) {
      const size = Math.max(LINE, roundUp(bytes, LINE));
      let at = free.findIndex((range) => range.end - range.start >= size);
      if (at < 0) {
        grow(where, size);
        at = free.length - 1;
      }
      const range = free[at];
      const address = range.start;
      range.start += size;
      if (range.start === range.end) free.splice(at, 1);
      sizes.set(address, size);
      used += size;
      return address;
    },
    free(address) {
      const size = sizes.get(address);
      if (size === undefined) throw new RangeError(`nothing is allocated at ${address}`);
      sizes.delete(address);
      used -= size;
      let at = free.findIndex((range) => range.start > address);
      if (at < 0) at = free.length;
      free.splice(at, 0, { start: address, end: address + size });
      mergeWithNext(free, at);
      if (at > 0) mergeWithNext(free, at - 1);
    },
    inUse: () => used,
  };
}

function mergeWithNext(free: { start: number; end: number }[], at: number): void {
  const next = free[at + 1];
  if (next?.start !== free[at].end) return;
  free[at].end = next.end;
  free.splice(at + 1, 1);
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
