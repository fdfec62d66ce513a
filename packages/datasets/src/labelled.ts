import { ArgumentError, checkInteger, checkNonNegative } from '@sntk/errors';
import type { Rng } from '@sntk/random';
import ndarray, { type NdArray } from 'ndarray';

/** Points with their classes, ready for regression on ±1. */
export interface LabelledData {
  /** `[N, d]`, one point a row. */
  readonly X: NdArray<Float64Array>;
  /** `[N]` targets: −1 for class 0, +1 for class 1; with C classes the evenly spaced −1 + 2·label/(C − 1). */
  readonly y: Float64Array;
  /** `[N]` classes, from 0. */
  readonly labels: Int32Array;
}

/** What every generator takes. */
export interface SampleOptions {
  /** Number of points, N. */
  readonly samples: number;
  /** Where the noise and the order come from. */
  readonly rng: Rng;
  /** Whether the points come in random order, true unless told. */
  readonly shuffle?: boolean;
}

/** Options of the generators that add noise to a curve. */
export interface NoisyOptions extends SampleOptions {
  /** Standard deviation of the Gaussian noise on every coordinate, 0 unless told. */
  readonly noise?: number;
}

/** Throws unless `samples` and `noise` make sense and there is a stream. */
export function checkOptions(where: string, options: NoisyOptions): void {
  checkInteger(where, 'options.samples', options.samples, 1);
  checkNonNegative(where, 'options.noise', options.noise ?? 0);
  if (typeof options.rng?.split !== 'function') {
    throw new ArgumentError({
      where,
      argument: 'options.rng',
      wanted: 'a random stream',
      got: options.rng,
      fix: "pass { rng: createRng(seed) } of '@sntk/random'",
    });
  }
}

/** Puts the points in order, adds noise, and derives the targets. `points` is `[N, d]`, row-major. */
export function finish(
  points: Float64Array,
  labels: Int32Array,
  dimension: number,
  classes: number,
  options: NoisyOptions,
): LabelledData {
  const n = labels.length;
  const ordered = new Float64Array(n * dimension);
  const orderedLabels = new Int32Array(n);
  const order = options.shuffle === false ? undefined : options.rng.split('shuffle').permutation(n);
  const deviation = options.noise ?? 0;
  // Drawn before shuffling would do as well; as in scikit-learn it is drawn for the rows as they come out.
  if (deviation > 0) options.rng.split('noise').fillNormal(ordered, { deviation });
  for (let i = 0; i < n; i++) {
    const from = order ? order[i] : i;
    orderedLabels[i] = labels[from];
    for (let j = 0; j < dimension; j++) ordered[i * dimension + j] += points[from * dimension + j];
  }
  const y = Float64Array.from(orderedLabels, (label) => (classes > 1 ? (2 * label) / (classes - 1) - 1 : -1));
  return { X: ndarray(ordered, [n, dimension]), y, labels: orderedLabels };
}
