// This repository's backends beside numpy, all on one thread and in turns, smallest time of all. Build first; run with
// `PYTHON=path/to/python node bench/numpy.mjs` for a Python that has numpy; without one it says so and ends.
import { spawnSync } from 'node:child_process';
import { cholesky, eigh, matmul, ndarrayBackend, syrk, tensor } from '@sntk/linalg';
import { blasAvailable, blasBackend } from '@sntk/linalg-blas';
import { wasmBackend } from '../../linalg-wasm/dist/index.js';
import { scattered } from '../../testing/bench/inputs.mjs';

const ROUNDS = 6;
/** Milliseconds for a job in a round; it runs once at least. */
const BUDGET = 500;

// The library reads this when it is loaded, which is at the first blasBackend().
process.env.OPENBLAS_NUM_THREADS = '1';

const SCRIPT = `
import json, sys, time
import numpy as np
rng = np.random.default_rng(1)
a = rng.standard_normal((1024, 1024))
s = np.asarray(a, dtype=np.float32)
x = rng.standard_normal((2000, 784))
k = {n: (lambda b: b @ b.T / n + np.eye(n))(rng.standard_normal((n, n))) for n in (500, 1000)}
jobs = {
  'product, 1,024, float64': lambda: a @ a,
  'product, 1,024, float32': lambda: s @ s,
  'Gram matrix of 2,000 × 784': lambda: x @ x.T,
  'Cholesky, 1,000': lambda: np.linalg.cholesky(k[1000]),
  'eigh, 500': lambda: np.linalg.eigh(k[500]),
  'eigh, 1,000': lambda: np.linalg.eigh(k[1000]),
}
times = {}
for name, job in jobs.items():
  best, start = float('inf'), time.perf_counter()
  while True:
    before = time.perf_counter()
    job()
    now = time.perf_counter()
    best = min(best, now - before)
    if now - start > ${BUDGET / 1000}: break
  times[name] = best * 1000
json.dump({'version': np.__version__, 'times': times}, sys.stdout)
`;

function numpy() {
  // Settings for the library that Node loads do not fit the one inside numpy.
  const { OPENBLAS_CORETYPE: _, OPENBLAS_L2_SIZE: __, ...env } = process.env;
  const python = process.env.PYTHON ?? 'python3';
  const { status, stdout, stderr, error } = spawnSync(python, ['-c', SCRIPT], { env, encoding: 'utf8' });
  if (status === 0) return JSON.parse(stdout);
  console.log(`skipped: ${python} has no numpy (${error?.message ?? stderr.trim().split('\n').at(-1)})`);
  process.exit();
}

function jobs(backend) {
  // Normal enough: numbers in (−√3, √3), of variance 1.
  const matrix = (m, n, dtype = 'float64') =>
    tensor(
      scattered(m * n).map((x) => Math.sqrt(3) * x),
      { backend, dtype, shape: [m, n] },
    );
  const a = matrix(1024, 1024);
  const s = matrix(1024, 1024, 'float32');
  const X = matrix(2000, 784);
  const definite = (n) => {
    const entries = Float64Array.from(
      syrk(matrix(n, n)).storage,
      (x, i) => x / n + (i % (n + 1) === 0 ? 1 : 0),
    );
    return tensor(entries, { backend, shape: [n, n] });
  };
  const [K500, K1000] = [definite(500), definite(1000)];
  return {
    'product, 1,024, float64': () => matmul(a, a),
    'product, 1,024, float32': () => matmul(s, s),
    'Gram matrix of 2,000 × 784': () => syrk(X),
    'Cholesky, 1,000': () => cholesky(K1000),
    'eigh, 500': () => eigh(K500),
    'eigh, 1,000': () => eigh(K1000),
  };
}

function smallest(job, budget) {
  let best = Number.POSITIVE_INFINITY;
  const start = performance.now();
  do {
    const before = performance.now();
    job();
    best = Math.min(best, performance.now() - before);
  } while (performance.now() - start < budget);
  return best;
}

const backends = { plain: ndarrayBackend(), wasm: wasmBackend() };
if (blasAvailable()) backends.blas = blasBackend();
const best = {};
const note = (name, job, ms) => {
  best[job] ??= {};
  best[job][name] = Math.min(best[job][name] ?? Number.POSITIVE_INFINITY, ms);
};

let version = '';
const work = Object.entries(backends).map(([name, backend]) => [name, jobs(backend)]);
for (let round = 0; round < ROUNDS; round++) {
  const one = numpy();
  version = one.version;
  for (const [job, ms] of Object.entries(one.times)) note('numpy', job, ms);
  for (const [name, own] of work) {
    // Plain loops take seconds and hardly vary: once is enough.
    if (name === 'plain' && round > 0) continue;
    for (const [job, body] of Object.entries(own))
      note(name, job, smallest(body, name === 'plain' ? 0 : BUDGET));
  }
}

const names = Object.keys(backends);
console.log(`| one thread | numpy ${version}, ms | ${names.join(' | ')} |`);
console.log(`| --- | --- | ${names.map(() => '---').join(' | ')} |`);
for (const [job, times] of Object.entries(best)) {
  const ours = names.map(
    (name) => `${times[name].toPrecision(3)} (× ${(times[name] / times.numpy).toFixed(2)})`,
  );
  console.log(`| ${job} | ${times.numpy.toPrecision(3)} | ${ours.join(' | ')} |`);
}
