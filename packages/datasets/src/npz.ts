import { ArgumentError } from '@sntk/errors';
import { unzipSync, zipSync } from 'fflate';
import type { NdArray } from 'ndarray';
import { decodeNpy, encodeNpy, type NpyArray } from './npy.ts';
import type { NpyData } from './npy-types.ts';

/**
 * Writes named arrays as NumPy's .npz, which `numpy.load` opens.
 *
 * The zip's times are fixed, so the same arrays under the same names in the same order give the same bytes.
 *
 * @param options.compress deflate the arrays as `numpy.savez_compressed` does; false unless told
 * @throws ArgumentError for an empty name or data that .npy cannot hold
 *
 * @example
 * ```ts
 * import { decodeNpz, encodeNpz, twoMoons } from '@sntk/datasets';
 * import { createRng } from '@sntk/random';
 *
 * const { X } = twoMoons({ samples: 10, rng: createRng(1) });
 * console.log(Object.keys(decodeNpz(encodeNpz({ X })))); // [ 'X' ]
 * ```
 */
export function encodeNpz(
  arrays: Readonly<Record<string, NdArray<NpyData | boolean[]>>>,
  options: { readonly compress?: boolean } = {},
): Uint8Array {
  const files: Record<string, Uint8Array> = {};
  for (const [name, array] of Object.entries(arrays)) {
    if (name === '') {
      throw new ArgumentError({
        where: 'encodeNpz',
        argument: 'arrays',
        wanted: 'named',
        got: 'an empty name',
      });
    }
    files[`${name}.npy`] = encodeNpy(array);
  }
  // Zip stores local time: midnight wherever this runs.
  return zipSync(files, { level: options.compress ? 6 : 0, mtime: new Date(1980, 0, 1) });
}

/**
 * Reads NumPy's .npz, compressed or not: its arrays by name.
 *
 * @throws ArgumentError with the reason for bytes that are no zip, or naming the entry that is no readable .npy
 *
 * @example
 * ```ts
 * import { decodeNpz, encodeNpz, grid2d } from '@sntk/datasets';
 *
 * const grid = grid2d({ x: [0, 1], y: [0, 1], columns: 2, rows: 1 });
 * console.log(decodeNpz(encodeNpz({ grid })).grid.shape.join()); // 2,2
 * ```
 */
export function decodeNpz(bytes: Uint8Array): Record<string, NpyArray> {
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes);
  } catch (cause) {
    throw refusal('a whole .npz (zip) file', `bytes of which the unzipper says: ${(cause as Error).message}`);
  }
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => {
      try {
        return [name.replace(/\.npy$/, ''), decodeNpy(content)];
      } catch (cause) {
        throw refusal('a .npz file of readable arrays', `entry ${name}, where ${(cause as Error).message}`);
      }
    }),
  );
}

function refusal(wanted: string, got: string): ArgumentError {
  return new ArgumentError({ where: 'decodeNpz', argument: 'bytes', wanted, got });
}
