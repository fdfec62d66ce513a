import type { Figure1Config } from './config.ts';
import { fieldOf, firstPaths, rmse, rootMeanSquare, signAgreement } from './metrics.ts';
import type { Problem } from './problem.ts';
import type { PathValues } from './tasks.ts';

/** The methods of the comparison, in the order of the table. */
export const METHODS = ['sgd', 'ntk', 'sntk', 'paper', 'kernelSgd'] as const;
export type Method = (typeof METHODS)[number];

export const METHOD_TITLES: Readonly<Record<Method, string>> = {
  sgd: 'SGD',
  ntk: 'NTK',
  sntk: 'SNTK',
  paper: 'SNTK as printed',
  kernelSgd: 'Kernel SGD',
};

export type Outcome = { readonly values: PathValues } | { readonly diverged: string };

/** One row of the table. All comparisons are on the grid, against the mean of the SGD runs. */
export interface MethodSummary {
  readonly paths: number;
  /** Share of fresh points whose sign the mean function has right. */
  readonly accuracy: number;
  readonly trainAccuracy: number;
  /** Root mean square of f − y over training points and paths: what SGD's noise is proportional to. */
  readonly trainResidual: number;
  /** Root mean square over the grid of the standard deviation over paths; absent for NTK. */
  readonly spread: number | null;
  readonly rmseToSgd: number | null;
  readonly spreadRatio: number | null;
  readonly boundaryAgreement: number | null;
}

export interface Figure1Summary {
  readonly methods: Readonly<Partial<Record<Method, MethodSummary>>>;
  readonly diverged: Readonly<Partial<Record<Method, string>>>;
  /**
   * Kernel SGD on the very minibatches of the SGD runs: the root mean square difference path by path, and its spread
   * over those paths against SGD's. What is left is the finite width alone.
   */
  readonly sameMinibatches: { readonly rmse: number; readonly spreadRatio: number } | null;
  /** Spread of the paper's literal SNTK over the calibrated one. */
  readonly paperOverstatement: number | null;
  readonly learningRate: number;
  readonly steps: number;
}

export function summarize(
  config: Figure1Config,
  problem: Problem,
  outcomes: Readonly<Record<Method, Outcome>>,
): Omit<Figure1Summary, 'learningRate' | 'steps'> {
  const reached = (method: Method): PathValues | undefined => {
    const outcome = outcomes[method];
    return 'values' in outcome ? outcome.values : undefined;
  };
  const methods: Partial<Record<Method, MethodSummary>> = {};
  const diverged: Partial<Record<Method, string>> = {};
  const sgd = reached('sgd');
  const reference = sgd ? fieldOf(sgd.grid, sgd.paths) : undefined;
  for (const method of METHODS) {
    const outcome = outcomes[method];
    if ('diverged' in outcome) {
      diverged[method] = outcome.diverged;
      continue;
    }
    const { values } = outcome;
    const field = fieldOf(values.grid, values.paths);
    const spread = field.deviation ? rootMeanSquare(field.deviation) : null;
    methods[method] = {
      paths: values.paths,
      accuracy: signAgreement(fieldOf(values.test, values.paths).mean, problem.testY),
      trainAccuracy: signAgreement(fieldOf(values.train, values.paths).mean, problem.y),
      trainResidual: rootMeanSquare(values.train.map((f, q) => f - problem.y[Math.floor(q / values.paths)])),
      spread,
      rmseToSgd: reference ? rmse(field.mean, reference.mean) : null,
      spreadRatio:
        reference?.deviation && spread !== null ? spread / rootMeanSquare(reference.deviation) : null,
      boundaryAgreement: reference ? signAgreement(field.mean, reference.mean) : null,
    };
  }
  const paper = methods.paper?.spread;
  const calibrated = methods.sntk?.spread;
  return {
    methods,
    diverged,
    sameMinibatches: pairwise(config, sgd, reached('kernelSgd')),
    paperOverstatement: paper && calibrated ? paper / calibrated : null,
  };
}

function pairwise(
  config: Figure1Config,
  sgd: PathValues | undefined,
  kernelSgd: PathValues | undefined,
): Figure1Summary['sameMinibatches'] {
  if (!sgd || !kernelSgd) return null;
  const runs = config.sgdRuns;
  const same = firstPaths(kernelSgd.grid, kernelSgd.paths, runs);
  const spread = (values: Float64Array): number => rootMeanSquare(fieldOf(values, runs).deviation ?? []);
  return { rmse: rmse(sgd.grid, same), spreadRatio: spread(same) / spread(sgd.grid) };
}
