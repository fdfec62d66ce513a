import { encodeNpz, type NpyData } from '@sntk/datasets';
import ndarray, { type NdArray } from 'ndarray';
import { circumstances } from '../circumstances.ts';
import { writeFigure, writeJson } from '../run-files.ts';
import type { RunFolder } from '../run-folder.ts';
import type { RunTimes } from '../run-in-folder.ts';
import type { Figure1Config } from './config.ts';
import { drawFigure } from './figure.ts';
import type { Figure1Result } from './run.ts';
import { METHODS } from './summary.ts';

/** Writes all files of a run: numbers in summary.json and arrays.npz, circumstances in manifest.json, the figure. */
export function writeArtifacts(
  folder: RunFolder,
  config: Figure1Config,
  result: Figure1Result,
  times: RunTimes,
): void {
  writeJson(folder, 'summary.json', result.summary);
  folder.write('arrays.npz', encodeNpz(arraysOf(result)));
  writeFigure(folder, 'figure1', drawFigure(config, result.problem, result.outcomes, result.summary));
  writeJson(folder, 'manifest.json', manifestOf(config, result, times));
}

function arraysOf({ problem, kernel, outcomes, losses }: Figure1Result): Record<string, NdArray<NpyData>> {
  const arrays: Record<string, NdArray<NpyData>> = {
    X: ndarray(problem.train.points, [problem.train.count, 2]),
    y: ndarray(problem.y),
    X_test: ndarray(problem.test.points, [problem.test.count, 2]),
    y_test: ndarray(problem.testY),
    grid: ndarray(problem.gridProbe.points, [problem.grid.rows, problem.grid.columns, 2]),
    f0_train: ndarray(problem.train.f0),
    f0_grid: ndarray(problem.gridProbe.f0, [problem.grid.rows, problem.grid.columns]),
    kernel_eigenvalues: ndarray(kernel.values),
  };
  const shape = [problem.grid.rows, problem.grid.columns];
  for (const method of METHODS) {
    const outcome = outcomes[method];
    if (!outcome || 'diverged' in outcome) continue;
    const { grid, train, values } = outcome.law;
    arrays[`${method}_grid_mean`] = ndarray(grid.mean, shape);
    if (grid.deviation) arrays[`${method}_grid_std`] = ndarray(grid.deviation, shape);
    arrays[`${method}_train_mean`] = ndarray(train.mean);
    if (train.deviation) arrays[`${method}_train_std`] = ndarray(train.deviation);
    if (values) arrays[`${method}_train`] = ndarray(values.train, [problem.train.count, values.paths]);
  }
  if (losses.length > 0) {
    const steps = losses[0].length;
    const all = new Float64Array(losses.length * steps);
    losses.forEach((run, i) => {
      all.set(run, i * steps);
    });
    arrays.sgd_losses = ndarray(all, [losses.length, steps]);
  }
  return arrays;
}

function manifestOf(config: Figure1Config, result: Figure1Result, times: RunTimes): Record<string, unknown> {
  return {
    command: 'figure1',
    config,
    learningRate: result.summary.learningRate,
    learningRateLimits: result.limits,
    steps: result.summary.steps,
    conventions: {
      loss: '½(f − y)², mean over examples; time = learning rate × steps',
      band:
        config.band === 'exact'
          ? 'sntk, paper and independent have the moments MATH (33)–(35), without sampling'
          : 'sntk, paper and independent are paths; those of SDEs by exponential Strang splitting with step η',
      sntk: 'MATH (30), calibrated: covariance (23)',
      paper: `MATH (31), ${config.paperDrift} drift`,
      kernelSgd: 'MATH (28); path p sees the minibatches of SGD run p',
      epochs:
        'MATH (30) with Brownian bridges over epochs, which minibatches of an epoch have as their limit',
      independent: 'MATH (28) with minibatches drawn without replacement, independent between steps',
      parameterization: 'ntk, MATH (1)',
    },
    ...circumstances(),
    backend: config.backend,
    started: times.started.toISOString(),
    seconds: { total: times.seconds, ...result.seconds },
  };
}
