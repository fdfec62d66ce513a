// The jobs of browser.mjs: shortest times in milliseconds, on one thread and on two.
import { eigh, matmul, syrk, tensor } from '@sntk/linalg';
import { threadedWasmBackend, wasmBackend } from '@sntk/linalg-wasm';

/** Milliseconds for a job; it runs three times at least. */
const BUDGET = 400;

function scattered(length) {
  let state = 1;
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

function shortest(job) {
  let best = Number.POSITIVE_INFINITY;
  const start = performance.now();
  for (let runs = 0; runs < 3 || performance.now() - start < BUDGET; runs++) {
    const before = performance.now();
    job();
    best = Math.min(best, performance.now() - before);
  }
  return best;
}

function jobs(backend) {
  const square = (n, dtype) => tensor(scattered(n * n), { backend, dtype, shape: [n, n] });
  const [a, b, G] = [square(1024, 'float64'), square(1024, 'float32'), syrk(square(500, 'float64'))];
  const n = 1000;
  const ones = new Float64Array(3 * n).fill(1);
  const request = {
    rows: n,
    columns: n,
    firstNngp: scattered(n * n),
    rowVariances: ones,
    columnVariances: ones,
    weightVariances: [2, 2, 2],
    biasVariances: [0, 0, 0],
    nngp: new Float64Array(n * n),
    ntk: new Float64Array(n * n),
  };
  return {
    'product, 1,024, float64': () => matmul(a, a),
    'product, 1,024, float32': () => matmul(b, b),
    'eigh, 500': () => eigh(G),
    'ReLU recursion, 1,000 × 1,000, 3 activations': () => backend.fused.reluRecursion(request),
  };
}

export default async function run() {
  const two = await threadedWasmBackend({ threads: 2 });
  const backends = { 'one thread': wasmBackend(), 'two threads': two };
  const times = {};
  for (const [threads, backend] of Object.entries(backends)) {
    for (const [job, body] of Object.entries(jobs(backend))) times[`${job}, ${threads}`] = shortest(body);
  }
  two.dispose();
  return times;
}
