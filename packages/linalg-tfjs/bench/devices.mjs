// tfjs's devices in Node beside the plain and the WASM backend, and numpy where Python has it, all in float32 and in
// turns: smallest of several times, results read included. Build first; run with `node bench/devices.mjs`, or with the
// devices that are wanted (`wasm`, `webgpu`, `cpu`), and PYTHON=path/to/python for another Python than python3.
import { spawnSync } from 'node:child_process';
import { matmul, mul, ndarrayBackend, sub, tensor } from '@sntk/linalg';
import { tfjsBackend } from '@sntk/linalg-tfjs';
import { create, globals } from 'webgpu';
import { fullyConnected } from '../../architecture/dist/index.js';
import { deviceSntkPaths } from '../../dynamics/dist/devices.js';
import { kernelSpectrum } from '../../dynamics/dist/index.js';
import { analyticKernel } from '../../kernels/dist/index.js';
import { wasmBackend } from '../../linalg-wasm/dist/index.js';
import { deviceChain } from '../../mlp/dist/devices.js';
import { initialize } from '../../mlp/dist/index.js';
import { createRng } from '../../random/dist/index.js';
import { scattered } from '../../testing/bench/inputs.mjs';

const devices = process.argv.slice(2);
const ROUNDS = 3;
/** Milliseconds for a job in a round; it runs once at least. */
const BUDGET = 100;

Object.assign(globalThis, globals);
Object.defineProperty(globalThis, 'navigator', { value: { gpu: create([]) }, configurable: true });

/** Numbers in (−√3, √3), of variance 1. */
function normal(length) {
  return scattered(length, Float32Array).map((x) => Math.sqrt(3) * x);
}

async function readAll(tensors) {
  for (const t of tensors) {
    await t.read();
    t.dispose();
  }
}

const network = fullyConnected({ inputs: 2, hidden: [256, 256, 256] });
const cpu = wasmBackend();
const [samples, paths, steps] = [200, 64, 20];
const spectrum = kernelSpectrum(
  analyticKernel(network, {
    X: tensor(Float64Array.from(normal(2 * samples)), { backend: cpu, shape: [samples, 2] }),
  }).ntk,
);

/** Name → { flops, run }: `flops` where a job is a product, so that its rate means something. */
function jobs(backend) {
  const matrix = (m, n) => tensor(normal(m * n), { backend, shape: [m, n] });
  const product = (n, flags) => {
    const a = matrix(n, n);
    return { flops: 2 * n ** 3, run: () => readAll([matmul(a, a, flags)]) };
  };
  // CPU backends have this recursion in float64.
  const X = tensor(normal(600), { backend, dtype: backend.dtypes[0], shape: [300, 2] });
  const [x, y] = [matrix(64, 2), matrix(64, 1)];
  const chain = deviceChain(network, initialize(network, { rng: createRng(1) }), { backend });
  const r0 = Float64Array.from(normal(samples));
  const options = {
    learningRate: (0.1 * samples) / spectrum.values[samples - 1],
    steps,
    batch: 8,
    paths,
    rng: createRng(2),
  };
  return {
    'product, 256': product(256),
    'product, 512': product(512),
    'product, 512, second transposed': product(512, { transposeB: true }),
    'ReLU NNGP and NTK, 300 points, 3 hidden layers': {
      run: () => readAll(Object.values(analyticKernel(network, { X }))),
    },
    '10 gradient steps of 2-256-256-256-1, 64 rows': {
      async run() {
        for (let step = 0; step < 10; step++) {
          const f = chain.forward(x);
          const residual = sub(f, y);
          const gradient = mul(residual, 1 / 64);
          chain.descend(gradient, 1e-3);
          for (const t of [f, residual, gradient]) t.dispose();
        }
        await readAll([chain.forward(x)]);
      },
    },
    [`${steps} steps of ${paths} SNTK paths, ${samples} points`]: {
      run: () => deviceSntkPaths(spectrum, r0, { ...options, backend }),
    },
  };
}

async function smallest(run) {
  let best = Number.POSITIVE_INFINITY;
  const start = performance.now();
  do {
    const before = performance.now();
    await run();
    best = Math.min(best, performance.now() - before);
  } while (performance.now() - start < BUDGET);
  return best;
}

/** Times of the products in numpy, or none. */
function numpy() {
  const script = `
import json, sys, time
import numpy as np
times = {}
for name, n in (('product, 256', 256), ('product, 512', 512)):
  a = np.random.default_rng(1).standard_normal((n, n)).astype(np.float32)
  best, start = float('inf'), time.perf_counter()
  while time.perf_counter() - start < ${BUDGET / 1000}:
    before = time.perf_counter()
    a @ a
    best = min(best, time.perf_counter() - before)
  times[name] = best * 1000
json.dump(times, sys.stdout)
`;
  const { status, stdout } = spawnSync(process.env.PYTHON ?? 'python3', ['-c', script], { encoding: 'utf8' });
  return status === 0 ? JSON.parse(stdout) : {};
}

const backends = [ndarrayBackend(), cpu];
for (const device of devices.length > 0 ? devices : ['webgpu', 'wasm']) {
  await tfjsBackend({ device }).then(
    (backend) => backends.push(backend),
    (error) => console.error(error.message),
  );
}
const all = backends.map((backend) => ({ name: backend.name, jobs: jobs(backend) }));
const times = {};
for (let round = 0; round < ROUNDS; round++) {
  for (const { name, jobs } of all) {
    for (const [job, { run }] of Object.entries(jobs)) {
      console.error(`round ${round + 1}, ${name}: ${job}`);
      times[job] ??= {};
      times[job][name] = Math.min(times[job][name] ?? Number.POSITIVE_INFINITY, await smallest(run));
    }
  }
  for (const [job, time] of Object.entries(numpy())) {
    times[job].numpy = Math.min(times[job].numpy ?? Number.POSITIVE_INFINITY, time);
  }
}

const rows = {};
for (const [job, byName] of Object.entries(times)) {
  const { flops } = all[0].jobs[job];
  rows[job] = {};
  for (const [name, time] of Object.entries(byName)) {
    const rate = flops ? ` (${(flops / time / 1e6).toPrecision(3)} GFLOP/s)` : '';
    rows[job][`${name}, ms`] = `${time.toPrecision(3)}${rate}`;
    // Below 1 it is faster than the WASM backend.
    if (name !== 'wasm') rows[job][`${name} / wasm`] = (time / byName.wasm).toPrecision(3);
  }
}
for (const [job, row] of Object.entries(rows)) {
  console.log(`\n${job}`);
  console.table(row);
}
