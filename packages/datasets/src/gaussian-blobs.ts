import { ArgumentError, checkFinite, checkInteger, checkNonNegative } from '@sntk/errors';
import { checkOptions, finish, type LabelledData, type SampleOptions } from './labelled.ts';

/** Options of {@link gaussianBlobs}. */
export interface BlobsOptions extends SampleOptions {
  /** The centres, one point each, or how many to draw; 3 unless told. */
  readonly centers?: number | readonly (readonly number[])[];
  /** Standard deviation around each centre, one for all or one for each; 1 unless told. */
  readonly deviation?: number | readonly number[];
  /** Number of coordinates when the centres are drawn, 2 unless told. */
  readonly features?: number;
  /** Interval from which every coordinate of a drawn centre is uniform, [−10, 10] unless told. */
  readonly box?: readonly [number, number];
}

/**
 * Isotropic Gaussian clusters, by the definition of scikit-learn's `make_blobs`.
 *
 * Each of C centres gets ⌊N/C⌋ points, the first N mod C one more.
 *
 * @returns X `[N, d]`, y `[N]`, labels `[N]` of 0 … C − 1; the targets are ±1 for two centres and evenly spaced over
 * [−1, 1] for more
 * @throws ArgumentError for fewer than one sample, centres of different lengths, negative deviations
 *
 * Source: Pedregosa et al., "Scikit-learn: Machine Learning in Python".
 *
 * @example
 * ```ts
 * import { gaussianBlobs } from '@sntk/datasets';
 * import { createRng } from '@sntk/random';
 *
 * const centers = [[-2, 0], [2, 0]];
 * const { labels } = gaussianBlobs({ samples: 5, centers, deviation: 0.5, shuffle: false, rng: createRng(1) });
 * console.log(labels.join()); // 0,0,0,1,1
 * ```
 */
export function gaussianBlobs(options: BlobsOptions): LabelledData {
  checkOptions('gaussianBlobs', options);
  const { samples, rng } = options;
  const centers = centersOf(options);
  const classes = centers.length;
  const dimension = centers[0].length;
  const deviations = deviationsOf(options, classes);
  const points = new Float64Array(samples * dimension);
  const labels = new Int32Array(samples);
  rng.split('points').fillNormal(points);
  let row = 0;
  for (let label = 0; label < classes; label++) {
    const count = Math.floor(samples / classes) + (label < samples % classes ? 1 : 0);
    for (const end = row + count; row < end; row++) {
      labels[row] = label;
      for (let j = 0; j < dimension; j++) {
        const at = row * dimension + j;
        points[at] = centers[label][j] + deviations[label] * points[at];
      }
    }
  }
  return finish(points, labels, dimension, classes, options);
}

function centersOf(options: BlobsOptions): readonly (readonly number[])[] {
  const where = 'gaussianBlobs';
  const { centers = 3, features = 2, box = [-10, 10], rng } = options;
  if (typeof centers === 'number') {
    checkInteger(where, 'options.centers', centers, 1);
    checkInteger(where, 'options.features', features, 1);
    checkFinite(where, 'options.box', box);
    const [low, high] = box;
    if (low > high) {
      throw new ArgumentError({ where, argument: 'options.box', wanted: '[low, high]', got: box });
    }
    const stream = rng.split('centers');
    return Array.from({ length: centers }, () =>
      Array.from({ length: features }, () => low + (high - low) * stream.uniform()),
    );
  }
  const dimension = centers[0]?.length ?? 0;
  centers.forEach((center, i) => {
    if (dimension === 0 || center.length !== dimension) {
      throw new ArgumentError({
        where,
        argument: `options.centers[${i}]`,
        wanted: `${dimension || 'at least 1'} coordinates, as many as the first centre`,
        got: `${center.length}`,
      });
    }
    checkFinite(where, `options.centers[${i}]`, center);
  });
  if (centers.length === 0) {
    throw new ArgumentError({
      where,
      argument: 'options.centers',
      wanted: 'at least one centre',
      got: centers,
    });
  }
  return centers;
}

function deviationsOf(options: BlobsOptions, classes: number): readonly number[] {
  const { deviation = 1 } = options;
  const list = typeof deviation === 'number' ? new Array<number>(classes).fill(deviation) : deviation;
  if (list.length !== classes) {
    throw new ArgumentError({
      where: 'gaussianBlobs',
      argument: 'options.deviation',
      wanted: `one number, or one for each of ${classes} centres`,
      got: deviation,
    });
  }
  for (const value of list) checkNonNegative('gaussianBlobs', 'options.deviation', value);
  return list;
}
