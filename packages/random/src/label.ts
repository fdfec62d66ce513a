import { ArgumentError } from '@sntk/errors';
import { threefry4x32 } from './threefry.ts';

/** What a stream can be split by: a string or an integer of at least 0. */
export type Label = string | number;

/** The fourth counter word says what a block is for, so that no two uses of a key can meet. */
const INTEGER_LABEL = 1 << 28;
const STRING_LABEL = 2 << 28;
const STREAM = 3 << 28;
const INDEXED = 4 << 28;

const UNITS_PER_BLOCK = 6;

/** Throws unless `label` can address a stream. */
export function checkLabel(where: string, argument: string, label: unknown): asserts label is Label {
  if (typeof label === 'string') return;
  if (typeof label === 'number' && Number.isSafeInteger(label) && label >= 0 && !Object.is(label, -0)) return;
  throw new ArgumentError({
    where,
    argument,
    wanted: 'a string or an integer from 0 to 2^53 − 1',
    got: Object.is(label, -0) ? '-0' : label,
    fix: 'round it, or name the stream by a string',
  });
}

/** The sequences of one address; they share nothing but the key. */
export const SEQUENCES = { uniform: 0, normal: 1, bulkNormal: 2, integer: 3 } as const;

/**
 * The 128-bit key of the child `label` under the key `parent`, written to `out`.
 *
 * An integer, or a string of up to six UTF-16 units, is one Threefry block, a bijection: two such children of one
 * parent never collide. Longer strings chain blocks of six units and collide like random 128-bit numbers.
 */
export function childKey(
  parent: Uint32Array,
  label: Label,
  out: Uint32Array = new Uint32Array(4),
): Uint32Array {
  if (typeof label === 'number') {
    threefry4x32(parent, label >>> 0, Math.floor(label / 2 ** 32), 0, INTEGER_LABEL, out);
    return out;
  }
  out.set(parent);
  let from = 0;
  do {
    const left = label.length - from;
    const unit = (i: number): number => (i < left ? label.charCodeAt(from + i) : 0);
    const pair = (i: number): number => unit(i) | (unit(i + 1) << 16);
    // What is left tells a padded last block from a full one, and "a" from "a\0".
    threefry4x32(out, pair(0), pair(2), pair(4), STRING_LABEL | Math.min(left, UNITS_PER_BLOCK + 1), out);
    from += UNITS_PER_BLOCK;
  } while (from < label.length);
  return out;
}

/** Writes the four words, never all zero, from which stream number `stream` of a key starts. */
export function streamState(key: Uint32Array, stream: number, out: Uint32Array): void {
  threefry4x32(key, stream, 0, 0, STREAM, out);
  avoidZero(out);
}

/** Writes the four words, never all zero, from which block number `index` (0 to 2^53 − 1) of a key starts. */
export function indexedState(key: Uint32Array, index: number, out: Uint32Array): void {
  threefry4x32(key, index >>> 0, Math.floor(index / 2 ** 32), 0, INDEXED, out);
  avoidZero(out);
}

/** The generators that start here are linear and would stay at zero. */
function avoidZero(words: Uint32Array): void {
  if ((words[0] | words[1] | words[2] | words[3]) === 0) words[0] = 1;
}
