import type { IncrementOptions } from './brownian-increments.ts';
import { type BrownianPath, brownianPath } from './brownian-path.ts';

/**
 * Writes W at the part `theta` of step number `step` less W at its start into `W`, `[noiseDimension, paths]`. `dW` is what
 * the step was given; so is `dZ`, ∫(W_s − W_t) ds, empty if the step had none; if it had, `Z` gets that up to the time.
 */
export type PathWithin = (
  step: number,
  theta: number,
  dW: Float64Array,
  dZ: Float64Array,
  W: Float64Array,
  Z: Float64Array,
) => void;

/**
 * The Brownian motion inside the steps of `brownianIncrements`: for every step a path of its own, to which the line is
 * added that its end is off, and, where ∫W dt is known, a parabola 6θ(1 − θ) times what its integral is off. Addressed by
 * path, step and time, so the same whatever times are asked for.
 *
 * Source: Foster, Lyons and Oberhauser, "An Optimal Polynomial Approximation of Brownian Motion".
 */
export function pathWithin(
  options: Pick<IncrementOptions, 'rng' | 'noiseDimension' | 'paths' | 'firstPath' | 'step'>,
): PathWithin {
  const { rng, noiseDimension, paths, firstPath = 0, step: h } = options;
  const size = noiseDimension * paths;
  const within = rng.split('within');
  const [whole, wholeZ] = [new Float64Array(size), new Float64Array(size)];
  let held = -1;
  let path: BrownianPath | undefined;
  return (step, theta, dW, dZ, W, Z) => {
    if (step !== held || !path) {
      path = brownianPath({ rng: within.split(step), noiseDimension, paths, firstPath, duration: h });
      path.increment(0, h, whole, wholeZ);
      held = step;
    }
    path.increment(0, theta * h, W, Z);
    const bend = 6 * theta * (1 - theta);
    const bendZ = theta * theta * (3 - 2 * theta);
    for (let i = 0; i < size; i++) {
      const line = dW[i] - whole[i];
      W[i] += theta * line;
      if (dZ.length === 0) continue;
      const parabola = (dZ[i] - wholeZ[i]) / h - 0.5 * line;
      W[i] += bend * parabola;
      Z[i] += h * (0.5 * theta * theta * line + bendZ * parabola);
    }
  };
}
