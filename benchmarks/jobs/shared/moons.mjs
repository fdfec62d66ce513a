import { twoMoons } from '@sntk/datasets';
import { createRng } from '@sntk/random';
import ndarray from 'ndarray';

/** Two moons with labels −1 and 1, `X` `[N, 2]` and `Y` `[N, 1]`. */
export function moons(samples) {
  const { X, labels } = twoMoons({ samples, noise: 0.1, rng: createRng(4) });
  const Y = Float64Array.from(labels, (label) => 2 * label - 1);
  return { X: ndarray(Float64Array.from(X.data), [samples, 2]), Y: ndarray(Y, [samples, 1]) };
}
