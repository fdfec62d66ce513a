import { dualMoments, kernelSpectrum } from '@sntk/dynamics';
import { tensor } from '@sntk/linalg';
import { backendOf } from './shared/backends.mjs';
import { kernelProblem } from './shared/kernel-problem.mjs';

const moments =
  (name) =>
  async ({ K, r0 }, { steps, learningRate, batch }, { threads }) => {
    const kernel = tensor(K.data, { backend: await backendOf(name, threads), shape: K.shape });
    return () => {
      const spectrum = kernelSpectrum(kernel);
      const { mean, covariance } = dualMoments(spectrum, r0.data, {
        learningRate,
        steps,
        batch,
        replacement: true,
      });
      return { mean, covariance };
    };
  };

const setting = { learningRate: 0.0185, batch: 8 };

export default {
  title: 'Exact moments (33) of kernel SGD',
  // Steps are taken many at once: 2.1e-5 at N = 250, the most.
  tolerance: 3e-5,
  ours: { wasm: moments('wasm'), blas: moments('blas') },
  peers: ['numpy'],
  settings: [
    {
      ...setting,
      name: 'N = 500, 6,300 steps',
      N: 500,
      steps: 6300,
      goals: { best: 0.8 },
      threads: [2],
      rounds: 0,
    },
    ...[125, 250, 500].map((N) => ({
      ...setting,
      name: `N = ${N}`,
      curve: 'N, 500 steps',
      at: N,
      N,
      steps: 500,
    })),
  ],
  inputs: ({ N }) => kernelProblem(N, 0),
};
