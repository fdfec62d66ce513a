import { fullyConnected } from '@sntk/architecture';
import { analyticKernel } from '@sntk/kernels';
import { tensor, toFloat64 } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import ndarray from 'ndarray';
import { backendOf } from './shared/backends.mjs';

const gram =
  (name) =>
  async ({ X }, { depth }, { threads }) => {
    const backend = await backendOf(name, threads);
    const points = tensor(X.data, { backend, shape: X.shape });
    const network = fullyConnected({ inputs: X.shape[1], hidden: new Array(depth).fill(1) });
    return () => {
      const { nngp, ntk } = analyticKernel(network, { X: points });
      return { nngp: toFloat64(nngp), ntk: toFloat64(ntk) };
    };
  };

export default {
  title: 'NNGP and NTK of X with itself, ReLU',
  tolerance: 1e-9,
  ours: { wasm: gram('wasm'), 'blas + wasm': gram('blas + wasm') },
  peers: ['neural-tangents'],
  settings: [
    {
      name: 'N = 2000, d = 2, 3 hidden layers',
      N: 2000,
      d: 2,
      depth: 3,
      goals: { wasm: 0.25 },
      threads: [1, 2],
    },
    {
      name: 'N = 2000, d = 784, 3 hidden layers',
      N: 2000,
      d: 784,
      depth: 3,
      goals: { best: 0.5 },
      threads: [1, 2],
    },
    ...[250, 500, 1000, 2000].map((N) => ({ name: `N = ${N}`, curve: 'N', at: N, N, d: 16, depth: 3 })),
    ...[2, 16, 128, 1024].map((d) => ({ name: `d = ${d}`, curve: 'd', at: d, N: 1000, d, depth: 3 })),
    ...[1, 2, 4, 8, 16].map((depth) => ({
      name: `depth ${depth}`,
      curve: 'depth',
      at: depth,
      N: 1000,
      d: 16,
      depth,
    })),
  ],
  inputs({ N, d }) {
    const X = new Float64Array(N * d);
    createRng(1).fillNormal(X);
    return { X: ndarray(X, [N, d]) };
  },
};
