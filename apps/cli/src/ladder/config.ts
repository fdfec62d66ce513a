import { ArgumentError, checkChoice, checkInteger, checkNonNegative, checkPositive } from '@sntk/errors';
import { SAMPLERS, type Sampler } from '@sntk/random';
import { BACKENDS, type BackendName } from '../backends.ts';
import { checkMemory } from '../memory.ts';

/** Everything a ladder depends on. Goes into the manifest as it is. */
export interface LadderConfig {
  readonly seed: number;
  readonly samples: number;
  readonly noise: number;
  /** Number of hidden layers. */
  readonly depth: number;
  /** Each list is swept while the others stay at their base: the last width, the middle batch and the middle rate. */
  readonly widths: readonly number[];
  readonly batches: readonly number[];
  /** Learning rates as shares of `2N/λ_max`. */
  readonly rates: readonly number[];
  /** Time of training in units of `2N/λ_max`, the same for all settings. */
  readonly time: number;
  readonly sampler: Sampler;
  readonly sgdRuns: number;
  readonly paths: number;
  readonly backend: BackendName;
}

export const LADDER_DEFAULTS: LadderConfig = {
  seed: 0,
  samples: 64,
  noise: 0.1,
  depth: 2,
  widths: [32, 128, 512],
  batches: [2, 8, 32],
  rates: [0.05, 0.1, 0.2],
  time: 20,
  sampler: 'epoch',
  sgdRuns: 20,
  paths: 100,
  backend: 'wasm',
};

/** One point of the sweeps. */
export interface Setting {
  readonly width: number;
  readonly batch: number;
  readonly rate: number;
}

/** The sweeps by what they vary; settings that two of them share are one object. */
export function sweepsOf({
  widths,
  batches,
  rates,
}: LadderConfig): Readonly<Record<keyof Setting, readonly Setting[]>> {
  const middle = (list: readonly number[]): number => list[Math.floor((list.length - 1) / 2)];
  const base: Setting = { width: widths[widths.length - 1], batch: middle(batches), rate: middle(rates) };
  const vary = (name: keyof Setting, list: readonly number[]): Setting[] =>
    list.map((value) => (value === base[name] ? base : { ...base, [name]: value }));
  return { width: vary('width', widths), batch: vary('batch', batches), rate: vary('rate', rates) };
}

/** Refuses a configuration that cannot be run, naming the option as it is written on the command line. */
export function checkLadder(config: LadderConfig): void {
  const where = 'ladder';
  checkInteger(where, '--seed', config.seed);
  checkInteger(where, '--samples', config.samples, 2);
  checkNonNegative(where, '--noise', config.noise);
  checkInteger(where, '--depth', config.depth, 1);
  checkChoice(where, '--sampler', config.sampler, SAMPLERS);
  checkPositive(where, '--time', config.time);
  // Ten groups of the jackknife.
  checkInteger(where, '--sgd-runs', config.sgdRuns, 10);
  checkInteger(where, '--paths', config.paths, 10);
  checkChoice(where, '--backend', config.backend, BACKENDS);
  const lists: readonly (readonly [string, readonly number[]])[] = [
    ['--widths', config.widths],
    ['--batches', config.batches],
    ['--rates', config.rates],
  ];
  for (const [name, list] of lists) {
    for (const value of list) {
      if (name === '--rates') checkPositive(where, name, value);
      else checkInteger(where, name, value, 1);
    }
    if (list.some((value, i) => i > 0 && value <= list[i - 1])) {
      throw new ArgumentError({ where, argument: name, wanted: 'in ascending order', got: list.join(',') });
    }
  }
  const largest = config.batches[config.batches.length - 1];
  if (largest > config.samples) {
    throw new ArgumentError({
      where,
      argument: '--batches',
      wanted: `at most --samples, ${config.samples}`,
      got: largest,
    });
  }
  const { samples: N, depth, paths, sgdRuns } = config;
  const width = config.widths[config.widths.length - 1];
  checkMemory(where, [
    // Parameters, their update, and signals of all points.
    ['--widths and --depth', 24 * depth * width * (width + N)],
    // Two kernels, one with its eigenbasis.
    ['--samples', 64 * N * N],
    ['--paths and --sgd-runs', 64 * N * (paths + sgdRuns)],
  ]);
}
