import {
  type DualEnsemble,
  type KernelSpectrum,
  kernelSgd,
  paperSntkPaths,
  predict,
  sntkPaths,
} from '@sntk/dynamics';
import { NumericalError } from '@sntk/errors';
import { type Backend, tensor } from '@sntk/linalg';
import { trainSgd } from '@sntk/mlp';
import { batchFactor, epochBatchFactor } from '@sntk/noise';
import { type Minibatches, minibatches } from '@sntk/random';
import { backendByName } from '../backends.ts';
import type { Figure1Config } from './config.ts';
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

/** A piece of one method that one worker does; its numbers do not depend on which worker or when. */
export interface Task {
  readonly method: 'sgd' | 'kernelSgd' | 'independent' | 'sntk' | 'paper';
  readonly firstPath: number;
  readonly paths: number;
}

export interface TaskResult {
  readonly values?: PathValues;
  /** Minibatch losses `[steps]`, of SGD. */
  readonly losses?: Float64Array;
  /** Why there are no values: the path diverged. */
  readonly diverged?: string;
  readonly milliseconds: number;
}

/** The minibatches of path `p`: real SGD and kernel SGD of the same number see the same examples. */
function batchesOf(config: Figure1Config, path: number): Minibatches {
  const { samples, batch, sampler } = config;
  return minibatches({ samples, batch, sampler, rng: runStream(config, 'minibatches').split(path) });
}

/** Minibatches that do not know of each other, as the SNTK's noise has it. */
function independentBatches(config: Figure1Config, path: number): Minibatches {
  const { samples, batch } = config;
  const rng = runStream(config, 'independent').split(path);
  return minibatches({ samples, batch, sampler: 'without-replacement', rng });
}

/** `c_b` of SGD's minibatches, over an epoch where their sizes differ. */
function noiseFactor({ samples, batch, sampler }: Figure1Config): number {
  return sampler === 'epoch'
    ? epochBatchFactor({ samples, batch })
    : batchFactor({ samples, batch, replacement: sampler === 'with-replacement' });
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
    if (task.method === 'sgd') return finish(runSgd(context, task, backend, onProgress));
    return finish({ values: runEnsemble(context, task, backend, onProgress) });
  } catch (error) {
    if (error instanceof NumericalError) return finish({ diverged: error.message });
    throw error;
  }
}

function runSgd(
  context: TaskContext,
  task: Task,
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
  task: Task,
  backend: Backend,
  onProgress: (share: number) => void,
): PathValues {
  const { config, problem, kernel, learningRate, steps } = context;
  const { samples: N, batch } = config;
  const K = tensor(kernel.train, { backend, shape: [N, N] });
  const r0 = problem.train.f0.map((f, i) => f - problem.y[i]);
  const hooks = { onProgress: (at: { done: number; total: number }) => onProgress(at.done / at.total) };
  const ensemble = (): DualEnsemble => {
    if (task.method === 'kernelSgd' || task.method === 'independent') {
      const source = task.method === 'kernelSgd' ? batchesOf : independentBatches;
      const batches = Array.from({ length: task.paths }, (_, p) => source(config, task.firstPath + p));
      return kernelSgd(K, r0, { learningRate, steps, batches, ...hooks });
    }
    const spectrum: KernelSpectrum = {
      K,
      values: kernel.values,
      Q: tensor(kernel.vectors, { backend, shape: [N, N] }),
      samples: N,
    };
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
    const rng = runStream(config, 'sntk');
    const batchFactor = noiseFactor(config);
    return sntkPaths(spectrum, r0, {
      learningRate,
      steps,
      batch,
      batchFactor,
      paths,
      firstPath,
      rng,
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
