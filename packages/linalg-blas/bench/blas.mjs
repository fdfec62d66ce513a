// The system's BLAS beside the plain backend: smallest of several times. Build first; run with `node bench/blas.mjs`.
import { cholesky, eigh, matmul, ndarrayBackend, tensor } from '@sntk/linalg';
import { blasBackend } from '@sntk/linalg-blas';
import { scattered } from '../../testing/bench/inputs.mjs';

function smallest(runs, body) {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    body();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

function jobs(backend) {
  const square = (n, dtype) => tensor(scattered(n * n), { backend, dtype, shape: [n, n] });
  const a64 = square(1024, 'float64');
  const b64 = square(1024, 'float64');
  const a32 = square(1024, 'float32');
  const b32 = square(1024, 'float32');
  const X = tensor(scattered(2000 * 784), { backend, shape: [2000, 784] });
  const definite = (n) => {
    const B = square(n, 'float64');
    return matmul(B, B, { transposeB: true });
  };
  const K500 = definite(500);
  const K1000 = definite(1000);
  return {
    'product, 1024, float64': () => matmul(a64, b64),
    'product, 1024, float32': () => matmul(a32, b32),
    'Gram matrix, 2000 × 784, float64': () => matmul(X, X, { transposeB: true }),
    'cholesky, 1000, jitter 1': () => cholesky(K1000, { jitter: 1 }),
    'eigh, 500': () => eigh(K500),
    'eigh, 1000': () => eigh(K1000),
  };
}

const rows = {};
for (const [name, backend, runs] of [
  ['ndarray, ms', ndarrayBackend(), 2],
  ['blas, ms', blasBackend(), 7],
]) {
  for (const [job, body] of Object.entries(jobs(backend))) {
    rows[job] ??= {};
    rows[job][name] = Number(smallest(runs, body).toPrecision(3));
  }
}
console.table(rows);
