import { ArgumentError, show } from '@sntk/errors';
import { type DType, sizeOf } from './tensor.ts';

/** The largest tensor this package allocates: beyond it a typed array cannot be made or the machine will swap. */
const MAX_BYTES = 2 ** 33;

/** A copy of `shape`, or an ArgumentError when an extent is not an integer of at least 0. */
export function checkShape(where: string, argument: string, shape: readonly number[]): readonly number[] {
  if (!Array.isArray(shape))
    throw new ArgumentError({ where, argument, wanted: 'an array of extents', got: shape });
  for (const extent of shape) {
    if (!Number.isSafeInteger(extent) || extent < 0) {
      throw new ArgumentError({ where, argument, wanted: 'integers of at least 0', got: [...shape] });
    }
  }
  return [...shape];
}

/** Throws for a tensor of over 8 GiB, before anything is allocated. */
export function checkBytes(where: string, argument: string, shape: readonly number[], dtype: DType): void {
  const bytes = sizeOf(shape) * (dtype === 'float64' ? 8 : 4);
  if (bytes > MAX_BYTES) {
    throw new ArgumentError({
      where,
      argument,
      wanted: `at most ${MAX_BYTES / 2 ** 30} GiB`,
      got: `${show([...shape])}, which is ${(bytes / 2 ** 30).toFixed(1)} GiB`,
      fix: 'work in blocks',
    });
  }
}
