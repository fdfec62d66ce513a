import { type DualMomentOptions, dualMoments, predictMoments } from '@sntk/dynamics';
import { type Backend, tensor } from '@sntk/linalg';
import { samplerBatchFactor } from '@sntk/noise';
import type { Figure1Config } from './config.ts';
import { spectrumOf } from './kernel.ts';
import type { Field, Law } from './metrics.ts';
import type { Probe } from './problem.ts';
import type { BandMethod, TaskContext } from './tasks.ts';

/** Relative error of an interval before extrapolation; covariances then come out to about 1e-3 of their size. */
const TOLERANCE = 3e-2;

/** Mean and spread of a method at all points by its moment equation, MATH (33)–(35). */
export function runMoments(
  context: TaskContext,
  method: BandMethod,
  backend: Backend,
  onProgress: (share: number) => void,
): Law {
  const { config, problem, kernel, learningRate, steps } = context;
  const r0 = problem.train.f0.map((f, i) => f - problem.y[i]);
  const moments = dualMoments(spectrumOf(kernel, backend), r0, {
    learningRate,
    steps,
    batch: config.batch,
    tolerance: TOLERANCE,
    ...equationOf(method, config, steps),
    onProgress: ({ done, total }) => onProgress(done / total),
  });
  const field = (kx: Float64Array, probe: Probe): Field => {
    const Kx = tensor(kx, { backend, shape: [probe.count, config.samples] });
    const { mean, deviation } = predictMoments(Kx, moments, probe.f0);
    return { mean, deviation };
  };
  return {
    train: field(kernel.train, problem.train),
    grid: field(kernel.grid, problem.gridProbe),
    test: field(kernel.test, problem.test),
    paths: null,
  };
}

/** Which equation, and with which `c_b`. */
function equationOf(
  method: BandMethod,
  config: Figure1Config,
  steps: number,
): Pick<DualMomentOptions, 'model' | 'batchFactor'> & { readonly steps?: number } {
  if (method === 'independent') return { model: 'sgd' };
  if (method === 'sntk') return { model: 'leading', batchFactor: samplerBatchFactor(config) };
  // E (1/b) 1[i ∈ B] = 1/N: the printed noise is the leading one with c_b = 1. Time runs N times faster for the sum.
  return config.paperDrift === 'mean'
    ? { model: 'leading', batchFactor: 1 }
    : { model: 'leading', batchFactor: 1 / config.samples, steps: steps * config.samples };
}
