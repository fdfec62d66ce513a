import { availableParallelism } from 'node:os';
import { checkLearningRate, gradientFlow, type LearningRateLimits, learningRateLimits } from '@sntk/dynamics';
import { NumericalError } from '@sntk/errors';
import { backendByName } from '../backends.ts';
import type { ProgressBar } from '../progress.ts';
import { checkConfig, type Figure1Config } from './config.ts';
import { buildKernel } from './kernel.ts';
import { joinPaths, lawOf } from './metrics.ts';
import { runPool } from './pool.ts';
import { buildProblem, type Problem } from './problem.ts';
import { type Figure1Summary, type Method, type Outcome, type Outcomes, summarize } from './summary.ts';
import {
  type BandMethod,
  type KernelArrays,
  type PathMethod,
  type Task,
  type TaskContext,
  valuesOf,
} from './tasks.ts';

/** Paths per task: fixed, so that the numbers do not depend on the number of workers. */
const BLOCK = 32;

export interface Figure1Result {
  readonly problem: Problem;
  readonly kernel: KernelArrays;
  readonly limits: LearningRateLimits;
  readonly outcomes: Outcomes;
  /** Minibatch losses of each SGD run. */
  readonly losses: readonly Float64Array[];
  readonly summary: Figure1Summary;
  /** Compute time of each method in seconds, summed over workers. */
  readonly seconds: Readonly<Partial<Record<Method, number>>>;
}

export const DEFAULTS: Figure1Config = {
  seed: 0,
  samples: 500,
  noise: 0.1,
  width: 1024,
  depth: 3,
  activation: 'relu',
  weightVariance: 2,
  biasVariance: 1,
  batch: 8,
  epochs: 20,
  sampler: 'epoch',
  rateFraction: 0.1,
  sgdRuns: 4,
  paths: 64,
  band: 'exact',
  convention: 'calibrated',
  paperDrift: 'mean',
  kernel: 'analytic',
  gridColumns: 80,
  testSamples: 1000,
  backend: 'wasm',
  workers: availableParallelism(),
  force: false,
};

/** Runs the main job and gives everything that is written and shown. */
export async function runFigure1(
  config: Figure1Config,
  options: { readonly progress: ProgressBar; readonly say: (line: string) => void },
): Promise<Figure1Result> {
  checkConfig(config);
  const { progress, say } = options;
  const backend = backendByName(config.backend);
  const start = performance.now();
  const problem = buildProblem(config, backend);
  checkStart(problem);
  const { arrays: kernel, spectrum } = buildKernel(config, problem, backend);
  const limits = learningRateLimits(spectrum, {
    batch: smallestBatch(config),
    replacement: config.sampler === 'with-replacement',
  });
  const learningRate = config.learningRate ?? config.rateFraction * limits.mean;
  const steps = config.epochs * Math.ceil(config.samples / config.batch);
  try {
    checkLearningRate(learningRate, limits);
  } catch (error) {
    if (!(error instanceof NumericalError)) throw error;
    if (!config.force) {
      throw new NumericalError({
        where: 'figure1',
        found: error.message,
        fix: 'lower --rate-fraction or --learning-rate, or run all the same with --force',
        cause: error,
      });
    }
    say(`${error.message} (run all the same: --force)`);
  }
  say(
    `learning rate ${learningRate.toPrecision(4)} = ${(learningRate / limits.mean).toPrecision(3)} × 2N/λ_max; ` +
      `mean-square limit ${limits.meanSquare.toPrecision(4)}; ${steps} steps (ready after ${((performance.now() - start) / 1000).toFixed(1)} s)`,
  );

  const context: TaskContext = { config, problem, kernel, learningRate, steps };
  const flowStart = performance.now();
  const r0 = problem.train.f0.map((f, i) => f - problem.y[i]);
  const { alpha } = gradientFlow(spectrum, r0, { time: learningRate * steps });
  const ntk: Outcome = { law: lawOf(valuesOf(context, { alpha, paths: 1 }, backend)) };
  const flowSeconds = (performance.now() - flowStart) / 1000;

  const tasks = planTasks(config);
  const results = await runPool(context, tasks, progress);
  const gather = (method: Task['method']): { outcome: Outcome; seconds: number } => {
    const parts = results.filter((_, i) => tasks[i].method === method);
    const seconds = parts.reduce((sum, part) => sum + part.milliseconds, 0) / 1000;
    const failed = parts.find((part) => part.diverged !== undefined);
    if (failed?.diverged) return { outcome: { diverged: failed.diverged }, seconds };
    const exact = parts.flatMap((part) => (part.law ? [part.law] : []));
    const blocks = parts.flatMap((part) => (part.values ? [part.values] : []));
    return { outcome: { law: exact.length > 0 ? exact[0] : lawOf(joinPaths(blocks)) }, seconds };
  };
  const outcomes: Partial<Record<Method, Outcome>> = { ntk };
  const seconds: Partial<Record<Method, number>> = { ntk: flowSeconds };
  for (const method of new Set(tasks.map((task) => task.method))) {
    const { outcome, seconds: spent } = gather(method);
    outcomes[method] = outcome;
    seconds[method] = spent;
  }
  return {
    problem,
    kernel,
    limits,
    outcomes,
    losses: results.flatMap((result) => (result.losses ? [result.losses] : [])),
    summary: { ...summarize(config, problem, outcomes), learningRate, steps },
    seconds,
  };
}

/** Refuses networks whose outputs do not fit in float32, before anything is trained. */
function checkStart({ train }: Problem): void {
  const worst = train.f0.reduce((size, f) => Math.max(size, Number.isNaN(f) ? Infinity : Math.abs(f)), 0);
  // Gradients are products of several such numbers; float32 ends at 3e38.
  if (worst < 1e9) return;
  throw new NumericalError({
    where: 'figure1',
    found: `the network's outputs at initialization reach ${worst.toExponential(1)}, too large to train in float32`,
    fix: 'lower --weight-variance, --bias-variance or --depth',
  });
}

/** The last minibatch of an epoch is smaller when `b` does not divide `N`, and noisier. */
function smallestBatch({ sampler, samples, batch }: Figure1Config): number {
  return sampler === 'epoch' && samples % batch > 0 ? samples % batch : batch;
}

/** The longest tasks first, so that no worker is left with one at the end. */
function planTasks(config: Figure1Config): Task[] {
  const blocks = (method: PathMethod): Task[] =>
    Array.from({ length: Math.ceil(config.paths / BLOCK) }, (_, i) => ({
      method,
      firstPath: i * BLOCK,
      paths: Math.min(BLOCK, config.paths - i * BLOCK),
    }));
  const runs = Array.from(
    { length: config.sgdRuns },
    (_, i): Task => ({ method: 'sgd', firstPath: i, paths: 1 }),
  );
  const band = (method: BandMethod): Task[] =>
    config.band === 'exact' ? [{ method, exact: true }] : blocks(method);
  const ofEpochs = config.sampler === 'epoch' ? [...band('independent'), ...blocks('epochs')] : [];
  return [...runs, ...band('sntk'), ...band('paper'), ...ofEpochs, ...blocks('kernelSgd')];
}
