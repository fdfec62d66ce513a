import { ACTIVATIONS } from '@sntk/architecture';
import { ArgumentError, checkChoice, checkInteger, checkNonNegative, checkPositive } from '@sntk/errors';
import { SAMPLERS, type Sampler } from '@sntk/random';
import { BACKENDS, type BackendName } from '../backends.ts';
import { checkMemory } from '../memory.ts';

export const ACTIVATION_NAMES: readonly string[] = Object.keys(ACTIVATIONS);
export const CONVENTIONS = ['calibrated', 'paper'] as const;
export const KERNELS = ['analytic', 'empirical'] as const;
export const BANDS = ['exact', 'sampled'] as const;
export const DRIFTS = ['mean', 'sum'] as const;

/** Everything a run depends on. Goes into the manifest as it is. */
export interface Figure1Config {
  readonly seed: number;
  readonly samples: number;
  readonly noise: number;
  readonly width: number;
  /** Number of hidden layers. */
  readonly depth: number;
  readonly activation: string;
  readonly weightVariance: number;
  readonly biasVariance: number;
  readonly batch: number;
  readonly epochs: number;
  readonly sampler: Sampler;
  /** η; from `rateFraction` when absent. */
  readonly learningRate?: number;
  /** η as a share of the limit `2N/λ_max` of the mean. */
  readonly rateFraction: number;
  readonly sgdRuns: number;
  /** Paths of kernel SGD, and of each ensemble where the band is sampled. */
  readonly paths: number;
  /** Spreads of the SNTKs and of kernel SGD with independent minibatches by exact moments, or from paths. */
  readonly band: (typeof BANDS)[number];
  readonly convention: (typeof CONVENTIONS)[number];
  /** The paper's drift as a mean over examples, like SGD's, or as the printed sum. */
  readonly paperDrift: (typeof DRIFTS)[number];
  readonly kernel: (typeof KERNELS)[number];
  /** Columns of the grid the functions are drawn on; rows follow from the data's aspect. */
  readonly gridColumns: number;
  readonly testSamples: number;
  readonly backend: BackendName;
  readonly workers: number;
  readonly force: boolean;
}

/** Refuses a configuration that cannot be run, naming the option as it is written on the command line. */
export function checkConfig(config: Figure1Config): void {
  const where = 'figure1';
  checkInteger(where, '--seed', config.seed);
  checkInteger(where, '--samples', config.samples, 2);
  checkNonNegative(where, '--noise', config.noise);
  checkInteger(where, '--width', config.width, 1);
  checkInteger(where, '--depth', config.depth, 1);
  checkChoice(where, '--activation', config.activation, ACTIVATION_NAMES);
  checkPositive(where, '--weight-variance', config.weightVariance);
  checkNonNegative(where, '--bias-variance', config.biasVariance);
  checkInteger(where, '--batch', config.batch, 1);
  if (config.batch > config.samples) {
    throw new ArgumentError({
      where,
      argument: '--batch',
      wanted: `at most --samples, ${config.samples}`,
      got: config.batch,
    });
  }
  checkInteger(where, '--epochs', config.epochs, 1);
  checkChoice(where, '--sampler', config.sampler, SAMPLERS);
  if (config.learningRate !== undefined) checkPositive(where, '--learning-rate', config.learningRate);
  checkPositive(where, '--rate-fraction', config.rateFraction);
  checkInteger(where, '--sgd-runs', config.sgdRuns, 2);
  checkInteger(where, '--paths', config.paths, 2);
  if (config.paths < config.sgdRuns) {
    throw new ArgumentError({
      where,
      argument: '--paths',
      wanted: `at least --sgd-runs, ${config.sgdRuns}, whose minibatches kernel SGD repeats`,
      got: config.paths,
    });
  }
  checkChoice(where, '--band', config.band, BANDS);
  checkChoice(where, '--convention', config.convention, CONVENTIONS);
  checkChoice(where, '--paper-drift', config.paperDrift, DRIFTS);
  checkChoice(where, '--kernel', config.kernel, KERNELS);
  checkInteger(where, '--grid', config.gridColumns, 2);
  checkInteger(where, '--test-samples', config.testSamples, 1);
  checkChoice(where, '--backend', config.backend, BACKENDS);
  checkInteger(where, '--workers', config.workers, 1);
  checkMemory(where, memoryOf(config));
}

/** Bytes that a run needs at its peak, by the options that set them. */
function memoryOf(config: Figure1Config): readonly (readonly [string, number])[] {
  const {
    samples: N,
    width,
    depth,
    paths,
    sgdRuns,
    epochs,
    batch,
    gridColumns,
    testSamples,
    workers,
  } = config;
  // A grid has about as many rows as columns; all arrays are float64 but the parameters, which are kept twice.
  const points = N + gridColumns ** 2 + testSamples;
  return [
    ['--width and --depth', (1 + workers) * 12 * depth * width * (width + 1) + 24 * points * width],
    // The spectrum, and on each worker the moments' tables and their products.
    ['--samples', (64 + (config.band === 'exact' ? workers * 200 : 0)) * N * N],
    ['--grid and --test-samples', (1 + workers) * 8 * points * N],
    ['--paths', 32 * paths * (points + N)],
    ['--epochs', 8 * sgdRuns * epochs * Math.ceil(N / batch)],
  ];
}
