import { ArgumentError, checkInteger, checkLength, checkPositive } from '@sntk/errors';
import { type FillOptions, keyedNormals, type Rng } from '@sntk/random';
import type { IncrementSource } from './brownian-increments.ts';

/** Which paths, over how long, and how finely they can be asked for. */
export interface BrownianPathOptions {
  /** Path p is the stream `rng.split('bridge').split(p)`. */
  readonly rng: Rng;
  readonly noiseDimension: number;
  readonly paths: number;
  /** First path of the block, 0 unless told. */
  readonly firstPath?: number;
  /** Length T of the time interval [0, T]. */
  readonly duration: number;
  /** The finest grid has 2^depth steps; at most 40, 20 unless told. */
  readonly depth?: number;
}

/** One Brownian motion a path, the same at every step size. */
export interface BrownianPath {
  /** Writes W(to) − W(from) `[noiseDimension, paths]`; both times must be multiples of T / 2^depth. */
  increment(from: number, to: number, out: Float64Array): void;
  /** The increments of the grid with 2^level steps, as `integrate` takes them. */
  increments(level: number): IncrementSource;
}

/**
 * Brownian paths by bridge refinement (a virtual Brownian tree): step sizes h and h/2 see the same path.
 *
 * W(T) ~ N(0, T); the middle of every dyadic interval is the mean of its ends plus N(0, length/4), a normal addressed
 * by path and interval. Nothing but the last descent is stored, and times may be asked for in any order.
 *
 * @throws ArgumentError for a duration not above 0, a depth above 40, or times off the grid
 *
 * Source: Gaines and Lyons, "Variable Step Size Control in the Numerical Solution of Stochastic Differential Equations".
 *
 * @example
 * ```ts
 * import { createRng } from '@sntk/random';
 * import { brownianPath } from '@sntk/sde';
 *
 * const path = brownianPath({ rng: createRng(1), noiseDimension: 1, paths: 1, duration: 1 });
 * const [whole, left, right] = [0, 0, 0].map(() => new Float64Array(1));
 * path.increment(0, 1, whole);
 * path.increment(0, 0.25, left);
 * path.increment(0.25, 1, right);
 * console.log(Math.abs(whole[0] - left[0] - right[0]) < 1e-15); // true
 * ```
 */
export function brownianPath(options: BrownianPathOptions): BrownianPath {
  const where = 'brownianPath';
  const { rng, noiseDimension: m, paths, firstPath = 0, duration, depth = 20 } = options;
  checkInteger(where, 'options.noiseDimension', m, 1);
  checkInteger(where, 'options.paths', paths, 1);
  checkInteger(where, 'options.firstPath', firstPath);
  checkPositive(where, 'options.duration', duration);
  checkInteger(where, 'options.depth', depth);
  if (depth > 40) {
    throw new ArgumentError({ where, argument: 'options.depth', wanted: 'at most 40', got: depth });
  }
  const size = m * paths;
  const bridge = rng.split('bridge');
  const streams = Array.from({ length: paths }, (_, p) => bridge.split(firstPath + p));
  const normals = new Float64Array(m);
  const zero = new Float64Array(size);
  const end = new Float64Array(size);
  const node = (index: number, deviation: number, out: Float64Array): void => {
    const fill: FillOptions = { deviation };
    for (let p = 0; p < paths; p++) {
      keyedNormals(streams[p], index, normals, fill);
      for (let i = 0; i < m; i++) out[i * paths + p] = normals[i];
    }
  };
  node(0, Math.sqrt(duration), end);

  // middles[l] holds W at the middle of interval number held[l] of level l.
  const middles: Float64Array[] = [];
  const held: number[] = [];

  /** W at `index` · T / 2^depth, as a view that the next call may overwrite. */
  const valueAt = (index: number): Float64Array => {
    const whole = 2 ** depth;
    if (index === 0) return zero;
    if (index === whole) return end;
    let left: Float64Array = zero;
    let right: Float64Array = end;
    let from = 0;
    for (let level = 0; ; level++) {
      const width = 2 ** (depth - level);
      const interval = from / width;
      if (held[level] !== interval) {
        middles[level] ??= new Float64Array(size);
        const middle = middles[level];
        node(2 ** level + interval, 0.5 * Math.sqrt((duration * width) / whole), middle);
        for (let i = 0; i < size; i++) middle[i] += 0.5 * (left[i] + right[i]);
        held[level] = interval;
      }
      const centre = from + width / 2;
      if (index === centre) return middles[level];
      if (index < centre) right = middles[level];
      else {
        left = middles[level];
        from = centre;
      }
    }
  };

  const between = (from: number, to: number, out: Float64Array): void => {
    checkLength(where, 'out', out, size, 'noiseDimension × paths');
    out.set(valueAt(from));
    const later = valueAt(to);
    for (let i = 0; i < size; i++) out[i] = later[i] - out[i];
  };

  const indexOf = (argument: string, time: number): number => {
    const index = Math.round((time / duration) * 2 ** depth);
    const off = Math.abs(time - (index / 2 ** depth) * duration);
    if (!(index >= 0 && index <= 2 ** depth && off <= 1e-12 * duration)) {
      throw new ArgumentError({
        where: `${where}.increment`,
        argument,
        wanted: `a multiple of ${duration} / 2^${depth} from 0 to ${duration}`,
        got: time,
        fix: 'use a dyadic step, or more depth',
      });
    }
    return index;
  };

  return {
    increment(from, to, out) {
      between(indexOf('from', from), indexOf('to', to), out);
    },
    increments(level) {
      checkInteger(`${where}.increments`, 'level', level);
      if (level > depth) {
        throw new ArgumentError({
          where: `${where}.increments`,
          argument: 'level',
          wanted: `at most the depth, ${depth}`,
          got: level,
        });
      }
      const stride = 2 ** (depth - level);
      return (step, out) => {
        checkInteger(`${where}.increments`, 'step', step);
        if (step >= 2 ** level) {
          throw new ArgumentError({
            where: `${where}.increments`,
            argument: 'step',
            wanted: `below 2^${level}`,
            got: step,
          });
        }
        between(step * stride, (step + 1) * stride, out);
      };
    },
  };
}
