import { ArgumentError } from '@sntk/errors';
import { checkOptions, finish, type LabelledData, type NoisyOptions } from './labelled.ts';

/** Options of {@link circles}. */
export interface CirclesOptions extends NoisyOptions {
  /** Radius of the inner circle over that of the outer one, 0 ≤ factor < 1; 0.8 unless told. */
  readonly factor?: number;
}

/**
 * A circle inside a circle, by the definition of scikit-learn's `make_circles`.
 *
 * Class 0 is ⌊N/2⌋ points evenly spaced on the unit circle, class 1 the others on the circle of radius `factor`;
 * Gaussian noise of deviation `noise` is added to every coordinate.
 *
 * @returns X `[N, 2]`, y `[N]` of −1 and +1, labels `[N]` of 0 and 1
 * @throws ArgumentError for fewer than one sample, negative noise, a factor outside [0, 1) or a missing stream
 *
 * Source: Pedregosa et al., "Scikit-learn: Machine Learning in Python".
 *
 * @example
 * ```ts
 * import { circles } from '@sntk/datasets';
 * import { createRng } from '@sntk/random';
 *
 * const { X } = circles({ samples: 4, factor: 0.5, shuffle: false, rng: createRng(1) });
 * console.log(X.get(2, 0)); // 0.5
 * ```
 */
export function circles(options: CirclesOptions): LabelledData {
  checkOptions('circles', options);
  const { samples, factor = 0.8 } = options;
  if (!(factor >= 0 && factor < 1)) {
    throw new ArgumentError({
      where: 'circles',
      argument: 'options.factor',
      wanted: 'at least 0 and below 1',
      got: factor,
    });
  }
  const outer = Math.floor(samples / 2);
  const points = new Float64Array(2 * samples);
  const labels = new Int32Array(samples);
  for (let i = 0; i < samples; i++) {
    const isOuter = i < outer;
    const radius = isOuter ? 1 : factor;
    const t = isOuter ? i * ((2 * Math.PI) / outer) : (i - outer) * ((2 * Math.PI) / (samples - outer));
    points[2 * i] = Math.cos(t) * radius;
    points[2 * i + 1] = Math.sin(t) * radius;
    labels[i] = isOuter ? 0 : 1;
  }
  return finish(points, labels, 2, 2, options);
}
