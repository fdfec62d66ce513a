import type { Figure1Config } from './config.ts';
import {
  type Field,
  fieldOf,
  firstPaths,
  type Law,
  rmse,
  rootMeanSquare,
  shareWithin,
  signAgreement,
} from './metrics.ts';
import type { Problem } from './problem.ts';
import type { PathValues } from './tasks.ts';

/** The methods of the comparison, in the order of the table. */
export const METHODS = ['sgd', 'ntk', 'sntk', 'paper', 'independent', 'epochs', 'kernelSgd'] as const;
export type Method = (typeof METHODS)[number];

export const METHOD_TITLES: Readonly<Record<Method, string>> = {
  sgd: 'SGD',
  ntk: 'NTK',
  sntk: 'SNTK',
  paper: 'SNTK as printed',
  independent: 'Kernel SGD, i.i.d.',
  epochs: 'SNTK on epochs',
  kernelSgd: 'Kernel SGD',
};

/** A spread below this share of the function is float32 rounding, not minibatch noise. */
const ROUNDING = 1e-5;

export type Outcome = { readonly law: Law } | { readonly diverged: string };

/** One row of the table. All comparisons are on the grid, against the mean of the SGD runs. */
export interface MethodSummary {
  /** Runs or paths; null where the moments are exact. */
  readonly paths: number | null;
  /** Share of fresh points whose sign the mean function has right. */
  readonly accuracy: number;
  readonly trainAccuracy: number;
  /** Root of the mean of (f − y)² over training points and minibatches: what SGD's noise is proportional to. */
  readonly trainResidual: number;
  /** Root mean square over the grid of the standard deviation over paths; null where there is no noise. */
  readonly spread: number | null;
  readonly rmseToSgd: number | null;
  readonly spreadRatio: number | null;
  readonly boundaryAgreement: number | null;
  /** Share of the values of all SGD runs within two of this method's deviations of its mean. */
  readonly sgdWithinBand: number | null;
}

export interface Figure1Summary {
  readonly methods: Readonly<Partial<Record<Method, MethodSummary>>>;
  readonly diverged: Readonly<Partial<Record<Method, string>>>;
  /**
   * Kernel SGD on the very minibatches of the SGD runs: the root mean square difference path by path, and its spread
   * over those paths against SGD's. What is left is the finite width alone.
   */
  readonly sameMinibatches: { readonly rmse: number; readonly spreadRatio: number | null } | null;
  /** Spread of the paper's literal SNTK over the calibrated one. */
  readonly paperOverstatement: number | null;
  readonly learningRate: number;
  readonly steps: number;
}

/** Outcomes by method; kernel SGD with independent minibatches, and the SNTK with the noise of epochs, run only for epoch shuffling. */
export type Outcomes = Readonly<Partial<Record<Method, Outcome>>>;

export function summarize(
  config: Figure1Config,
  problem: Problem,
  outcomes: Outcomes,
): Omit<Figure1Summary, 'learningRate' | 'steps'> {
  const reached = (method: Method): Law | undefined => {
    const outcome = outcomes[method];
    return outcome && 'law' in outcome ? outcome.law : undefined;
  };
  const methods: Partial<Record<Method, MethodSummary>> = {};
  const diverged: Partial<Record<Method, string>> = {};
  const sgd = reached('sgd');
  const reference = sgd?.grid;
  const sgdSpread = reference ? noisySpread(reference) : null;
  for (const method of METHODS) {
    const outcome = outcomes[method];
    if (!outcome) continue;
    if ('diverged' in outcome) {
      diverged[method] = outcome.diverged;
      continue;
    }
    const { train, grid, test, paths } = outcome.law;
    const spread = noisySpread(grid);
    methods[method] = {
      paths,
      accuracy: signAgreement(test.mean, problem.testY),
      trainAccuracy: signAgreement(train.mean, problem.y),
      trainResidual: Math.hypot(rmse(train.mean, problem.y), rootMeanSquare(train.deviation ?? [0])),
      spread,
      rmseToSgd: reference ? rmse(grid.mean, reference.mean) : null,
      spreadRatio: ratio(spread, sgdSpread),
      boundaryAgreement: reference ? signAgreement(grid.mean, reference.mean) : null,
      sgdWithinBand: sgd?.values && spread !== null ? shareWithin(grid, sgd.values.grid, 2) : null,
    };
  }
  return {
    methods,
    diverged,
    sameMinibatches: pairwise(config, sgd?.values, reached('kernelSgd')?.values),
    paperOverstatement: ratio(methods.paper?.spread, methods.sntk?.spread),
  };
}

/** Root mean square over points of the standard deviation over paths; null where there is none but rounding. */
function noisySpread({ mean, deviation }: Field): number | null {
  if (!deviation) return null;
  const spread = rootMeanSquare(deviation);
  return spread > ROUNDING * rootMeanSquare(mean) ? spread : null;
}

function ratio(a: number | null | undefined, b: number | null | undefined): number | null {
  return typeof a === 'number' && typeof b === 'number' ? a / b : null;
}

function pairwise(
  config: Figure1Config,
  sgd: PathValues | undefined,
  kernelSgd: PathValues | undefined,
): Figure1Summary['sameMinibatches'] {
  if (!sgd || !kernelSgd) return null;
  const runs = config.sgdRuns;
  const same = firstPaths(kernelSgd.grid, kernelSgd.paths, runs);
  const spread = (values: Float64Array): number | null => noisySpread(fieldOf(values, runs));
  return { rmse: rmse(sgd.grid, same), spreadRatio: ratio(spread(same), spread(sgd.grid)) };
}
