// Cost of the kernels of convolutional networks per pair of sites and layer, and how it grows, as a Markdown table. Build
// first; run: node bench/convolutions.mjs
import { activate, convolution, dense, flatten, globalPooling, network, relu } from '@sntk/architecture';
import { ndarrayBackend, tensor } from '@sntk/linalg';
import { analyticKernel } from '../dist/index.js';

/** Numbers in (−1/2, 1/2), the same in every run. */
function images(N, side, channels) {
  const data = new Float64Array(N * side * side * channels);
  for (let i = 0, state = 1; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = state / 2 ** 32 - 0.5;
  }
  return tensor(data, { backend: ndarrayBackend(), shape: [N, side, side, channels] });
}

/** The shortest of several runs, in milliseconds. */
function shortest(run, atMost = 500) {
  let best = Number.POSITIVE_INFINITY;
  const start = performance.now();
  for (let runs = 0; runs < 2 || performance.now() - start < atMost; runs++) {
    const before = performance.now();
    run();
    best = Math.min(best, performance.now() - before);
  }
  return best;
}

console.log('| end | N | image | 3 × 3 layers | ms | ns per pair of sites and layer |');
console.log('| --- | --- | --- | --- | --- | --- |');
const settings = [
  [flatten, 100, 8, 3],
  [flatten, 100, 16, 3],
  [flatten, 100, 16, 10],
  [flatten, 200, 16, 3],
  [globalPooling('average'), 20, 8, 3],
  [globalPooling('average'), 20, 12, 3],
  [globalPooling('average'), 20, 8, 10],
];
for (const [end, N, side, depth] of settings) {
  const layers = Array.from({ length: depth }, () => [
    convolution(1, [3, 3], { biasVariance: 0.1 }),
    activate(relu),
  ]);
  const X = images(N, side, 3);
  const architecture = network([side, side, 3], ...layers.flat(), end, dense(1));
  const ms = shortest(() => analyticKernel(architecture, { X }));
  const sites = side * side;
  // Of X against itself the lower half is computed; a pooled image also needs its own pairs.
  const pairs = end === flatten ? ((N * (N - 1)) / 2) * sites : ((N * (N + 1)) / 2) * sites ** 2;
  const each = (ms * 1e6) / pairs / depth;
  console.log(
    `| ${end.kind} | ${N} | ${side} × ${side} × 3 | ${depth} | ${ms.toFixed(0)} | ${each.toFixed(0)} |`,
  );
}
