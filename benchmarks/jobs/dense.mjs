import { cholesky, eigh, matmul, tensor, toFloat64 } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import ndarray from 'ndarray';
import { backendOf } from './shared/backends.mjs';

const work = {
  product: (A) => ({ product: toFloat64(matmul(A, A)) }),
  cholesky: (A) => ({ factor: toFloat64(cholesky(A).L) }),
  eigh(A) {
    const { values, vectors } = eigh(A);
    return { values, vectors: toFloat64(vectors) };
  },
};

const linalg =
  (name) =>
  async ({ A }, { what }, { threads }) => {
    const matrix = tensor(A.data, { backend: await backendOf(name, threads), shape: A.shape });
    return () => work[what](matrix);
  };

export default {
  title: 'Dense linear algebra, float64',
  tolerance: 1e-10,
  // An eigenvector is one up to its sign.
  comparable: ({ vectors, ...rest }) => (vectors ? { ...rest, vectors: vectors.map(Math.abs) } : rest),
  ours: { wasm: linalg('wasm'), blas: linalg('blas') },
  peers: ['numpy'],
  settings: [
    { name: 'product, n = 1024', what: 'product', n: 1024, goals: { wasm: 5, blas: 1.1 }, threads: [1, 2] },
    { name: 'Cholesky, n = 1000', what: 'cholesky', n: 1000, threads: [1, 2] },
    { name: 'eigenvectors, n = 500', what: 'eigh', n: 500, goals: { wasm: 3, blas: 1.1 }, threads: [1, 2] },
    { name: 'eigenvectors, n = 1000', what: 'eigh', n: 1000, goals: { wasm: 3, blas: 1.1 }, threads: [1, 2] },
  ],
  inputs({ n }) {
    const B = new Float64Array(n * n);
    createRng(2).fillNormal(B);
    // Symmetric and positive definite, for all three.
    const A = ndarray(new Float64Array(n * n), [n, n]);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++)
        A.set(i, j, (B[i * n + j] + B[j * n + i]) / 2 + (i === j ? 2 * n ** 0.5 : 0));
    }
    return { A };
  },
};
