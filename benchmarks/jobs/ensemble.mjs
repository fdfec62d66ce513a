import { kernelSpectrum, sntkPaths } from '@sntk/dynamics';
import { tensor } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { backendOf } from './shared/backends.mjs';
import { kernelProblem } from './shared/kernel-problem.mjs';

const BATCH = 8;

/** Logarithm of each path's loss at the end; paths differ by factors. */
function logLosses(residual, paths) {
  const sums = new Float64Array(paths);
  residual.forEach((r, q) => {
    sums[q % paths] += (r * r * paths) / (2 * residual.length);
  });
  return { logLoss: sums.map(Math.log) };
}

const paths =
  (name, noise) =>
  async ({ K, r0 }, { steps, learningRate, paths }, { threads }) => {
    const kernel = tensor(K.data, { backend: await backendOf(name, threads), shape: K.shape });
    let round = 0;
    return () => {
      const spectrum = kernelSpectrum(kernel);
      const rng = createRng(6).split(round++);
      const options = { learningRate, steps, batch: BATCH, replacement: true, paths, rng, noise };
      return logLosses(sntkPaths(spectrum, r0.data, options).residual, paths);
    };
  };

/** Means within four standard errors, and deviations within a factor that four of theirs allow. */
function agree({ logLoss: a }, { logLoss: b }) {
  const mean = (x) => x.reduce((sum, v) => sum + v, 0) / x.length;
  const deviation = (x) => Math.sqrt(x.reduce((sum, v) => sum + (v - mean(x)) ** 2, 0) / (x.length - 1));
  const error = Math.hypot(deviation(a) / Math.sqrt(a.length), deviation(b) / Math.sqrt(b.length));
  const gap = Math.abs(mean(a) - mean(b)) / error;
  const spread = Math.abs(Math.log(deviation(a) / deviation(b))) * Math.sqrt(Math.min(a.length, b.length));
  return { agrees: gap < 4 && spread < 4, measure: `means ${gap.toFixed(1)} standard errors apart` };
}

// η = 0.1 · 2N/λ_max of the kernel at N = 500, as in Figure 1.
const learningRate = 0.0185;

export default {
  title: 'Paths of the SNTK (30), N = 500; (30b) has the same covariance on average',
  agree,
  ours: {
    wasm: paths('wasm', 'leading'),
    blas: paths('blas', 'leading'),
    'wasm, sparse (30b)': paths('wasm', 'sparse'),
    'blas + wasm, sparse (30b)': paths('blas + wasm', 'sparse'),
  },
  peers: ['diffrax', 'torchsde'],
  settings: [
    {
      name: '64 paths, 6,300 steps',
      N: 500,
      steps: 6300,
      paths: 64,
      learningRate,
      // `best` may be the sparse form; on the peers' own equation, (30), there is `blas`.
      goals: { best: 0.05, blas: 1 },
      threads: [2],
      rounds: 1,
    },
    ...[16, 64, 256].map((P) => ({
      name: `${P} paths`,
      curve: 'paths, 300 steps',
      at: P,
      N: 500,
      steps: 300,
      paths: P,
      learningRate,
    })),
  ],
  inputs: ({ N }) => kernelProblem(N, 0),
};
