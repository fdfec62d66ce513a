// Times of the kernels beside plain JavaScript in the same run, as a Markdown table. Build first; run: node bench/kernels.mjs
import { matmul, ndarrayBackend, prepare, tensor } from '@sntk/linalg';
import { wasmBackend } from '../dist/index.js';
import { plainChainStep, plainReluRecursion, relu } from './plain.mjs';

const wasm = wasmBackend();
const plain = ndarrayBackend();

/** Numbers in (−1/2, 1/2), the same in every run. */
function numbers(count, Type = Float64Array) {
  const out = new Type(count);
  for (let i = 0, state = 1; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[i] = state / 2 ** 32 - 0.5;
  }
  return out;
}

/** The shortest of several runs, in milliseconds. */
function shortest(run, atMost = 600) {
  let best = Number.POSITIVE_INFINITY;
  const start = performance.now();
  for (let runs = 0; runs < 3 || performance.now() - start < atMost; runs++) {
    const before = performance.now();
    run();
    best = Math.min(best, performance.now() - before);
  }
  return best;
}

function report(job, slow, fast, flops) {
  const speed = flops ? ` (${(flops / fast / 1e6).toFixed(1)} GFLOP/s)` : '';
  const show = (ms) => (ms < 1 ? ms.toFixed(3) : ms.toFixed(1));
  console.log(`| ${job} | ${show(slow)} | ${show(fast)}${speed} | ${(fast / slow).toFixed(3)} |`);
}

console.log('| job | plain, ms | WASM, ms | ratio |\n| --- | --- | --- | --- |');

for (const Type of [Float64Array, Float32Array]) {
  for (const n of [64, 256, 512, 1024]) {
    const data = numbers(n * n, Type);
    const [slow, fast] = [plain, wasm].map((backend) => {
      const a = tensor(data, { backend, shape: [n, n] });
      return shortest(() => matmul(a, a));
    });
    report(`matrix product ${n}, ${Type === Float64Array ? 'f64' : 'f32'}`, slow, fast, 2 * n ** 3);
  }
}

{
  const [K, X] = [numbers(500 * 500), numbers(500 * 64)];
  const [slow, fast] = [plain, wasm].map((backend) => {
    const prepared = prepare(tensor(K, { backend, shape: [500, 500] }));
    const x = tensor(X, { backend, shape: [500, 64] });
    const ms = shortest(() => prepared.times(x));
    prepared.dispose();
    return ms;
  });
  report('prepared 500 × 500 times 500 × 64, f64', slow, fast, 2 * 500 * 500 * 64);
}

{
  const widths = [2, 1024, 1024, 1024, 1];
  const rows = 8;
  const layers = widths.slice(1).map((outputs, l) => ({
    inputs: widths[l],
    outputs,
    weightScale: Math.sqrt(2 / widths[l]),
    biasScale: 1,
    ...(l < 3 ? { activation: relu } : {}),
  }));
  const size = layers.reduce((sum, layer) => sum + (layer.inputs + 1) * layer.outputs, 0);
  const parameters = numbers(size, Float32Array);
  const x = numbers(rows * 2, Float32Array);
  const residual = (outputs) => Float32Array.from(outputs, (f) => (f - 1) / rows);
  const slow = shortest(() => plainChainStep(layers, parameters, x, rows, residual, 1e-4));
  const chain = wasm.fused.denseChain({ layers, parameters, maxRows: rows });
  const fast = shortest(() => chain.descend(residual(chain.forward(x, rows)), 1e-4));
  chain.dispose();
  report('SGD step of 2-1024-1024-1024-1, b = 8, f32', slow, fast, 6 * rows * size);
}

{
  const n = 2000;
  const layers = 3;
  const ones = new Float64Array(layers * n).fill(1);
  const request = {
    rows: n,
    columns: n,
    firstNngp: numbers(n * n).map((x) => 2 * x),
    rowVariances: ones,
    columnVariances: ones,
    weightVariances: [2, 2, 2],
    biasVariances: [0, 0, 0],
    nngp: new Float64Array(n * n),
    ntk: new Float64Array(n * n),
  };
  const slow = shortest(() => plainReluRecursion(request));
  const fast = shortest(() => wasm.fused.reluRecursion(request));
  report('ReLU NNGP and NTK, all 2000 × 2000 pairs, 3 activations', slow, fast);
}

{
  const n = 1000;
  const b = tensor(numbers(n * n), { backend: wasm, shape: [n, n] });
  const a = Float64Array.from(matmul(b, b, { transposeB: true }).storage);
  for (let i = 0; i < n; i++) a[i * n + i] += 1;
  const l = a.slice();
  wasm.factor.cholesky(n, l);
  const right = numbers(n * 64);
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
