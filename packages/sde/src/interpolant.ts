import type { Method } from './method.ts';
import type { SdeProblem } from './problem.ts';

/** A step: where it began and ended. */
export interface StepEnds {
  readonly t: number;
  readonly h: number;
  /** States `[dimension, paths]` at t and t + h. */
  readonly x: Float64Array;
  readonly next: Float64Array;
}

/** The Brownian motion of a step up to one of its times, `[noiseDimension, paths]` each. */
export interface NoiseBetween {
  /** The increment of the whole step, and the one up to the time. */
  readonly dW: Float64Array;
  readonly W: Float64Array;
  /** ∫(W_s − W_t) ds up to the time, for methods that take it. */
  readonly Z: Float64Array;
}

/** Writes the state at t + θh into `out`, `[dimension, paths]`. */
export type StateBetween = (theta: number, out: Float64Array, noise: NoiseBetween) => void;

/**
 * Values between the ends of steps, one step after another.
 *
 * - Without noise: Hermite's cubic from the drifts at the ends, which is of order 4, and the method's quartic term if it
 *   has one, for order 5.
 * - Methods that take ∫W dt: a shorter step of the method from the same start, of the method's own order.
 * - Others: the line between the ends, and g(t, x) times the Brownian bridge on it. What that leaves out is g'g times
 *   iterated integrals, of size h: strong order 1.
 *
 * @returns a function that takes a step and gives its values, which hold until it is called again
 */
export function interpolant(
  problem: SdeProblem,
  method: Method,
  paths: number,
): (ends: StepEnds) => StateBetween {
  const { dimension, noiseDimension, drift, diffusion } = problem;
  const size = dimension * paths;
  if (diffusion && method.integrals === 'spaceTime' && method.embedded) {
    const step = method.embedded.prepare(problem, paths);
    return ({ t, h, x }) =>
      (theta, out, { W, Z }) =>
        step(t, theta * h, x, W, out, Z);
  }
  if (diffusion) {
    const bridge = new Float64Array(noiseDimension * paths);
    return ({ t, x, next }) =>
      (theta, out, { dW, W }) => {
        for (let i = 0; i < bridge.length; i++) bridge[i] = W[i] - theta * dW[i];
        diffusion.apply(t, x, bridge, out, paths);
        for (let i = 0; i < size; i++) out[i] += (1 - theta) * x[i] + theta * next[i];
      };
  }
  const [first, last, quartic] = [0, 1, 2].map(() => new Float64Array(size));
  const fillQuartic = method.quartic?.(problem, paths);
  return ({ t, h, x, next }) => {
    drift(t, x, first, paths);
    drift(t + h, next, last, paths);
    fillQuartic?.(t, h, x, quartic);
    return (theta, out) => {
      const rest = 1 - theta;
      for (let i = 0; i < size; i++) {
        const cubic = rest * h * first[i] - theta * h * last[i] + (theta - rest) * (next[i] - x[i]);
        out[i] = rest * x[i] + theta * next[i] + theta * rest * (cubic + theta * rest * quartic[i]);
      }
    };
  };
}
