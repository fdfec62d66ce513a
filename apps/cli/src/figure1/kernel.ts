import { type KernelSpectrum, kernelSpectrum } from '@sntk/dynamics';
import { analyticKernel } from '@sntk/kernels';
import { type Backend, type Tensor, tensor, toFloat64 } from '@sntk/linalg';
import { empiricalNtk } from '@sntk/mlp';
import type { Figure1Config } from './config.ts';
import { networkOf, type Problem, pointTensor } from './problem.ts';
import type { KernelArrays } from './tasks.ts';

/** The tangent kernel of the run, infinitely wide or of the network as initialized, on all points. */
export function buildKernel(
  config: Figure1Config,
  problem: Problem,
  backend: Backend,
): { readonly arrays: KernelArrays; readonly spectrum: KernelSpectrum } {
  const network = networkOf(config);
  const X = pointTensor(problem.train.points, backend);
  const between = (points?: Float64Array): Tensor => {
    const pair = points ? { X: pointTensor(points, backend), Z: X } : { X };
    return config.kernel === 'empirical'
      ? empiricalNtk(network, problem.theta, pair)
      : analyticKernel(network, pair).ntk;
  };
  const K = between();
  const spectrum = kernelSpectrum(K);
  return {
    spectrum,
    arrays: {
      train: toFloat64(K),
      values: spectrum.values,
      vectors: toFloat64(spectrum.Q),
      grid: toFloat64(between(problem.gridProbe.points)),
      test: toFloat64(between(problem.test.points)),
    },
  };
}

/** The kernel and its eigenbasis, on the backend of a worker. */
export function spectrumOf(kernel: KernelArrays, backend: Backend): KernelSpectrum {
  const samples = kernel.values.length;
  const square = (entries: Float64Array): Tensor => tensor(entries, { backend, shape: [samples, samples] });
  return { K: square(kernel.train), values: kernel.values, Q: square(kernel.vectors), samples };
}
