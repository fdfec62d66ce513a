import { type Method, ordersByNoise } from '../method.ts';
import type { SdeProblem } from '../problem.ts';

/** The two states that reversible Heun carries, and its step forth and back. */
export interface ReversiblePair {
  /** Time of both states. */
  readonly time: number;
  /** The solution z and its companion ẑ, `[dimension, paths]` each, overwritten by every step. */
  readonly z: Float64Array;
  readonly zHat: Float64Array;
  /** Steps by `h` under the increments `dW` `[noiseDimension, paths]`; −h and −dW undo that step. */
  advance(h: number, dW: Float64Array): void;
}

/**
 * The reversible Heun step on its pair of states: with aₙ, gₙ at (tₙ, ẑₙ),
 * ẑₙ₊₁ = 2zₙ − ẑₙ + h aₙ + gₙ dW, zₙ₊₁ = zₙ + ½h(aₙ + aₙ₊₁) + ½(gₙ + gₙ₊₁) dW.
 *
 * Its inverse is the same step with −h and −dW, so a path can be walked back to its start without having been stored.
 *
 * @param start.x `[dimension, paths]`, the first z; and `start.xHat` the first ẑ, equal to it unless told
 *
 * Source: Kidger, Foster, Li and Lyons, "Efficient and Accurate Gradients for Neural SDEs".
 *
 * @example
 * ```ts
 * import { reversiblePair } from '@sntk/sde/extending';
 * import { arctangent } from '@sntk/sde/problems';
 *
 * const pair = reversiblePair(arctangent({ a: 0.5, calculus: 'stratonovich' }), { t0: 0, x: Float64Array.of(0.3), paths: 1 });
 * pair.advance(0.1, Float64Array.of(0.4));
 * pair.advance(0.1, Float64Array.of(-0.2));
 * pair.advance(-0.1, Float64Array.of(0.2));
 * pair.advance(-0.1, Float64Array.of(-0.4));
 * console.log(pair.z[0].toFixed(12)); // 0.300000000000
 * ```
 */
export function reversiblePair(
  problem: SdeProblem,
  start: {
    readonly t0: number;
    readonly x: Float64Array;
    readonly xHat?: Float64Array;
    readonly paths: number;
  },
): ReversiblePair {
  const { drift, diffusion } = problem;
  const { paths } = start;
  const z = start.x.slice();
  const zHat = (start.xHat ?? start.x).slice();
  const size = z.length;
  const noise = new Float64Array(size);
  let slope = new Float64Array(size);
  let nextSlope = new Float64Array(size);
  let time = start.t0;
  drift(time, zHat, slope, paths);
  return {
    get time() {
      return time;
    },
    z,
    zHat,
    advance(h, dW) {
      diffusion?.apply(time, zHat, dW, noise, paths);
      for (let i = 0; i < size; i++) {
        zHat[i] = 2 * z[i] - zHat[i] + h * slope[i] + noise[i];
        z[i] += 0.5 * (h * slope[i] + noise[i]);
      }
      time += h;
      drift(time, zHat, nextSlope, paths);
      diffusion?.apply(time, zHat, dW, noise, paths);
      for (let i = 0; i < size; i++) z[i] += 0.5 * (h * nextSlope[i] + noise[i]);
      [slope, nextSlope] = [nextSlope, slope];
    },
  };
}

/**
 * Reversible Heun, Stratonovich: one drift a step, and steps that can be undone (`reversiblePair` of
 * `@sntk/sde/extending`).
 *
 * The companion state starts as the state, and starts again for a path whose step does not begin where its last one ended. Without
 * noise it is stable on an interval of the imaginary axis alone: for drifts that contract strongly another method is better.
 *
 * Source: Kidger, Foster, Li and Lyons, "Efficient and Accurate Gradients for Neural SDEs".
 */
export const reversibleHeun: Method = {
  name: 'reversibleHeun',
  calculus: 'stratonovich',
  orders: ordersByNoise({ none: [2, 2], additive: [1, 2], commuting: [1, 1], general: [0.5, 1] }),
  remembers: true,
  prepare(problem, paths, h) {
    let pair: ReversiblePair | undefined;
    return (t, x, dW, out) => {
      if (!pair?.z.every((value, i) => value === x[i])) {
        const { z, zHat } = pair ?? { z: x, zHat: x };
        const same = (i: number): boolean => {
          for (let e = i % paths; e < x.length; e += paths) if (z[e] !== x[e]) return false;
          return true;
        };
        pair = reversiblePair(problem, { t0: t, x, xHat: x.map((v, i) => (same(i) ? zHat[i] : v)), paths });
      }
      pair.advance(h, dW);
      out.set(pair.z);
    };
  },
};
