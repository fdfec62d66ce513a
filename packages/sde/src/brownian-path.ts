import { ArgumentError, checkInteger, checkLength, checkPositive } from '@sntk/errors';
import { keyedNormals, type Rng } from '@sntk/random';
import type { IncrementSource } from './brownian-increments.ts';

/** At this depth half a step of the finest grid is below the rounding that times are allowed. */
const DEPTH = 50;

/** Increment and H of an interval, `[noiseDimension, paths]` each. */
interface Interval {
  readonly W: Float64Array;
  readonly H: Float64Array;
}

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
  /** The finest grid has 2^depth steps; at most 50, which takes every time for one of its own, and 50 unless told. */
  readonly depth?: number;
}

/** One Brownian motion a path, the same at every step size and for every method. */
export interface BrownianPath {
  /**
   * Writes W(to) − W(from) `[noiseDimension, paths]` and, if asked, ∫(W_s − W_from) ds over the same interval. With less
   * than the full depth both times must be multiples of T / 2^depth.
   */
  increment(from: number, to: number, out: Float64Array, integral?: Float64Array): void;
  /** The increments and integrals of the grid with 2^level steps, as `integrate` takes them. */
  increments(level: number): IncrementSource;
}

/**
 * Brownian paths by bridge refinement (a virtual Brownian tree): every step size and every method sees the same path.
 *
 * An interval of length L has its increment W and H = ∫(W_s − W_t) ds/L − W/2 ~ N(0, L/12). The increments of its halves
 * are W/2 ± (3H/2 + z) and their H are H/4 − z/2 ± n/2, with z ~ N(0, L/16) and n ~ N(0, L/12) addressed by path and
 * interval. An increment is the sum of at most 2·depth such intervals, so nothing cancels; nothing but the last descent
 * is stored, and times may be asked for in any order.
 *
 * @throws ArgumentError for a duration not above 0, a depth above 50, or times off the grid or outside [0, T]
 *
 * Source: Gaines and Lyons, "Variable Step Size Control in the Numerical Solution of Stochastic Differential Equations";
 * Jelinčič, Foster and Kidger, "Single-Seed Generation of Brownian Paths and Integrals for Adaptive and High Order SDE
 * Solvers".
 *
 * @example
 * ```ts
 * import { createRng } from '@sntk/random';
 * import { brownianPath } from '@sntk/sde';
 *
 * const path = brownianPath({ rng: createRng(1), noiseDimension: 1, paths: 1, duration: 1 });
 * const [whole, left, right] = [0, 0, 0].map(() => new Float64Array(1));
 * path.increment(0, 1, whole);
 * path.increment(0, 0.3, left);
 * path.increment(0.3, 1, right);
 * console.log(Math.abs(whole[0] - left[0] - right[0]) < 1e-15); // true
 * ```
 */
export function brownianPath(options: BrownianPathOptions): BrownianPath {
  const where = 'brownianPath';
  const { rng, noiseDimension: m, paths, firstPath = 0, duration, depth = DEPTH } = options;
  checkInteger(where, 'options.noiseDimension', m, 1);
  checkInteger(where, 'options.paths', paths, 1);
  checkInteger(where, 'options.firstPath', firstPath);
  checkPositive(where, 'options.duration', duration);
  checkInteger(where, 'options.depth', depth);
  if (depth > DEPTH) {
    throw new ArgumentError({ where, argument: 'options.depth', wanted: `at most ${DEPTH}`, got: depth });
  }
  const size = m * paths;
  const bridge = rng.split('bridge');
  const streams = Array.from({ length: paths }, (_, p) => bridge.split(firstPath + p));
  const normals = new Float64Array(2 * m);

  /** Two normals for every entry, those of interval number `index`, of deviations `first` and `second`. */
  const draw = (index: number, first: number, second: number, into: Interval): void => {
    for (let p = 0; p < paths; p++) {
      keyedNormals(streams[p], index, normals);
      for (let i = 0; i < m; i++) {
        into.W[i * paths + p] = first * normals[2 * i];
        into.H[i * paths + p] = second * normals[2 * i + 1];
      }
    }
  };
  const interval = (): Interval => ({ W: new Float64Array(size), H: new Float64Array(size) });
  const whole = interval();
  draw(0, Math.sqrt(duration), Math.sqrt(duration / 12), whole);

  // halves[l] holds the halves of interval number `of` of level l.
  const halves: { of: number; readonly left: Interval; readonly right: Interval }[] = [];

  const split = (level: number, number: number, { W, H }: Interval): (typeof halves)[number] => {
    halves[level] ??= { of: -1, left: interval(), right: interval() };
    const held = halves[level];
    if (held.of === number) return held;
    const { left, right } = held;
    const length = duration / 2 ** level;
    draw(2 ** level + number, Math.sqrt(length) / 4, Math.sqrt(length / 12), left);
    for (let i = 0; i < size; i++) {
      const z = left.W[i];
      const n = left.H[i];
      const tilt = 1.5 * H[i] + z;
      const mean = 0.25 * H[i] - 0.5 * z;
      left.W[i] = 0.5 * W[i] + tilt;
      right.W[i] = 0.5 * W[i] - tilt;
      left.H[i] = mean + 0.5 * n;
      right.H[i] = mean - 0.5 * n;
    }
    held.of = number;
    return held;
  };

  /** Appends the part from index `a` to `b` of interval `number` of `level`; indices count steps of the finest grid. */
  const append = (
    level: number,
    number: number,
    values: Interval,
    a: number,
    b: number,
    W: Float64Array,
    Z: Float64Array | undefined,
  ): void => {
    const width = 2 ** (depth - level);
    const start = number * width;
    if (a === start && b === start + width) {
      const length = duration / 2 ** level;
      if (Z) for (let i = 0; i < size; i++) Z[i] += length * (W[i] + 0.5 * values.W[i] + values.H[i]);
      for (let i = 0; i < size; i++) W[i] += values.W[i];
      return;
    }
    const { left, right } = split(level, number, values);
    const middle = start + width / 2;
    if (a < middle) append(level + 1, 2 * number, left, a, Math.min(b, middle), W, Z);
    if (b > middle) append(level + 1, 2 * number + 1, right, Math.max(a, middle), b, W, Z);
  };

  const between = (from: number, to: number, out: Float64Array, integral?: Float64Array): void => {
    checkLength(where, 'out', out, size, 'noiseDimension × paths');
    const Z = integral?.length ? integral : undefined;
    if (Z) checkLength(where, 'integral', Z, size, 'noiseDimension × paths');
    out.fill(0);
    Z?.fill(0);
    const [a, b] = from < to ? [from, to] : [to, from];
    if (a < b) append(0, 0, whole, a, b, out, Z);
    if (from <= to) return;
    // Backwards: −ΔW, and the integral seen from the later end.
    const length = ((from - to) / 2 ** depth) * duration;
    if (Z) for (let i = 0; i < size; i++) Z[i] = length * out[i] - Z[i];
    for (let i = 0; i < size; i++) out[i] = -out[i];
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
    increment(from, to, out, integral) {
      between(indexOf('from', from), indexOf('to', to), out, integral);
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
      return (step, out, integrals) => {
        checkInteger(`${where}.increments`, 'step', step);
        if (step >= 2 ** level) {
          throw new ArgumentError({
            where: `${where}.increments`,
            argument: 'step',
            wanted: `below 2^${level}`,
            got: step,
          });
        }
        between(step * stride, (step + 1) * stride, out, integrals);
      };
    },
  };
}
