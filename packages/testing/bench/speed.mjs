// The jobs of browser.mjs: shortest times in milliseconds, on one thread and on two.
import { eigh, matmul, syrk, tensor } from '@sntk/linalg';
import { threadedWasmBackend, wasmBackend } from '@sntk/linalg-wasm';
import { reluRequest, scattered, shortest } from './inputs.mjs';

/** Milliseconds for a job. */
const BUDGET = 400;

function jobs(backend) {
  const square = (n, dtype) => tensor(scattered(n * n), { backend, dtype, shape: [n, n] });
  const [a, b, G] = [square(1024, 'float64'), square(1024, 'float32'), syrk(square(500, 'float64'))];
  const request = reluRequest(1000);
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
    for (const [job, body] of Object.entries(jobs(backend)))
      times[`${job}, ${threads}`] = shortest(body, BUDGET);
  }
  two.dispose();
  return times;
}
