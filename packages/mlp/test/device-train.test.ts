import {
  ACTIVATIONS,
  type Architecture,
  activate,
  branches,
  dense,
  dropout,
  fullyConnected,
  layerNorm,
  network,
  relu,
  residual,
  serial,
} from '@sntk/architecture';
import { ndarrayBackend, type Tensor, tensor, toBackend } from '@sntk/linalg';
import { createRng, minibatches, SAMPLERS } from '@sntk/random';
import { expectClose, standInDevice } from '@sntk/testing';
import { describe, expect, it } from 'vitest';
import {
  huberLoss,
  initialize,
  LOSSES,
  type Loss,
  networkChain,
  type Optimizer,
  type TrainOptions,
  type TrainState,
  train,
  trainSgd,
} from '../src/index.ts';

const cpu = ndarrayBackend();
const N = 10;
const X = tensor(
  Float64Array.from({ length: 2 * N }, (_, i) => Math.sin(1 + 3 * i)),
  { backend: cpu, shape: [N, 2] },
);
const values = tensor(
  Float64Array.from({ length: 2 * N }, (_, i) => 2 * Math.cos(i)),
  { backend: cpu, shape: [N, 2] },
);
const labels = tensor(
  Array.from({ length: N }, (_, i) => [i % 3 === 0 ? 1 : -1, i % 2 === 0 ? 1 : -1]),
  { backend: cpu },
);
const classes = tensor(
  Array.from(
    { length: N },
    (_, i) =>
      [
        [1, 0],
        [0, 1],
        [0.3, 0.7],
      ][i % 3],
  ),
  { backend: cpu },
);
const plain = fullyConnected({ inputs: 2, hidden: [16, 8], outputs: 2 });
// The last minibatch of an epoch is shorter.
const batches = minibatches({ samples: N, batch: 4, sampler: 'epoch', rng: createRng(2) });

const LOSS_CASES = [
  ['logistic', labels],
  ['cross-entropy', classes],
  ['huber', values],
  [huberLoss(0.3), values],
] as const;

const OPTIMIZERS: readonly Optimizer[] = [
  { kind: 'sgd' },
  { kind: 'sgd', weightDecay: 0.1 },
  { kind: 'sgd', momentum: 0.9 },
  { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 0.1 },
  // Where gradients are as small as the usual ε Adam's quotient is one of roundings.
  { kind: 'adam', epsilon: 1e-3 },
  { kind: 'adam', beta1: 0.8, beta2: 0.9, epsilon: 1e-3, weightDecay: 0.1 },
];

async function collect(states: AsyncIterable<TrainState>): Promise<TrainState[]> {
  const all: TrainState[] = [];
  for await (const state of states) all.push(state);
  return all;
}

/** The states of a run on a device and of the same in float64 on a CPU, which must agree to float32 rounding over 40 steps. */
async function both(architecture: Architecture, options: Omit<TrainOptions, 'steps' | 'X'>): Promise<void> {
  const theta = initialize(architecture, { rng: createRng(1) });
  const device = standInDevice();
  const run = { X, steps: 40, every: 20, ...options };
  const exact = await collect(train(architecture, theta, run));
  const found = await collect(train(architecture, theta, { ...run, backend: device.backend }));
  // Numbers of size 1, an ulp of 1.2e-7 a step, and what layers before make of it.
  const absolute = 40 * 1e-6;
  expect(found.map(({ step }) => step)).toEqual([20, 40]);
  found.forEach(({ loss, learningRate, checkpoint }, i) => {
    expectClose(loss, exact[i].loss, { absolute, relative: absolute });
    expect(learningRate).toBe(exact[i].learningRate);
    expectClose(checkpoint.theta, exact[i].checkpoint.theta, { absolute });
    expect(checkpoint.moments).toHaveLength(exact[i].checkpoint.moments.length);
    checkpoint.moments.forEach((moment, k) => {
      expectClose(moment, exact[i].checkpoint.moments[k], { absolute, relative: absolute });
    });
    expect(checkpoint).toMatchObject({
      architecture: exact[i].checkpoint.architecture,
      loss: exact[i].checkpoint.loss,
      optimizer: exact[i].checkpoint.optimizer,
    });
  });
  // The run went somewhere.
  expect(Math.max(...exact[1].checkpoint.theta.map((t, i) => Math.abs(t - theta[i])))).toBeGreaterThan(0.02);
  expect(device.live()).toBe(0);
}

