// Training steps and an empirical kernel beside torch, in turns, smallest time of all. Build first; run with
// `PYTHON=path/to/python node bench/torch.mjs` for a Python that has torch; without one the column is left out.
import { spawnSync } from 'node:child_process';
import { fullyConnected } from '@sntk/architecture';
import { tensor } from '@sntk/linalg';
import { wasmBackend } from '@sntk/linalg-wasm';
import { empiricalNtk, initialize, networkChain } from '@sntk/mlp';
import { createRng } from '@sntk/random';

const ROUNDS = 5;
/** Milliseconds for a job in a round; it runs three times at least. */
const BUDGET = 400;
const ROWS = 8;
const POINTS = 64;

const SCRIPT = `
import json, sys, time
import torch
times = {}
def note(name, job):
  for _ in range(3): job()
  best, start, runs = float('inf'), time.perf_counter(), 0
  while runs < 3 or time.perf_counter() - start < ${BUDGET / 1000}:
    before = time.perf_counter()
    job()
    best = min(best, time.perf_counter() - before)
    runs += 1
  times[name] = min(times.get(name, float('inf')), best * 1000)
def model(dtype):
  sizes, layers = [2, 1024, 1024, 1024, 1], []
  for i in range(4):
    layers += [torch.nn.Linear(sizes[i], sizes[i + 1], dtype=dtype)] + ([torch.nn.ReLU()] if i < 3 else [])
  return torch.nn.Sequential(*layers)
for threads in (1, 2):
  torch.set_num_threads(threads)
  for dtype in (torch.float32, torch.float64):
    x, y = torch.randn(${ROWS}, 2, dtype=dtype), torch.randn(${ROWS}, 1, dtype=dtype)
    for fused in (False, True):
      for name, make in {
        'SGD': lambda p: torch.optim.SGD(p, lr=1e-4, fused=fused),
        'momentum': lambda p: torch.optim.SGD(p, lr=1e-4, momentum=0.9, fused=fused),
        'Adam': lambda p: torch.optim.Adam(p, lr=1e-6, fused=fused),
      }.items():
        net = model(dtype)
        optimizer = make(net.parameters())
        def step():
          optimizer.zero_grad()
          (0.5 * (net(x) - y) ** 2).mean().backward()
          optimizer.step()
        note(f"{name}, {str(dtype).split('.')[1]}", step)
  net = model(torch.float32)
  parameters = {k: v.detach() for k, v in net.named_parameters()}
  points = torch.randn(${POINTS}, 2)
  def f(p, x): return torch.func.functional_call(net, p, (x.unsqueeze(0),)).squeeze()
  rows = torch.func.vmap(torch.func.grad(f), (None, 0))
  def kernel():
    J = rows(parameters, points)
    return sum(j.flatten(1) @ j.flatten(1).T for j in J.values())
  note('kernel', kernel)
json.dump({'version': torch.__version__, 'times': times}, sys.stdout)
`;

function torch() {
  if (!process.env.PYTHON) return undefined;
  const { status, stdout, stderr } = spawnSync(process.env.PYTHON, ['-c', SCRIPT], { encoding: 'utf8' });
  if (status === 0) return JSON.parse(stdout);
  console.error(`${process.env.PYTHON} with torch is needed: ${stderr?.trim().split('\n').at(-1)}`);
  return process.exit(1);
}

const network = fullyConnected({ inputs: 2, hidden: [1024, 1024, 1024] });
const backend = wasmBackend();
const RULES = {
  SGD: { kind: 'sgd', momentum: 0, nesterov: false, weightDecay: 0 },
  momentum: { kind: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 0 },
  Adam: { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
};

function normals(dtype, count, label) {
  const out = dtype === 'float32' ? new Float32Array(count) : new Float64Array(count);
  createRng(1).split(label).fillNormal(out);
  return out;
}

/** A step on the mean of ½ (f − y)² over the minibatch. */
function stepOf(rule, dtype) {
  const theta = initialize(network, { rng: createRng(1), dtype });
  const chain = networkChain(network, theta, { backend, maxRows: ROWS, rule });
  const [x, y] = [normals(dtype, ROWS * 2, 'x'), normals(dtype, ROWS, 'y')];
  const rate = rule.kind === 'adam' ? 1e-6 : 1e-4;
  return () => {
    const f = chain.forward(x, ROWS);
    chain.descend(
      f.map((value, i) => (value - y[i]) / ROWS),
      rate,
    );
  };
}

const jobs = {};
for (const dtype of ['float32', 'float64']) {
  for (const [name, rule] of Object.entries(RULES)) jobs[`${name}, ${dtype}`] = stepOf(rule, dtype);
}
{
  const theta = initialize(network, { rng: createRng(1), dtype: 'float32' });
  const X = tensor(normals('float32', POINTS * 2, 'X'), { backend, shape: [POINTS, 2] });
  jobs.kernel = () => empiricalNtk(network, theta, { X });
}

function smallest(job) {
  let best = Number.POSITIVE_INFINITY;
  const start = performance.now();
  for (let runs = 0; runs < 3 || performance.now() - start < BUDGET; runs++) {
    const before = performance.now();
    job();
    best = Math.min(best, performance.now() - before);
  }
  return best;
}

const best = {};
const note = (who, job, ms) => {
  best[job] ??= {};
  best[job][who] = Math.min(best[job][who] ?? Number.POSITIVE_INFINITY, ms);
};
let version;
for (let round = 0; round < ROUNDS; round++) {
  // Torch, which starts anew, takes its turns in the first rounds only.
  const peer = round < 2 ? torch() : undefined;
  version ??= peer?.version;
  for (const [job, ms] of Object.entries(peer?.times ?? {})) note('torch', job, ms);
  for (const [job, body] of Object.entries(jobs)) note('ours', job, smallest(body));
}

if (!version) console.log('PYTHON is not set: no torch beside these times.');
console.log(`Steps of 2-1024-1024-1024-1, ReLU, ${ROWS} examples; the kernel of ${POINTS} points, float32.`);
console.log(`| job | WASM, one thread, ms | × SGD | torch ${version ?? ''}, ms | ratio |`);
console.log('| --- | --- | --- | --- | --- |');
for (const [job, { ours, torch: peer }] of Object.entries(best)) {
  const [, dtype] = job.split(', ');
  const share = dtype ? (ours / best[`SGD, ${dtype}`].ours).toFixed(2) : '–';
  const against = peer ? `${peer.toFixed(2)} | ${(ours / peer).toFixed(2)}` : '– | –';
  console.log(`| ${job} | ${ours.toFixed(2)} | ${share} | ${against} |`);
}
