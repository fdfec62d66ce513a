// Times of the kernels beside plain JavaScript in the same run, as a Markdown table. Build first; run: node bench/kernels.mjs
import { matmul, ndarrayBackend, prepare, tensor } from '@sntk/linalg';
import { reluRequest, scattered, shortest } from '../../testing/bench/inputs.mjs';
import { wasmBackend } from '../dist/index.js';
import { ENSEMBLE_FLOPS, startEnsemble } from './ensemble.mjs';
import { plainChainStep, plainReluRecursion } from './plain.mjs';
import { openSteps, sgdProblem } from './sgd-problem.mjs';

/** Milliseconds for a job. */
const BUDGET = 600;

const wasm = wasmBackend();
const plain = ndarrayBackend();

function report(job, slow, fast, flops) {
  const speed = flops ? ` (${(flops / fast / 1e6).toFixed(1)} GFLOP/s)` : '';
  const show = (ms) => (ms < 1 ? ms.toFixed(3) : ms.toFixed(1));
  console.log(`| ${job} | ${show(slow)} | ${show(fast)}${speed} | ${(fast / slow).toFixed(3)} |`);
}

console.log('| job | plain, ms | WASM, ms | ratio |\n| --- | --- | --- | --- |');

for (const Type of [Float64Array, Float32Array]) {
  for (const n of [64, 256, 512, 1024]) {
    const data = scattered(n * n, Type);
    const [slow, fast] = [plain, wasm].map((backend) => {
      const a = tensor(data, { backend, shape: [n, n] });
      return shortest(() => matmul(a, a), BUDGET);
    });
    report(`matrix product ${n}, ${Type === Float64Array ? 'f64' : 'f32'}`, slow, fast, 2 * n ** 3);
  }
}

{
  const [K, X] = [scattered(500 * 500), scattered(500 * 64)];
  const [slow, fast] = [plain, wasm].map((backend) => {
    const prepared = prepare(tensor(K, { backend, shape: [500, 500] }));
    const x = tensor(X, { backend, shape: [500, 64] });
    const ms = shortest(() => prepared.times(x), BUDGET);
    prepared.dispose();
    return ms;
  });
  report('prepared 500 × 500 times 500 × 64, f64', slow, fast, 2 * 500 * 500 * 64);
}

{
  const { layers, rows, parameters, x, residual } = sgdProblem(Float32Array);
  const slow = shortest(() => plainChainStep(layers, parameters, x, rows, residual, 1e-4), BUDGET);
  const chain = openSteps(wasm, Float32Array);
  const fast = shortest(chain.step, BUDGET);
  chain.dispose();
  report('SGD step of 2-1024-1024-1024-1, b = 8, f32', slow, fast, 6 * rows * parameters.length);
}

{
  const request = reluRequest(2000);
  const slow = shortest(() => plainReluRecursion(request), BUDGET);
  const fast = shortest(() => wasm.fused.reluRecursion(request), BUDGET);
  report('ReLU NNGP and NTK, all 2000 × 2000 pairs, 3 activations', slow, fast);
}

{
  const [slow, fast] = [plain, wasm].map((backend) => {
    const ensemble = startEnsemble(backend);
    const ms = shortest(ensemble.advance, BUDGET);
    ensemble.dispose();
    return ms;
  });
  report('64 steps of 64 paths, noise on 8 of 500 (30b)', slow, fast, ENSEMBLE_FLOPS);
}

{
  const n = 1000;
  const b = tensor(scattered(n * n), { backend: wasm, shape: [n, n] });
  const a = Float64Array.from(matmul(b, b, { transposeB: true }).storage);
  for (let i = 0; i < n; i++) a[i * n + i] += 1;
  const l = a.slice();
  wasm.factor.cholesky(n, l);
  const right = scattered(n * 64);
  const pair = (run) => [plain, wasm].map(({ factor }) => shortest(() => run(factor), 300));
  report('Cholesky 1000', ...pair((factor) => factor.cholesky(n, a.slice())), n ** 3 / 3);
  report(
    'triangular solve 1000, 64 right-hand sides',
    ...pair((factor) => factor.solveLower(n, 64, l, right.slice(), false)),
    n * n * 64,
  );
  const small = a.filter((_, at) => at < 500 * n && at % n < 500);
  report('eigenvalues and vectors 500', ...pair((factor) => factor.eigh(500, small.slice())));
  report('eigenvalues and vectors 1000', ...pair((factor) => factor.eigh(n, a.slice())));
}
