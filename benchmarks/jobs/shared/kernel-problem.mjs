import { fullyConnected } from '@sntk/architecture';
import { analyticKernel } from '@sntk/kernels';
import { tensor, toArray } from '@sntk/linalg';
import { wasmBackend } from '@sntk/linalg-wasm';
import ndarray from 'ndarray';
import { moons } from './moons.mjs';

/** NTK of two moons, three hidden ReLU layers: `K` `[N, N]`, `Kx` `[M, N]` of other points, and the first residual `r0`. */
export function kernelProblem(N, M) {
  const { X, Y } = moons(N + M);
  const backend = wasmBackend();
  const network = fullyConnected({ inputs: 2, hidden: [1, 1, 1] });
  const rows = (from, to) => tensor(X.data.slice(2 * from, 2 * to), { backend, shape: [to - from, 2] });
  const train = rows(0, N);
  const K = analyticKernel(network, { X: train }).ntk;
  const problem = {
    K: ndarray(toArray(K), [N, N]),
    r0: ndarray(
      Float64Array.from(Y.data.slice(0, N), (y) => -y),
      [N],
    ),
  };
  if (M === 0) return problem;
  const Kx = analyticKernel(network, { X: rows(N, N + M), Z: train }).ntk;
  return { ...problem, Kx: ndarray(toArray(Kx), [M, N]) };
}
