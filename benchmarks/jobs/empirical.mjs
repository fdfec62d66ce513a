import { fullyConnected } from '@sntk/architecture';
import { tensor, toArray } from '@sntk/linalg';
import { empiricalNtk, initialize } from '@sntk/mlp';
import { createRng } from '@sntk/random';
import ndarray from 'ndarray';
import { backendOf } from './shared/backends.mjs';
import { moons } from './shared/moons.mjs';

const networkOf = ({ width }) => fullyConnected({ inputs: 2, hidden: [width, width, width] });

const empirical =
  (name) =>
  async ({ X, theta }, setting, { threads }) => {
    const backend = await backendOf(name, threads);
    const points = tensor(Float32Array.from(X.data), { backend, shape: X.shape, dtype: 'float32' });
    const network = networkOf(setting);
    return () => ({ ntk: toArray(empiricalNtk(network, theta.data, { X: points })) });
  };

export default {
  title: 'Empirical NTK of a network with three hidden ReLU layers, float32',
  tolerance: 1e-5,
  ours: { wasm: empirical('wasm'), blas: empirical('blas') },
  peers: ['neural-tangents, structured', 'neural-tangents, contraction', 'torch.func'],
  settings: [
    { name: 'width 1024, N = 500', width: 1024, N: 500, goals: { best: 0.25 }, threads: [2] },
    { name: 'width 256, N = 100', width: 256, N: 100, threads: [1] },
  ],
  inputs(setting) {
    const theta = initialize(networkOf(setting), { rng: createRng(5), dtype: 'float32' });
    return { X: moons(setting.N).X, theta: ndarray(theta, [theta.length]) };
  },
};
