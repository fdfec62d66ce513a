import {
  type Architecture,
  activate,
  dense,
  fullyConnected,
  layerNorm,
  network as networkOf,
  relu,
  residual,
} from '@sntk/architecture';
import { type Backend, ndarrayBackend, type Tensor, tensor, toArray } from '@sntk/linalg';
import { createRng, minibatches } from '@sntk/random';
import * as tf from '@tensorflow/tfjs-core';
// By path: as dependencies, even of tests, these packages would be below and above this one.
import { deviceSntkPaths } from '../../dynamics/src/devices.ts';
import { kernelSpectrum, sntkPaths } from '../../dynamics/src/index.ts';
import { analyticKernel } from '../../kernels/src/index.ts';
import { deviceChain } from '../../mlp/src/devices.ts';
import { initialize, networkChain, type TrainOptions, type TrainState, train } from '../../mlp/src/index.ts';

/** What a job on a device has done. */
export interface JobReport {
  /** Largest difference from the same job in float64 on the plain backend, and what float32 may make of it. */
  readonly gap: number;
  readonly accepted: number;
  /** How often tfjs was asked for numbers before the job was done. */
  readonly reads: number;
  /** Tensors that are left on the device. */
  readonly left: number;
}

export interface DeviceJob {
  readonly name: string;
  /** Reads that the job is allowed. */
  readonly reads: number;
  run(backend: Backend): Promise<JobReport>;
}

const N = 20;
const network = fullyConnected({ inputs: 2, hidden: [16, 16, 16] });
const points = Float32Array.from({ length: 2 * N }, (_, i) => Math.sin(1 + i * i));
const exactPoints = tensor(Float64Array.from(points), { backend: ndarrayBackend(), shape: [N, 2] });

/** What the packages above have to do on a device, in the small. For test runners and pages alike. */
export const DEVICE_JOBS: readonly DeviceJob[] = [
  {
    name: 'the kernel recursion',
    reads: 0,
    run: (backend) =>
      watched(backend, async (done) => {
        const X = tensor(points, { backend, shape: [N, 2] });
        const { nngp, ntk } = analyticKernel(network, { X });
        done();
        const exact = analyticKernel(network, { X: exactPoints });
        const largest = Math.max(...toArray(exact.ntk));
        const gap = Math.max(
          distance(await entries(nngp), toArray(exact.nngp)),
          distance(await entries(ntk), toArray(exact.ntk)),
        );
        for (const t of [X, nngp, ntk]) t.dispose();
        return { gap, accepted: 1e-6 * largest };
      }),
  },
  {
    name: 'steps of a network',
    reads: 0,
    run: (backend) =>
      watched(backend, async (done) => {
        const theta = initialize(network, { rng: createRng(1) });
        const gradient = Float32Array.from({ length: N }, (_, i) => Math.cos(i) / N);
        const X = tensor(points, { backend, shape: [N, 2] });
        const G = tensor(gradient, { backend, shape: [N, 1] });
        const chain = deviceChain(network, theta, { backend });
        const exact = networkChain(network, theta, { backend: ndarrayBackend(), maxRows: N });
        for (let step = 0; step < 3; step++) {
          chain.forward(X).dispose();
          chain.descend(G, 0.1);
          exact.forward(Float64Array.from(points), N);
          exact.descend(Float64Array.from(gradient), 0.1);
        }
        const f = chain.forward(X);
        done();
        const gap = Math.max(
          distance(await entries(f), exact.forward(Float64Array.from(points), N)),
          distance(await chain.readParameters(), exact.readParameters()),
        );
        chain.dispose();
        for (const t of [X, G, f]) t.dispose();
        return { gap, accepted: 1e-5 };
      }),
  },
  {
    name: 'training of a network',
    // Whether losses are finite, the last one, and W and β of four layers with an average of each.
    reads: 2 + 16,
    run: (backend) => {
      const Y = tensor(Float64Array.from(points).subarray(0, N), {
        backend: ndarrayBackend(),
        shape: [N, 1],
      });
      const optimizer = { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 0.01 } as const;
      return trained(backend, network, { Y, optimizer, learningRate: 0.02 });
    },
  },
  {
    name: 'training of a classifier with a residual by Adam',
    // The same of three layers with two averages.
    reads: 2 + 18,
    run: (backend) => {
      const shape = networkOf(2, dense(8), layerNorm(), residual(activate(relu), dense(8)), dense(3));
      const classes = Float64Array.from({ length: 3 * N }, (_, i) =>
        i % 3 === Math.floor(i / 3) % 3 ? 1 : 0,
      );
      const Y = tensor(classes, { backend: ndarrayBackend(), shape: [N, 3] });
      const optimizer = { kind: 'adam', epsilon: 1e-3 } as const;
      return trained(backend, shape, { Y, loss: 'cross-entropy', optimizer, learningRate: 0.02 });
    },
  },
  {
    name: 'steps of the stochastic kernel dynamics',
    // The end of the ensemble.
    reads: 1,
    run: (backend) =>
      watched(backend, async (done) => {
        const spectrum = kernelSpectrum(analyticKernel(network, { X: exactPoints }).ntk);
        const r0 = Float64Array.from({ length: N }, (_, i) => Math.cos(3 * i));
        const learningRate = (0.2 * N) / spectrum.values[N - 1];
        const options = { learningRate, steps: 5, batch: 4, paths: 6, rng: createRng(2) };
        const found = await deviceSntkPaths(spectrum, r0, { ...options, backend });
        done();
        const exact = sntkPaths(spectrum, r0, options);
        return { gap: distance(found.residual, exact.residual), accepted: 1e-5 };
      }),
  },
];

