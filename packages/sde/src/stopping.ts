import { NumericalError } from '@sntk/errors';

/** Paths that have stopped, and when. */
export interface Stopping {
  /** `[paths]`: when a path stopped, infinite while it runs. */
  readonly endTimes: Float64Array;
  /** Stops the running paths where the function is ≤ 0; whether any path runs on. */
  check(time: number, state: Float64Array): boolean;
  /** Overwrites the paths of `into` that had stopped by `time` by those of `from`, both `[dimension, paths]`. */
  hold(time: number, from: Float64Array, into: Float64Array): void;
}

/** Follows which paths of a block have stopped: where `stopWhen(t, x)`, of one path's `[dimension]`, was first ≤ 0. */
export function stoppingOf(
  where: string,
  shape: { readonly dimension: number; readonly paths: number; readonly firstPath: number },
  stopWhen: (t: number, x: Float64Array) => number,
): Stopping {
  const { dimension, paths, firstPath } = shape;
  const endTimes = new Float64Array(paths).fill(Number.POSITIVE_INFINITY);
  const x = new Float64Array(dimension);
  return {
    endTimes,
    check(time, state) {
      let running = false;
      for (let p = 0; p < paths; p++) {
        if (endTimes[p] <= time) continue;
        for (let i = 0; i < dimension; i++) x[i] = state[i * paths + p];
        const value = stopWhen(time, x);
        if (Number.isNaN(value)) {
          throw new NumericalError({
            where,
            found: `path ${firstPath + p} at time ${time} has stopWhen not a number`,
            fix: 'return a number for every state',
            details: { time, path: firstPath + p, lastFinite: x.slice() },
          });
        }
        if (value <= 0) endTimes[p] = time;
        else running = true;
      }
      return running;
    },
    hold(time, from, into) {
      for (let p = 0; p < paths; p++) {
        if (endTimes[p] > time) continue;
        for (let i = 0; i < dimension; i++) into[i * paths + p] = from[i * paths + p];
      }
    },
  };
}
