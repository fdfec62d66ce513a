import { ArgumentError, checkInteger } from '@sntk/errors';
import { checkRng } from './checks.ts';
import { indexedState } from './label.ts';
import type { Rng } from './rng.ts';
import { fillZiggurat } from './ziggurat.ts';

/** Which entries to fill, and how wide. */
export interface FillOptions {
  /** Standard deviation, 1 unless told. */
  readonly deviation?: number;
  /** First entry to fill, 0 unless told. */
  readonly offset?: number;
  /** Number of entries to fill, all from `offset` on unless told. */
  readonly count?: number;
}

const chunk = new Float64Array(512);
const state = new Uint32Array(4);

/**
 * Fills `out` with normals that depend only on the stream's address and on `index`, so that they can be drawn in any
 * order and on any worker: step `index` of a Brownian path, example `index` of a data set.
 *
 * Nothing of the stream's own sequences is used up. Index i of a stream and the children of the stream are
 * independent of one another.
 *
 * @param rng the stream whose address is used
 * @param index an integer from 0 to 2^53 − 1
 * @param out `[count]`, standard normals times `options.deviation`
 * @throws ArgumentError for an index that is no such integer, or for options outside `out`
 *
 * @example
 * ```ts
 * import { createRng, keyedNormals } from '@sntk/random';
 *
 * const path = createRng(1).split('path').split(0);
 * const step = new Float64Array(2);
 * keyedNormals(path, 41, step);
 * const first = step[0];
 * keyedNormals(path, 40, step);
 * keyedNormals(path, 41, step);
 * console.log(step[0] === first); // true
 * ```
 */
export function keyedNormals(
  rng: Rng,
  index: number,
  out: Float64Array | Float32Array,
  options?: FillOptions,
): void {
  checkRng('keyedNormals', 'rng', rng);
  checkInteger('keyedNormals', 'index', index);
  indexedState(rng.keyWords, index, state);
  fillNormals('keyedNormals', state, out, options);
}

/** Fills part of `out` from the generator at `from`, which advances. */
export function fillNormals(
  where: string,
  from: Uint32Array,
  out: Float64Array | Float32Array,
  options: FillOptions | undefined,
): void {
  if (!(out instanceof Float64Array || out instanceof Float32Array)) {
    throw new ArgumentError({ where, argument: 'out', wanted: 'a Float64Array or Float32Array', got: out });
  }
  let deviation = 1;
  let first = 0;
  let end = out.length;
  if (options) {
    deviation = options.deviation ?? 1;
    first = options.offset ?? 0;
    end = options.count === undefined ? out.length : first + options.count;
    // This runs for every step of every path, so nothing is allocated on the way.
    if (!Number.isFinite(deviation)) {
      throw new ArgumentError({
        where,
        argument: 'options.deviation',
        wanted: 'a finite number',
        got: deviation,
      });
    }
    checkInteger(where, 'options.offset', first);
    if (first > out.length) {
      throw new ArgumentError({
        where,
        argument: 'options.offset',
        wanted: `at most ${out.length}, the length of out`,
        got: first,
      });
    }
    if (!Number.isInteger(end) || end < first || end > out.length) {
      throw new ArgumentError({
        where,
        argument: 'options.count',
        wanted: `within the ${out.length - first} entries from offset ${first} on`,
        got: options.count ?? out.length - first,
      });
    }
  }
  if (out instanceof Float64Array) {
    fillZiggurat(from, out, first, end, deviation);
    return;
  }
  // The inner loop sees one kind of array only; a second kind would slow the first.
  for (let i = first; i < end; i += chunk.length) {
    const count = Math.min(chunk.length, end - i);
    fillZiggurat(from, chunk, 0, count, deviation);
    for (let j = 0; j < count; j++) out[i + j] = chunk[j];
  }
}
