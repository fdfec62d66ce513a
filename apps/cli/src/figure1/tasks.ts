import { type DualEnsemble, kernelSgd, paperSntkPaths, predict, sntkPaths } from '@sntk/dynamics';
import { NumericalError } from '@sntk/errors';
import { type Backend, tensor } from '@sntk/linalg';
import { trainSgd } from '@sntk/mlp';
import { samplerBatchFactor } from '@sntk/noise';
import { backendByName } from '../backends.ts';
import type { Figure1Config } from './config.ts';
import { spectrumOf } from './kernel.ts';
import type { Law } from './metrics.ts';
import { batchesOf, independentBatches } from './minibatches.ts';
import { runMoments } from './moments.ts';
import { evaluate, networkOf, type Problem, runStream } from './problem.ts';

/** Functions at the three sets of points, row-major `[points, paths]`. */
export interface PathValues {
  readonly paths: number;
  readonly train: Float64Array;
  readonly grid: Float64Array;
  readonly test: Float64Array;
}

/** The kernel on and between the points, as arrays that can be sent to a worker. */
export interface KernelArrays {
  /** `[N, N]`, its eigenvalues `[N]` and eigenvectors `[N, N]`. */
  readonly train: Float64Array;
  readonly values: Float64Array;
  readonly vectors: Float64Array;
  /** `[grid points, N]` and `[test points, N]`. */
  readonly grid: Float64Array;
  readonly test: Float64Array;
}

export interface TaskContext {
  readonly config: Figure1Config;
  readonly problem: Problem;
  readonly kernel: KernelArrays;
  readonly learningRate: number;
  readonly steps: number;
}

/** Methods whose law has exact moments. */
export type BandMethod = 'independent' | 'sntk' | 'paper';
export type PathMethod = 'sgd' | 'kernelSgd' | 'epochs' | BandMethod;

/** Paths of one method. */
export interface PathTask {
  readonly method: PathMethod;
  readonly firstPath: number;
  readonly paths: number;
}

/** A piece of one method that one worker does; its numbers do not depend on which worker or when. */
export type Task = PathTask | { readonly method: BandMethod; readonly exact: true };

export interface TaskResult {
  readonly values?: PathValues;
  /** Means and deviations, of exact tasks. */
  readonly law?: Law;
  /** Minibatch losses `[steps]`, of SGD. */
  readonly losses?: Float64Array;
  /** Why there are no values: the path diverged. */
  readonly diverged?: string;
  readonly milliseconds: number;
}

/** Runs a task. Divergence is a result, everything else that goes wrong is thrown. */
export function runTask(context: TaskContext, task: Task, onProgress: (share: number) => void): TaskResult {
  const start = performance.now();
  const backend = backendByName(context.config.backend);
  const finish = (rest: Omit<TaskResult, 'milliseconds'>): TaskResult => ({
    ...rest,
    milliseconds: performance.now() - start,
  });
  try {
    if ('exact' in task) return finish({ law: runMoments(context, task.method, backend, onProgress) });
    if (task.method === 'sgd') return finish(runSgd(context, task, backend, onProgress));
    return finish({ values: runEnsemble(context, task, backend, onProgress) });
  } catch (error) {
    if (error instanceof NumericalError) return finish({ diverged: error.message });
    throw error;
  }
}

function runSgd(
  context: TaskContext,
  task: PathTask,
  backend: Backend,
  onProgress: (share: number) => void,
): Omit<TaskResult, 'milliseconds'> {
  const { config, problem, learningRate, steps } = context;
  const { theta, losses } = trainSgd(networkOf(config), problem.theta, {
    X: tensor(problem.train.points, { backend, dtype: 'float32', shape: [config.samples, 2] }),
    Y: tensor(problem.y, { backend, dtype: 'float32', shape: [config.samples, 1] }),
    batches: batchesOf(config, task.firstPath),
    steps,
    learningRate,
    onProgress: ({ step }) => onProgress(step / steps),
  });
  const at = (points: Float64Array): Float64Array => evaluate(config, theta as Float32Array, points, backend);
  return {
    values: {
      paths: 1,
      train: at(problem.train.points),
      grid: at(problem.gridProbe.points),
      test: at(problem.test.points),
    },
    losses,
  };
}

function runEnsemble(
  context: TaskContext,
  task: PathTask,
  backend: Backend,
  onProgress: (share: number) => void,
): PathValues {
  const { config, problem, kernel, learningRate, steps } = context;
  const { samples: N, batch } = config;
  const r0 = problem.train.f0.map((f, i) => f - problem.y[i]);
  const hooks = { onProgress: (at: { done: number; total: number }) => onProgress(at.done / at.total) };
  const ensemble = (): DualEnsemble => {
    if (task.method === 'kernelSgd' || task.method === 'independent') {
      const source = task.method === 'kernelSgd' ? batchesOf : independentBatches;
      const batches = Array.from({ length: task.paths }, (_, p) => source(config, task.firstPath + p));
      return kernelSgd(tensor(kernel.train, { backend, shape: [N, N] }), r0, {
        learningRate,
        steps,
        batches,
        ...hooks,
      });
    }
    const spectrum = spectrumOf(kernel, backend);
    const { firstPath, paths } = task;
    if (task.method === 'paper') {
      const rng = runStream(config, 'paper');
      const reduction = config.paperDrift;
      return paperSntkPaths(spectrum, r0, {
        learningRate,
        steps,
        batch,
        reduction,
        paths,
        firstPath,
        rng,
        ...hooks,
      });
    }
    const ofEpochs = task.method === 'epochs';
    return sntkPaths(spectrum, r0, {
      learningRate,
      steps,
      batch,
      ...(ofEpochs ? { epochs: true } : { batchFactor: samplerBatchFactor(config) }),
      paths,
      firstPath,
      rng: runStream(config, ofEpochs ? 'epochs' : 'sntk'),
      ...hooks,
    });
  };
  return valuesOf(context, ensemble(), backend);
}

/** Functions at all points from dual coordinates. */
export function valuesOf(
  context: Pick<TaskContext, 'config' | 'problem' | 'kernel'>,
  { alpha, paths }: { readonly alpha: Float64Array; readonly paths: number },
  backend: Backend,
): PathValues {
  const { config, problem, kernel } = context;
  const at = (kx: Float64Array, probe: { count: number; f0: Float64Array }): Float64Array =>
    predict(tensor(kx, { backend, shape: [probe.count, config.samples] }), alpha, probe.f0);
  return {
    paths,
    train: at(kernel.train, problem.train),
    grid: at(kernel.grid, problem.gridProbe),
    test: at(kernel.test, problem.test),
  };
}
