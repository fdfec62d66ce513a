import type { SdeProblem } from '../problem.ts';

/** A problem whose answer is known, in whole or in its moments. */
export interface ReferenceProblem extends SdeProblem {
  /**
   * Writes the exact state at time t from the start `x0` `[dimension, paths]` and the Brownian motion W(t)
   * `[noiseDimension, paths]`, when the solution is a function of W(t).
   */
  readonly solution?: (
    t: number,
    x0: Float64Array,
    W: Float64Array,
    out: Float64Array,
    paths: number,
  ) => void;
  /** E x(t) from the fixed start `x0`, both `[dimension]`. */
  readonly mean?: (t: number, x0: ArrayLike<number>) => Float64Array;
  /** E x(t) x(t)ᵀ from the fixed start `x0`, `[dimension, dimension]` row-major. */
  readonly secondMoment?: (t: number, x0: ArrayLike<number>) => Float64Array;
  /** The density that x tends to in the long run, for one coordinate. */
  readonly stationaryDensity?: (x: number) => number;
}
