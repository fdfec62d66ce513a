import { checkOptions, finish, type LabelledData, type NoisyOptions } from './labelled.ts';

/**
 * Two interleaving half circles, by the definition of scikit-learn's `make_moons`.
 *
 * Class 0 is ⌊N/2⌋ points (cos t, sin t), class 1 the other points (1 − cos t, ½ − sin t), t evenly spaced over [0, π],
 * both ends included; Gaussian noise of deviation `noise` is added to every coordinate.
 *
 * @returns X `[N, 2]`, y `[N]` of −1 and +1, labels `[N]` of 0 and 1
 * @throws ArgumentError for fewer than one sample, negative noise or a missing stream
 *
 * Source: Pedregosa et al., "Scikit-learn: Machine Learning in Python".
 *
 * @example
 * ```ts
 * import { twoMoons } from '@sntk/datasets';
 * import { createRng } from '@sntk/random';
 *
 * const { X, y } = twoMoons({ samples: 500, noise: 0.1, rng: createRng(1) });
 * console.log(X.shape.join(), y.length); // 500,2 500
 * ```
 */
export function twoMoons(options: NoisyOptions): LabelledData {
  checkOptions('twoMoons', options);
  const { samples } = options;
  const outer = Math.floor(samples / 2);
  const inner = samples - outer;
  const points = new Float64Array(2 * samples);
  const labels = new Int32Array(samples);
  for (let i = 0; i < samples; i++) {
    const isOuter = i < outer;
    const t = isOuter ? angle(i, outer) : angle(i - outer, inner);
    points[2 * i] = isOuter ? Math.cos(t) : 1 - Math.cos(t);
    points[2 * i + 1] = isOuter ? Math.sin(t) : 1 - Math.sin(t) - 0.5;
    labels[i] = isOuter ? 0 : 1;
  }
  return finish(points, labels, 2, 2, options);
}

function angle(i: number, count: number): number {
  if (count === 1) return 0;
  return i === count - 1 ? Math.PI : i * (Math.PI / (count - 1));
}
