import { ArgumentError, checkInteger } from '@sntk/errors';
import improvedZiggurat from '@stdlib/random-base-improved-ziggurat';
import mt19937 from '@stdlib/random-base-mt19937';
import { checkCount } from './checks.ts';
import { type FillOptions, fillNormals } from './fill.ts';
import { checkLabel, childKey, type Label, SEQUENCES, streamState } from './label.ts';
import { choose } from './subset.ts';
import { boundedInteger } from './xoshiro.ts';

/** A stream of random numbers with an address: its seed and the labels that lead to it. */
export interface Rng {
  /** The address: the seed, then the label of every split on the way. */
  readonly key: readonly Label[];
  /** The address as 128 bits, from which every number of this stream follows. Read only. */
  readonly keyWords: Uint32Array;
  /**
   * The child stream named `label` (a string, or an integer from 0 to 2^53 − 1). It depends on the address alone, not
   * on what was drawn or split before; the same label gives the same child, from its beginning.
   */
  split(label: Label): Rng;
  /** The next uniform number of [0, 1), with 53 random bits. */
  uniform(): number;
  /** The next standard normal number. For many at once `fillNormal` is several times faster. */
  normal(): number;
  /** The next unbiased integer from 0 to `bound` − 1, for `bound` from 1 to 2^53. */
  integer(bound: number): number;
  /** Fills `out` with the next normals of this stream's bulk sequence: two fills of 5 give what one of 10 gives. */
  fillNormal(out: Float64Array | Float32Array, options?: FillOptions): void;
  /** The integers 0 … n − 1 in an order drawn uniformly. */
  permutation(n: number): Int32Array;
  /** `k` different integers of 0 … n − 1, drawn uniformly, in random order. */
  choice(n: number, k: number): Int32Array;
}

const ROOT: Uint32Array = Uint32Array.of(0, 0, 0, 0);

/**
 * Makes the root of a tree of random streams.
 *
 * The same seed gives the same bits on every engine, in any order of work and with any number of workers, as long as
 * every job takes a stream of its own by `split`. Children and sequences start when first used.
 *
 * @param seed an integer from 0 to 2^53 − 1, or a string; 1 and "1" are different seeds
 * @throws ArgumentError for any other seed: NaN, 1.5, −1, −0
 *
 * Keys: Threefry-4x32 (Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3"). `uniform` and
 * `normal`: MT19937 (Matsumoto and Nishimura, "Mersenne Twister: A 623-Dimensionally Equidistributed Uniform
 * Pseudo-Random Number Generator") and Doornik's ziggurat, by @stdlib. Bulk normals and integers: xoshiro128++.
 *
 * @example
 * ```ts
 * import { createRng } from '@sntk/random';
 *
 * const rng = createRng(1);
 * const early = rng.split('batch').split(7).choice(100, 3);
 * rng.uniform();
 * const late = rng.split('batch').split(7).choice(100, 3);
 * console.log(early.join() === late.join()); // true
 * ```
 */
export function createRng(seed: number | string): Rng {
  checkLabel('createRng', 'seed', seed);
  return streamAt([seed], childKey(ROOT, seed));
}

/**
 * The stream at an address: what `createRng(key[0])` gives after splitting by `key[1]`, `key[2]`, ….
 *
 * It is how a stream is handed to a worker: send `rng.key`, rebuild it there.
 *
 * @throws ArgumentError for an empty address or a label that is no string and no integer of at least 0
 *
 * @example
 * ```ts
 * import { createRng, rngAt } from '@sntk/random';
 *
 * const rng = createRng('run').split('paths').split(3);
 * console.log(rngAt(rng.key).uniform() === rng.uniform()); // true
 * ```
 */
export function rngAt(key: readonly Label[]): Rng {
  if (!Array.isArray(key) || key.length === 0) {
    throw new ArgumentError({ where: 'rngAt', argument: 'key', wanted: 'a seed and its labels', got: key });
  }
  let words: Uint32Array = ROOT;
  for (let i = 0; i < key.length; i++) {
    checkLabel('rngAt', `key[${i}]`, key[i]);
    words = childKey(words, key[i]);
  }
  return streamAt([...key], words);
}

function uniformsFrom(seed: Uint32Array): () => number {
  // The published types leave out that `normalized` is always there.
  return (mt19937.factory({ seed }) as unknown as { normalized: () => number }).normalized;
}

function streamAt(key: readonly Label[], keyWords: Uint32Array): Rng {
  const start = (stream: number): Uint32Array => {
    const state = new Uint32Array(4);
    streamState(keyWords, stream, state);
    return state;
  };
  let uniforms: (() => number) | undefined;
  let normals: (() => number) | undefined;
  let bulk: Uint32Array | undefined;
  let integers: Uint32Array | undefined;

  return {
    key,
    keyWords,
    split(label) {
      checkLabel('Rng.split', 'label', label);
      return streamAt([...key, label], childKey(keyWords, label));
    },
    uniform() {
      uniforms ??= uniformsFrom(start(SEQUENCES.uniform));
      return uniforms();
    },
    normal() {
      normals ??= improvedZiggurat.factory({ seed: start(SEQUENCES.normal) });
      return normals();
    },
    integer(bound) {
      if (typeof bound !== 'number' || !Number.isInteger(bound) || bound < 1 || bound > 2 ** 53) {
        throw new ArgumentError({
          where: 'Rng.integer',
          argument: 'bound',
          wanted: 'an integer from 1 to 2^53',
          got: bound,
        });
      }
      integers ??= start(SEQUENCES.integer);
      return boundedInteger(integers, bound);
    },
    fillNormal(out, options) {
      bulk ??= start(SEQUENCES.bulkNormal);
      fillNormals('Rng.fillNormal', bulk, out, options);
    },
    permutation(n) {
      checkCount('Rng.permutation', 'n', n);
      integers ??= start(SEQUENCES.integer);
      return choose(integers, n, n);
    },
    choice(n, k) {
      checkCount('Rng.choice', 'n', n);
      checkInteger('Rng.choice', 'k', k);
      if (k > n) {
        throw new ArgumentError({ where: 'Rng.choice', argument: 'k', wanted: `at most n = ${n}`, got: k });
      }
      integers ??= start(SEQUENCES.integer);
      return choose(integers, n, k);
    },
  };
}
