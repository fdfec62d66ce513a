import type { NdArray } from 'ndarray';
import type { Backend } from './backend.ts';

/** Number formats of tensor entries. Factorizations always compute in float64. */
export type DType = 'float64' | 'float32';

/** What a CPU tensor stores its entries in. */
export type FloatArray = Float64Array | Float32Array;

/**
 * An immutable array of numbers that carries the backend it lives on.
 *
 * Entries are row-major. Operations on tensors of two different backends throw; only constructors take a backend.
 */
export interface Tensor {
  readonly backend: Backend;
  /** Sizes of the dimensions, outermost first: `[rows, columns]` for a matrix. */
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Where the entries are; only the tensor's own backend reads this. */
  readonly storage: unknown;
  /** The entries as an ndarray, copied off the device. */
  read(): Promise<NdArray<FloatArray>>;
  /** Gives the storage back at once. On CPU backends the garbage collector does it anyway. */
  dispose(): void;
}

/** Number of entries of a shape. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

/** A shape as it is written in messages: `[500, 2]`. */
export function showShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