/** Five steps, and their end as the state that is asked for. */
function trained(
  backend: Backend,
  architecture: Architecture,
  options: Pick<TrainOptions, 'Y' | 'loss' | 'optimizer' | 'learningRate'>,
): Promise<JobReport> {
  return watched(backend, async (done) => {
    const theta = initialize(architecture, { rng: createRng(1) });
    const batches = minibatches({ samples: N, batch: 8, sampler: 'epoch', rng: createRng(3) });
    const run = { ...options, X: exactPoints, batches, steps: 5, every: 5 };
    const found = await endOf(train(architecture, theta, { ...run, backend }));
    done();
    const exact = await endOf(train(architecture, theta, run));
    const parts = [found, exact].map(({ checkpoint }) => [checkpoint.theta, ...checkpoint.moments]);
    const gap = Math.max(
      Math.abs(found.loss - exact.loss),
      ...parts[0].map((part, i) => distance(part, parts[1][i])),
    );
    return { gap, accepted: 1e-5 };
  });
}

async function endOf(states: AsyncIterable<TrainState>): Promise<TrainState> {
  let last: TrainState | undefined;
  for await (const state of states) last = state;
  if (!last) throw new Error('training gave no state');
  return last;
}

/** Runs a job, counts the reads until it says `done`, and what it leaves. */
async function watched(
  backend: Backend,
  job: (done: () => void) => Promise<Pick<JobReport, 'gap' | 'accepted'>>,
): Promise<JobReport> {
  const before = tf.memory().numTensors;
  const device = tf.findBackend(backend.name.replace('tfjs-', ''));
  const { read, readSync } = device;
  // Some devices read later by reading at once: the larger number counts.
  const calls = { read: 0, readSync: 0 };
  device.read = (...args) => {
    calls.read++;
    return read.apply(device, args);
  };
  device.readSync = (...args) => {
    calls.readSync++;
    return readSync.apply(device, args);
  };
  let reads = Number.NaN;
  try {
    const result = await job(() => {
      reads = Math.max(calls.read, calls.readSync);
    });
    return { ...result, reads, left: tf.memory().numTensors - before };
  } finally {
    Object.assign(device, { read, readSync });
  }
}

async function entries(t: Tensor): Promise<ArrayLike<number>> {
  return (await t.read()).data;
}

/** The largest `|a − b|`; NaN in either is an infinite one. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) {
    const gap = Math.abs(a[i] - b[i]);
    if (!(gap <= most)) most = Number.isNaN(gap) ? Number.POSITIVE_INFINITY : gap;
  }
  return most;
}
