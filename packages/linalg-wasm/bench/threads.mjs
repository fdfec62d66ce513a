// Two threads beside one, in turns, shortest time of all, as a Markdown table. Build first; run: node bench/threads.mjs
import { cholesky, eigh, matmul, prepare, solveTriangular, syrk, tensor } from '@sntk/linalg';
import { reluRequest, scattered } from '../../testing/bench/inputs.mjs';
import { threadedWasmBackend, wasmBackend } from '../dist/index.js';
import { startEnsemble } from './ensemble.mjs';
import { openSteps } from './sgd-problem.mjs';

const ROUNDS = 15;
const MOMENTUM = { kind: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 0 };
const ADAM = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };

function jobs(backend) {
  const matrix = (rows, columns, dtype = 'float64') =>
    tensor(scattered(rows * columns), { backend, dtype, shape: [rows, columns] });
  const [a, b] = [matrix(1024, 1024), matrix(1024, 1024, 'float32')];
  const [X, K, x] = [matrix(2000, 784), prepare(matrix(500, 500)), matrix(500, 256)];
  const definite = syrk(matrix(1000, 1000));
  const { L } = cholesky(definite, { jitter: 1 });
  const right = matrix(1000, 256);
  const request = reluRequest(2000);
  return {
    'matrix product 1024, f64': () => matmul(a, a),
    'matrix product 1024, f32': () => matmul(b, b),
    'prepared 500 × 500 times 500 × 256, f64': () => K.times(x),
    'Gram matrix of 2000 × 784, f64': () => syrk(X),
    'ReLU NNGP and NTK, all 2000 × 2000 pairs, 3 activations': () => backend.fused.reluRecursion(request),
    '64 steps of 64 paths, noise on 8 of 500 (30b)': startEnsemble(backend).advance,
    'Cholesky 1000': () => cholesky(definite, { jitter: 1 }),
    'triangular solve 1000, 256 right-hand sides': () => solveTriangular(L, right),
    'eigenvalues and vectors 1000': () => eigh(definite),
    'SGD step of 2-1024-1024-1024-1, b = 8, f32': openSteps(backend, Float32Array).step,
    'the same with momentum': openSteps(backend, Float32Array, MOMENTUM).step,
    'the same with Adam': openSteps(backend, Float32Array, ADAM).step,
    'SGD step of 2-1024-1024-1024-1, b = 8, f64': openSteps(backend, Float64Array).step,
  };
}

const two = await threadedWasmBackend({ threads: 2 });
if (two.fewer) console.log(two.fewer);
const backends = [wasmBackend(), two].map(jobs);
console.log('| job | one thread, ms | two threads, ms | times as fast |\n| --- | --- | --- | --- |');
for (const job of Object.keys(backends[0])) {
  const best = backends.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++) {
    backends.forEach((own, at) => {
      const before = performance.now();
      own[job]();
      best[at] = Math.min(best[at], performance.now() - before);
    });
  }
  const [slow, fast] = best;
  console.log(`| ${job} | ${slow.toPrecision(3)} | ${fast.toPrecision(3)} | ${(slow / fast).toFixed(2)} |`);
}
two.dispose();