describe('train on a device', () => {
  it.each(OPTIMIZERS)('takes the steps of the CPU with %o', async (optimizer) => {
    const learningRate = optimizer.kind === 'adam' ? 0.02 : 0.01;
    await both(plain, { Y: values, optimizer, batches, learningRate });
  });

  it.each(LOSS_CASES)('takes the steps of the CPU by the loss %o', async (loss, Y) => {
    const optimizer = { kind: 'sgd', momentum: 0.9 } as const;
    await both(plain, { Y, loss, optimizer, batches, learningRate: 0.01 });
  });

  it.each(SAMPLERS)('sees the minibatches of the CPU: %s', async (sampler) => {
    const drawn = minibatches({ samples: N, batch: 3, sampler, rng: createRng('sampler') });
    await both(plain, { Y: values, batches: drawn, learningRate: 0.02 });
  });

  it('has the schedules, the full batch and SVAG of the CPU', async () => {
    const learningRate = { kind: 'cosine', initial: 0.03, final: 0, steps: 40, warmup: 5 } as const;
    await both(plain, { Y: values, learningRate });
    const optimizer = { kind: 'sgd', momentum: 0.9 } as const;
    // A rate of 0 stays where it is, and its gradients count in the averages.
    await both(plain, { Y: values, optimizer, learningRate: (k) => (k % 2 === 0 ? 0.01 : 0) });
    await both(plain, { Y: values, batches, svag: 3, learningRate: 0.02 });
    await both(plain, { Y: values, svag: 2, learningRate: 0.02 });
  });

  it.each([
    ['no bias', fullyConnected({ inputs: 2, hidden: [8], outputs: 2, biasVariance: 0 })],
    [
      'a residual and layer normalization',
      network(2, dense(8), layerNorm(), residual(activate(relu), dense(8)), activate(relu), dense(2)),
    ],
    [
      'branches of every kind',
      network(
        2,
        branches('concatenate', dense(3), serial(dense(4), activate(relu))),
        branches('product', dense(5), serial(dense(5), activate(ACTIVATIONS.sigmoid)), dense(5)),
        branches('sum', dense(2), serial(activate(ACTIVATIONS.tanh), dense(2))),
      ),
    ],
    ['dropout', network(2, dense(8), dropout(0.7), activate(relu), dropout(0.5), dense(2))],
    ['an activation at the end', network(2, dense(2), activate(ACTIVATIONS.tanh))],
  ])('runs networks with %s', async (_, architecture) => {
    const optimizer = { kind: 'sgd', momentum: 0.5, weightDecay: 0.1 } as const;
    await both(architecture, { Y: values, batches, optimizer, learningRate: 0.01, dropout: createRng(5) });
  });

  it('reads nothing but one number in 64 steps, and at a state two and the parameters', async () => {
    const { backend, reads, live } = standInDevice();
    const theta = initialize(plain, { rng: createRng(1) });
    const options = {
      X,
      Y: values,
      batches,
      backend,
      learningRate: 0.01,
      optimizer: { kind: 'adam' },
    } as const;
    const counts: number[] = [];
    for await (const { step } of train(plain, theta, { ...options, steps: 120, every: 60 })) {
      counts.push(reads());
      expect(step).toBe(60 * counts.length);
    }
    // W and β of three layers, and as many of each of two averages.
    const state = 2 + 3 * 6;
    expect(counts).toEqual([state, 2 * state]);
    await collect(train(plain, theta, { ...options, steps: 200, every: 200 }));
    expect(reads()).toBe(3 * state + 3);
    expect(live()).toBe(0);
  });

  it.each(OPTIMIZERS)('resumes bit for bit, with %o', async (optimizer) => {
    const { backend, live } = standInDevice();
    const architecture = network(2, dense(8), dropout(0.7), activate(relu), dense(2));
    const theta = initialize(architecture, { rng: createRng(1) });
    const learningRate = { kind: 'cosine', initial: 0.02, steps: 25 } as const;
    const options = {
      X,
      Y: values,
      optimizer,
      batches,
      backend,
      learningRate,
      dropout: createRng(3),
      steps: 25,
    };
    const whole = await collect(train(architecture, theta, { ...options, every: 10 }));
    const resume = structuredClone(whole[0].checkpoint);
    const [end] = await collect(train(architecture, theta, { ...options, resume, every: 100 }));
    expect(end).toEqual(whole[2]);
    // And it goes on elsewhere, in float32 too.
    const [elsewhere] = await collect(
      train(architecture, Float32Array.from(theta), { ...options, backend: cpu, resume, every: 100 }),
    );
    expectClose(elsewhere.checkpoint.theta, end.checkpoint.theta, { absolute: 15 * 1e-6 });
    // As one of float32 from there goes on here; float64 is not rounded unasked.
    const { backend: _, ...onCpu } = { ...options, every: 10 };
    const [there] = await collect(train(architecture, Float32Array.from(theta), onCpu));
    const [back] = await collect(
      train(architecture, theta, { ...options, resume: there.checkpoint, every: 100 }),
    );
    expectClose(back.checkpoint.theta, end.checkpoint.theta, { absolute: 25 * 1e-6 });
    const [exact] = await collect(train(architecture, theta, onCpu));
    const refused = train(architecture, theta, { ...options, resume: exact.checkpoint });
    await expect(collect(refused)).rejects.toThrow(
      /or round theta and moments of the checkpoint to float32$/,
    );
    await expect(collect(train(architecture, theta, { ...onCpu, resume }))).rejects.toThrow(
      /give theta as a Float32Array$/,
    );
    expect(live()).toBe(0);
  });

  it('stops at divergence with the step, however rare the states are', async () => {
    const { backend, live } = standInDevice();
    const theta = initialize(plain, { rng: createRng(1), dtype: 'float32' });
    const options = { X, Y: values, batches, steps: 300, learningRate: 5 };
    const diverge = (more: Partial<TrainOptions>) =>
      collect(train(plain, theta, { ...options, ...more })).catch((error) => error);
    const onCpu = await diverge({ every: 300 });
    const found = await diverge({ every: 300, backend });
    expect(found.message).toMatch(
      /^train: training diverged: the loss was \S+ and is not finite at step \d+; lower the learning rate, 5; full-batch steps are stable below \d/,
    );
    // The loss itself is a float32 there, and overflows where that of the CPU may last a step longer.
    expect(onCpu.details.step - found.details.step).toBeOneOf([0, 1]);
    expect(found.details.loss).toBeGreaterThan(1e3);
    expectClose(found.details.stableRate, onCpu.details.stableRate, { relative: 1e-5 });
    for (const every of [7, 64, 100]) {
      const { details } = await diverge({ every, backend });
      expect(details).toEqual(found.details);
    }
    // Parameters that are not finite are seen at a state before the loss is.
    const early = await diverge({ every: 1, backend });
    expect(found.details.step - early.details.step).toBeOneOf([0, 1]);
    expect(live()).toBe(0);
  });

  it('stops when only parameters or averages are not finite', async () => {
    const line = fullyConnected({
      inputs: 1,
      hidden: [],
      parameterization: { weightScale: 1, biasScale: 1 },
    });
    const { backend } = standInDevice();
    // A residual of −1e10, and a gradient of −1e30 whose square is beyond float32.
    const run = { X: tensor([[1e20]], { backend }), Y: tensor([[1e10]], { backend }), steps: 1 };
    const start = new Float32Array([0, 0]);
    await expect(collect(train(line, start, { ...run, learningRate: 1e20 }))).rejects.toThrow(
      'the loss was 5.00e+19 and parameters are not finite at step 0',
    );
    const adam = { ...run, learningRate: 0.1, optimizer: { kind: 'adam' } } as const;
    await expect(collect(train(line, start, adam))).rejects.toThrow(
      'running averages are not finite at step 0',
    );
  });

  it('stops when it is told to, before, between and at states, and when the loop is left', async () => {
    const { backend, live } = standInDevice();
    const theta = initialize(plain, { rng: createRng(1) });
    const reason = new Error('enough');
    const run = { X, Y: values, backend, learningRate: 0.01 };
    const aborted = AbortSignal.abort(reason);
    await expect(collect(train(plain, theta, { ...run, steps: 9, signal: aborted }))).rejects.toBe(reason);
    const stop = new AbortController();
    const seen: number[] = [];
    const onProgress = ({ step }: { step: number }): void => {
      seen.push(step);
      if (step === 10) stop.abort(reason);
    };
    const told = train(plain, theta, { ...run, steps: 100, every: 5, signal: stop.signal, onProgress });
    await expect(collect(told)).rejects.toBe(reason);
    expect(seen).toEqual([5, 10]);
    const endless = train(plain, theta, { ...run, steps: 1e9, signal: AbortSignal.timeout(50) });
    await expect(collect(endless)).rejects.toThrow('timeout');
    for await (const { step } of train(plain, theta, { ...run, steps: 100, every: 1 })) if (step === 3) break;
    expect(live()).toBe(0);
  });

  it('takes data that are on the device, and has it for its backend then', async () => {
    const device = standInDevice();
    const theta = initialize(plain, { rng: createRng(1) });
    const run = { batches, steps: 5, every: 5, learningRate: 0.01 };
    const [x, y] = [await toBackend(X, device.backend), await toBackend(values, device.backend)];
    const [found] = await collect(train(plain, theta, { ...run, X: x, Y: y }));
    const [sent] = await collect(train(plain, theta, { ...run, X, Y: values, backend: device.backend }));
    expect(found).toEqual(sent);
    expect(found.checkpoint.theta).toBeInstanceOf(Float32Array);
    expect(device.live()).toBe(2);
  });

  it('runs a loss of one’s own that has a form in tensors, and refuses one without', async () => {
    const { backend, live } = standInDevice();
    const theta = initialize(plain, { rng: createRng(1) });
    const half: Loss = { ...LOSSES.mse, name: 'mine' };
    await both(plain, { Y: values, loss: half, learningRate: 0.01 });
    const { onTensors: _, ...bare } = half;
    const run = { X, Y: values, backend, steps: 1, learningRate: 0.01 };
    await expect(collect(train(plain, theta, { ...run, loss: bare }))).rejects.toThrow(
      'train: loss mine has no onTensors, by which devices work it out; add it, or train on a CPU backend',
    );
    const sine = fullyConnected({ inputs: 2, hidden: [4], outputs: 2, activation: ACTIVATIONS.sine });
    await expect(collect(train(sine, initialize(sine, { rng: createRng(1) }), run))).rejects.toThrow(
      /^train: devices have the activations linear, relu, .*, not sine; train on a CPU backend$/,
    );
    expect(() => networkChain(plain, theta, { backend, maxRows: 2 })).toThrow(
      'networkChain: backend stand-in gives outputs only later; use deviceChain',
    );
    expect(() => trainSgd(plain, theta, { ...run, batches })).toThrow(
      'trainSgd: backend stand-in gives losses only later; use train',
    );
    expect(live()).toBe(0);
  });

  it('gives everything back when the device fails, whatever it was doing', async () => {
    const architecture = network(2, dense(3), branches('concatenate', dense(1), dense(2)), dense(2));
    const theta = initialize(architecture, { rng: createRng(1) });
    const operations = ['upload', 'matmul', 'unary', 'binary', 'reduce'] as const;
    for (const more of [{}, { batches }]) {
      let failures = 0;
      for (let allowed = 0; ; allowed++) {
        const { backend, live } = standInDevice();
        let left = allowed;
        const counted =
          <Arguments extends readonly unknown[], Result>(run: (...given: Arguments) => Result) =>
          (...given: Arguments): Result => {
            if (left-- === 0) throw new Error('out of memory');
            return run(...given);
          };
        // Tensors of the device name it as their backend, so it is changed where it is.
        for (const name of operations)
          Object.assign(backend, { [name]: counted(backend[name] as () => unknown) });
        const run = {
          X,
          Y: values,
          backend,
          steps: 2,
          learningRate: 0.01,
          optimizer: { kind: 'adam' },
        } as const;
        const failed = await collect(train(architecture, theta, { ...run, ...more })).catch((error) => error);
        expect(live(), `after ${allowed} operations`).toBe(0);
        if (!(failed instanceof Error)) break;
        expect(failed.message).toBe('out of memory');
        failures++;
      }
      expect(failures).toBeGreaterThan(100);
    }
  });

  it('gives everything back when a loss fails, and refuses one that gives something else', async () => {
    const { backend, live } = standInDevice();
    const theta = initialize(plain, { rng: createRng(1) });
    const wrong = (onTensors: unknown): Promise<TrainState[]> => {
      const loss = { ...LOSSES.mse, name: 'mine', onTensors } as Loss;
      return collect(
        train(plain, theta, { X, Y: values, batches, backend, steps: 1, learningRate: 0.01, loss }),
      );
    };
    const broken = (): never => {
      throw new RangeError('mine');
    };
    await expect(wrong(broken)).rejects.toThrow(RangeError);
    // A loss for each output, of which the sum would show the first alone.
    await expect(wrong((f: Tensor) => ({ losses: f, gradient: f }))).rejects.toThrow(
      'train: options.loss.onTensors must be a function that gives losses [4, 1] and a gradient [4, 2], ' +
        'got "losses [4, 2] and a gradient [4, 2]"',
    );
    await expect(wrong(() => undefined)).rejects.toThrow('got "losses none and a gradient none"');
    expect(live()).toBe(0);
  });

  it('refuses what float32 does not hold, and labels of another shape', async () => {
    const { backend, live } = standInDevice();
    const theta = initialize(plain, { rng: createRng(1) });
    const huge = tensor(new Float64Array(2 * N).fill(1e60), { backend: cpu, shape: [N, 2] });
    const run = { X, Y: values, backend, steps: 1, learningRate: 0.1 };
    await expect(collect(train(plain, theta, { ...run, X: huge }))).rejects.toThrow('options.X in float32');
    await expect(collect(train(plain, theta, { ...run, Y: huge }))).rejects.toThrow('options.Y in float32');
    await expect(
      collect(
        train(
          plain,
          theta.map(() => 1e60),
          run,
        ),
      ),
    ).rejects.toThrow('theta in float32');
    const optimizer = { kind: 'adam', epsilon: 1e-39 } as const;
    await expect(collect(train(plain, theta, { ...run, optimizer }))).rejects.toThrow(
      'train: options.optimizer.epsilon must be at least 1.1754943508222875e-38, for the float32 of a device',
    );
    const wrong = tensor([[1], [2]], { backend: cpu });
    await expect(collect(train(plain, theta, { ...run, Y: wrong }))).rejects.toThrow('train: options.Y');
    expect(live()).toBe(0);
  });
});
