// Cost of the analytic kernels per pair and layer, and how it grows, as Markdown tables. Build first; run: node bench/kernels.mjs
import { ACTIVATIONS, fullyConnected } from '@sntk/architecture';
import { ndarrayBackend, tensor } from '@sntk/linalg';
import { wasmBackend } from '@sntk/linalg-wasm';
import { analyticKernel } from '../dist/index.js';

/** Numbers in (−1/2, 1/2), the same in every run. */
function points(N, d, backend) {
  const data = new Float64Array(N * d);
  for (let i = 0, state = 1; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = state / 2 ** 32 - 0.5;
  }
  return tensor(data, { backend, shape: [N, d] });
}

/** The shortest of several runs, in milliseconds. */
function shortest(run, atMost = 300) {
  let best = Number.POSITIVE_INFINITY;
  const start = performance.now();
  for (let runs = 0; runs < 2 || performance.now() - start < atMost; runs++) {
    const before = performance.now();
    run();
    best = Math.min(best, performance.now() - before);
  }
  return best;
}

/** Nanoseconds per pair of points and hidden layer. */
function cost(activation, { N, d, depth }, backend) {
  const network = fullyConnected({
    inputs: d,
    hidden: new Array(depth).fill(1),
    activation: ACTIVATIONS[activation],
  });
  const X = points(N, d, backend);
  const ms = shortest(() => analyticKernel(network, { X }));
  return { ms, each: (ms * 1e6) / ((N * (N + 1)) / 2) / depth };
}

const show = (value) => (value < 10 ? value.toFixed(2) : value.toFixed(0));
const plain = ndarrayBackend();
const fast = wasmBackend();

console.log('| activation | ns per pair and layer |\n| --- | --- |');
for (const name of Object.keys(ACTIVATIONS)) {
  // Exponentials overflow when deep.
  const depth = name === 'exponential' ? 1 : 3;
  console.log(`| ${name} | ${show(cost(name, { N: 300, d: 2, depth }, plain).each)} |`);
}

console.log(
  '\n| ReLU | N | d | depth | plain, ms | ns per pair and layer | fused, ms | ns per pair and layer |',
);
console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
const settings = [
  { N: 100, d: 2, depth: 3 },
  { N: 300, d: 2, depth: 3 },
  { N: 1000, d: 2, depth: 3 },
  { N: 2000, d: 2, depth: 3 },
  { N: 300, d: 32, depth: 3 },
  { N: 300, d: 512, depth: 3 },
  { N: 300, d: 2, depth: 1 },
  { N: 300, d: 2, depth: 10 },
  { N: 300, d: 2, depth: 50 },
];
for (const setting of settings) {
  const [a, b] = [cost('relu', setting, plain), cost('relu', setting, fast)];
  const { N, d, depth } = setting;
  console.log(`| | ${N} | ${d} | ${depth} | ${[a.ms, a.each, b.ms, b.each].map(show).join(' | ')} |`);
}
