import type { ReluRecursionRequest } from '@sntk/linalg/extending';
import type { Heap } from './heap.ts';

/** A group of rows of pairs in WASM memory. */
export interface Pairs {
  readonly row: number;
  readonly rows: number;
  /** Addresses of both kernels, rows `width` apart, and of what tells which rows have near pairs. */
  readonly k: number;
  readonly t: number;
  readonly near: number;
}

/** Copies groups of rows of a request between its arrays and WASM memory. */
export function pairRows(
  heap: Heap,
  request: ReluRecursionRequest,
  width: number,
): { in(pairs: Pairs): void; out(pairs: Pairs): void } {
  const { columns, firstNngp, nngp, ntk, mirrored = false } = request;
  /** How many pairs of a row are wanted. */
  const length = (row: number): number => (mirrored ? row : columns);
  return {
    in({ row, rows, k }): void {
      const memory = heap.f64();
      for (let i = 0; i < rows; i++) {
        const from = (row + i) * columns;
        memory.set(firstNngp.subarray(from, from + length(row + i)), k / 8 + i * width);
      }
    },
    out(pairs): void {
      const memory = heap.f64();
      const { row, rows, near, k, t } = pairs;
      for (let i = 0; i < rows; i++) {
        if (memory[near / 8 + i] !== 0) redo(memory, request, pairs, { i, length: length(row + i), width });
      }
      for (const [at, target] of [[k / 8, nngp] as const, [t / 8, ntk] as const]) {
        for (let i = 0; i < rows; i++) {
          const from = at + i * width;
          target.set(memory.subarray(from, from + length(row + i)), (row + i) * columns);
        }
        if (mirrored) mirror(memory, at, { row, rows, width }, target, columns);
      }
    },
  };
}

/** Replaces the near pairs of row `i` of a group, whose first NNGP is still where it was copied from. */
function redo(
  memory: Float64Array,
  request: ReluRecursionRequest,
  { row, k, t }: Pairs,
  { i, length, width }: { readonly i: number; readonly length: number; readonly width: number },
): void {
  const { columns, near, firstNngp, firstLayer = { weight: 1, bias: 0 } } = request;
  if (!near) return;
  const opposite = -near.cosine * Math.sqrt(request.rowVariances[row + i]);
  const close = near.cosine * Math.sqrt(near.rowVariances[row + i]);
  for (let j = 0; j < length; j++) {
    const at = i * width + j;
    const first = firstLayer.weight * firstNngp[(row + i) * columns + j] + firstLayer.bias;
    if (
      first >= opposite * Math.sqrt(request.columnVariances[j]) &&
      memory[k / 8 + at] <= close * Math.sqrt(near.columnVariances[j])
    )
      continue;
    const pair = near.pair(row + i, j);
    memory[k / 8 + at] = pair.nngp;
    memory[t / 8 + at] = pair.ntk;
  }
}

/** Copies rows of a lower triangle to the columns that mirror them, a cache line of eight at a time. */
function mirror(
  memory: Float64Array,
  at: number,
  { row, rows, width }: { readonly row: number; readonly rows: number; readonly width: number },
  target: Float64Array,
  size: number,
): void {
  for (let i0 = 0; i0 < rows; i0 += 8) {
    const i1 = Math.min(i0 + 8, rows);
    for (let j = 0; j < row + i1 - 1; j++) {
      const first = Math.max(i0, j + 1 - row);
      let to = j * size + row + first;
      for (let from = at + first * width + j; from < at + i1 * width; from += width)
        target[to++] = memory[from];
    }
  }
}
