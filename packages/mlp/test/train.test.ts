import {
  ACTIVATIONS,
  type Activation,
  activate,
  dense,
  dropout,
  fullyConnected,
  linear,
  network as networkOf,
  relu,
  residual,
} from '@sntk/architecture';
import { type FloatArray, ndarrayBackend, tensor, toArray, toFloat64 } from '@sntk/linalg';
import { wasmBackend, wasmMemoryInUse } from '@sntk/linalg-wasm';
import { createRng, minibatches, SAMPLERS } from '@sntk/random';
import { availableBackends, expectClose } from '@sntk/testing';
import { describe, expect, it } from 'vitest';
import {
  forward,
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

const backend = ndarrayBackend();

function problem(outputs = 1, dtype: 'float64' | 'float32' = 'float64') {
  const rng = createRng('train');
  const network = fullyConnected({ inputs: 2, hidden: [8, 8], outputs });
  const x = new Float64Array(7 * 2);
  const y = new Float64Array(7 * outputs);
  rng.split('x').fillNormal(x);
  rng.split('y').fillNormal(y);
  return {
    network,
    theta: initialize(network, { rng, dtype }),
    X: tensor(x, { backend, shape: [7, 2] }),
    Y: tensor(y, { backend, shape: [7, outputs] }),
    batches: minibatches({ samples: 7, batch: 3, sampler: 'epoch', rng: rng.split('b') }),
  };
}

async function collect(states: AsyncIterable<TrainState>): Promise<TrainState[]> {
  const all: TrainState[] = [];
  for await (const state of states) all.push(state);
  return all;
}

describe('losses', () => {
  const f = new Float64Array([0.3, -1.7, 2.5]);
  const cases: [Loss, Float64Array][] = [
    [LOSSES.mse, new Float64Array([1, 0.5, -1])],
    [LOSSES.logistic, new Float64Array([1, 1, -1])],
    [LOSSES['cross-entropy'], new Float64Array([0.2, 0.5, 0.3])],
    [LOSSES.huber, new Float64Array([1, 0.5, -1])],
    [huberLoss(2.5), new Float64Array([1, 0.5, -1])],
  ];

  it('have the gradients that central differences see', () => {
    for (const [loss, y] of cases) {
      const gradient = new Float64Array(3);
      loss.evaluate(f, y, gradient);
      const h = 1e-6;
      const slope = f.map((_, o) => {
        const [plus, minus] = [h, -h].map((shift) => {
          const at = f.slice();
          at[o] += shift;
          return loss.evaluate(at, y, new Float64Array(3));
        });
        return (plus - minus) / (2 * h);
      });
      // h² of truncation and eps/h of rounding.
      expectClose(gradient, slope, { absolute: 1e-8 });
    }
  });

  it('have the values of their formulas', () => {
    const values = cases.map(([loss, y]) => loss.evaluate(f, y, new Float64Array(3)));
    const partition = Math.exp(0.3) + Math.exp(-1.7) + Math.exp(2.5);
    expectClose(
      values,
      [
        (0.7 ** 2 + 2.2 ** 2 + 3.5 ** 2) / 2,
        Math.log(1 + Math.exp(-0.3)) + Math.log(1 + Math.exp(1.7)) + Math.log(1 + Math.exp(2.5)),
        Math.log(partition) - (0.2 * 0.3 + 0.5 * -1.7 + 0.3 * 2.5),
        0.7 ** 2 / 2 + (2.2 - 0.5) + (3.5 - 0.5),
        0.7 ** 2 / 2 + 2.2 ** 2 / 2 + 2.5 * (3.5 - 1.25),
      ],
      { relative: 1e-14 },
    );
  });

  it('stay finite, and exact, for outputs of 1,000', () => {
    const gradient = new Float64Array(2);
    const wide = new Float64Array([1000, -1000]);
    expect(LOSSES.logistic.evaluate(wide, new Float64Array([-1, -1]), gradient)).toBe(1000);
    expect([...gradient]).toEqual([1, 0]);
    expect(LOSSES['cross-entropy'].evaluate(wide, new Float64Array([0, 1]), gradient)).toBe(2000);
    expect([...gradient]).toEqual([1, -1]);
  });
});

/** w of f = w x at x = √λ, y = 0, whose loss is ½ λ w²: one mode of a quadratic. */
async function modePath(curvature: number, options: Partial<TrainOptions>, steps: number): Promise<number[]> {
  const scales = { weightScale: 1, biasScale: 0 };
  const network = fullyConnected({ inputs: 1, hidden: [], activation: linear, parameterization: scales });
  const X = tensor([[Math.sqrt(curvature)]], { backend });
  const Y = tensor([[0]], { backend });
  const theta = new Float64Array([1, 0]);
  const states = await collect(
    train(network, theta, { X, Y, steps, every: 1, learningRate: 0.1, ...options }),
  );
  expect(theta[0]).toBe(1);
  return [1, ...states.map(({ checkpoint }) => checkpoint.theta[0])];
}

describe('optimizers on one mode of a quadratic', () => {
  const [eta, lambda, mu] = [0.1, 3, 0.8];

  it('follow w_{k+1} = (1 + μ − ηλ) w_k − μ w_{k−1} with momentum', async () => {
    const w = await modePath(lambda, { optimizer: { kind: 'sgd', momentum: mu } }, 40);
    for (let k = 1; k < 40; k++) {
      expectClose(w[k + 1], (1 + mu - eta * lambda) * w[k] - mu * w[k - 1], { absolute: 1e-14 });
    }
    expectClose(w[1], 1 - eta * lambda, { absolute: 1e-15 });
  });

  it('follow w_{k+1} = (1 − ηλ)((1 + μ) w_k − μ w_{k−1}) with Nesterov momentum', async () => {
    const w = await modePath(lambda, { optimizer: { kind: 'sgd', momentum: mu, nesterov: true } }, 40);
    for (let k = 1; k < 40; k++) {
      expectClose(w[k + 1], (1 - eta * lambda) * ((1 + mu) * w[k] - mu * w[k - 1]), { absolute: 1e-14 });
    }
  });

  it('decay by 1 − η(λ + weight decay) a step', async () => {
    const w = await modePath(lambda, { optimizer: { kind: 'sgd', weightDecay: 0.5 } }, 10);
    expectClose(w[10], (1 - eta * (lambda + 0.5)) ** 10, { relative: 1e-13 });
  });

  it('are Adam with the averages written as sums, and decay apart from them', async () => {
    const [beta1, beta2, epsilon, weightDecay] = [0.8, 0.95, 1e-3, 0.2];
    const optimizer: Optimizer = { kind: 'adam', beta1, beta2, epsilon, weightDecay };
    const w = await modePath(lambda, { optimizer }, 12);
    for (let t = 1; t <= 12; t++) {
      const average = (beta: number, power: number): number => {
        let [sum, weights] = [0, 0];
        for (let i = 1; i <= t; i++) {
          sum += beta ** (t - i) * (lambda * w[i - 1]) ** power;
          weights += beta ** (t - i);
        }
        return sum / weights;
      };
      const step = average(beta1, 1) / (Math.sqrt(average(beta2, 2)) + epsilon) + weightDecay * w[t - 1];
      expectClose(w[t], w[t - 1] - eta * step, { absolute: 1e-13 });
    }
  });

  it('multiply by 1 − η_k λ with a schedule', async () => {
    const schedules = [
      [(k: number) => 0.1 / (k + 1), (k: number) => 0.1 / (k + 1)],
      [
        { kind: 'staircase', initial: 0.1, factor: 0.5, every: 3 },
        (k: number) => [0.1, 0.05, 0.025][Math.floor(k / 3)],
      ],
      [{ kind: 'exponential', initial: 0.1, factor: 0.5, every: 3 }, (k: number) => 0.1 * 2 ** (-k / 3)],
      [
        { kind: 'cosine', initial: 0.1, final: 0.02, steps: 6, warmup: 2 },
        (k: number) =>
          [0.1 / 3, 0.2 / 3, 0.1, 0.06 + 0.04 * Math.SQRT1_2, 0.06, 0.06 - 0.04 * Math.SQRT1_2, 0.02, 0.02][
            k
          ],
      ],
    ] as const;
    for (const [learningRate, eta] of schedules) {
      const w = await modePath(lambda, { learningRate }, 8);
      for (let k = 0; k < 8; k++) expectClose(w[k + 1], (1 - eta(k) * lambda) * w[k], { absolute: 1e-15 });
    }
  });
});

const optimizers: Optimizer[] = [
  { kind: 'sgd' },
  { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 1e-3 },
  { kind: 'adam', weightDecay: 1e-3 },
];

const line = fullyConnected({ inputs: 1, hidden: [], parameterization: { weightScale: 1, biasScale: 1 } });
/** Points on a line; the kernel x x' + 1 of f = w x + β has the eigenvalues of [[Σx², Σx], [Σx, N]]. */
const spread = {
  X: tensor([[1], [2], [4]], { backend }),
  Y: tensor([[0], [1], [0]], { backend }),
  top: 12 + Math.sqrt(81 + 49),
};

describe('train', () => {
  it.each(['float64', 'float32'] as const)(
    'gives the bits of trainSgd with plain SGD in %s',
    async (dtype) => {
      const { network, theta, X, Y, batches } = problem(2, dtype);
      for (const on of [backend, wasmBackend()]) {
        const options = { X, Y, batches, steps: 30, learningRate: 0.05, backend: on };
        const states = await collect(train(network, theta, { ...options, every: 7 }));
        expect(states.map(({ step }) => step)).toEqual([7, 14, 21, 28, 30]);
        expect(states.at(-1)!.checkpoint.theta).toEqual(trainSgd(network, theta, options).theta);
      }
    },
  );

  it.each(optimizers)('resumes bit for bit within an epoch, with %o', async (optimizer) => {
    for (const dtype of ['float64', 'float32'] as const) {
      const { network, theta, X, Y, batches } = problem(2, dtype);
      const learningRate = { kind: 'cosine', initial: 0.02, steps: 25 } as const;
      const options = { X, Y, batches, optimizer, learningRate, backend: wasmBackend(), steps: 25 };
      const whole = await collect(train(network, theta, { ...options, every: 10 }));
      const resume = structuredClone(whole[0].checkpoint);
      const [end] = await collect(train(network, theta, { ...options, resume, every: 100 }));
      expect(resume.step).toBe(10);
      expect(end).toEqual(whole.at(-1));
    }
  });

  it.each(SAMPLERS)('resumes bit for bit on %s minibatches, wherever it stopped', async (sampler) => {
    const { network, theta, X, Y } = problem(2);
    const batches = () => minibatches({ samples: 7, batch: 3, sampler, rng: createRng('resume') });
    const options = { X, Y, optimizer: { kind: 'adam' }, learningRate: 0.02, steps: 8, every: 1 } as const;
    const whole = await collect(train(network, theta, { ...options, batches: batches() }));
    for (const { checkpoint: resume } of whole.slice(0, -1)) {
      const rest = await collect(train(network, theta, { ...options, batches: batches(), resume }));
      expect(rest).toEqual(whole.slice(resume.step));
    }
  });

  it.each(optimizers)('takes the steps of fused kernels by products too, with %o', async (optimizer) => {
    for (const dtype of ['float64', 'float32'] as const) {
      const { network, theta, X, Y, batches } = problem(2, dtype);
      const options = { X, Y, batches, optimizer, learningRate: 0.02, steps: 40, every: 40 };
      const [fused] = await collect(train(network, theta, { ...options, backend: wasmBackend() }));
      const [plain] = await collect(train(network, theta, options));
      // 40 steps of rounding of numbers of size 1; Adam's quotients of small numbers carry some more.
      const absolute = 40 * (dtype === 'float64' ? 2e-15 : 1e-6);
      expectClose(fused.checkpoint.theta, plain.checkpoint.theta, { absolute });
      plain.checkpoint.moments.forEach((moment, i) => {
        expectClose(fused.checkpoint.moments[i], moment, { absolute });
      });
    }
  });

  it('refuses a checkpoint of another network, loss, optimizer or number format by name', async () => {
    const { network, theta, X, Y } = problem();
    const options = { X, Y, steps: 2, learningRate: 0.01 };
    const [{ checkpoint: resume }] = await collect(train(network, theta, { ...options, every: 1 }));
    const other = fullyConnected({ inputs: 2, hidden: [8, 9] });
    const start = initialize(other, { rng: createRng(1) });
    await expect(collect(train(other, start, { ...options, resume }))).rejects.toThrow(
      /options\.resume\.architecture must be "2 → 8 relu → 9 relu → 1, .*", got "2 → 8 relu → 8 relu → 1, /,
    );
    const standard = fullyConnected({ inputs: 2, hidden: [8, 8], parameterization: 'standard' });
    await expect(collect(train(standard, theta, { ...options, resume }))).rejects.toThrow(
      'scales 1/1 1/1 1/1',
    );
    const adam = { kind: 'adam' } as const;
    await expect(collect(train(network, theta, { ...options, resume, optimizer: adam }))).rejects.toThrow(
      'options.resume.optimizer must be "adam',
    );
    await expect(collect(train(network, theta, { ...options, resume, loss: 'huber' }))).rejects.toThrow(
      'options.resume.loss must be "huber", got "mse"',
    );
    await expect(collect(train(network, Float32Array.from(theta), { ...options, resume }))).rejects.toThrow(
      'of Float32Arrays, the number format of the run',
    );
    await expect(collect(train(network, theta, { ...options, resume, steps: 1 }))).rejects.toThrow(
      'above the 1',
    );
  });

  it('learns three classes by cross-entropy with momentum', async () => {
    const { network, theta, X } = problem(3);
    const classes = [0, 1, 2, 0, 1, 2, 0];
    const Y = tensor(
      classes.map((c) => [0, 1, 2].map((o) => (o === c ? 1 : 0))),
      { backend },
    );
    const states = await collect(
      train(network, theta, {
        X,
        Y,
        loss: 'cross-entropy',
        optimizer: { kind: 'sgd', momentum: 0.9 },
        learningRate: 0.02,
        steps: 1500,
      }),
    );
    const f: FloatArray = toArray(forward(network, states.at(-1)!.checkpoint.theta, X));
    const predicted = classes.map((_, i) => {
      const row = [...f.subarray(3 * i, 3 * i + 3)];
      return row.indexOf(Math.max(...row));
    });
    expect(predicted).toEqual(classes);
  });

  it('stops at an abort while it runs, and at divergence with the step', async () => {
    const { network, theta, X, Y } = problem();
    const controller = new AbortController();
    const seen: number[] = [];
    const run = train(network, theta, {
      X,
      Y,
      steps: 100,
      every: 5,
      learningRate: 0.01,
      signal: controller.signal,
      onProgress: ({ step }) => {
        seen.push(step);
        if (step === 10) controller.abort();
      },
    });
    await expect(collect(run)).rejects.toThrow('abort');
    expect(seen).toEqual([5, 10]);
  });

  it.each([
    [{ kind: 'sgd' }, 2, 0],
    [{ kind: 'sgd', momentum: 0.5 }, 3, 0],
    [{ kind: 'sgd', momentum: 0.5, nesterov: true }, 1.5, 0],
    [{ kind: 'sgd', weightDecay: 2 }, 2, 2],
  ] as const)(
    'stops at divergence with step, loss and the stable rate, with %o',
    async (optimizer, share, decay) => {
      const { X, Y, top } = spread;
      const stable = share / (top / 3 + decay);
      const options = { X, Y, optimizer, steps: 20_000, every: 20_000 };
      const start = new Float64Array([1, -1]);
      const error = await collect(train(line, start, { ...options, learningRate: 1.05 * stable })).catch(
        (e) => e,
      );
      expect(error.message).toMatch(
        /diverged: the loss was .*e\+\d+ and (is|parameters are) not finite at step \d+; lower the learning rate, .*stable below .* at the start/,
      );
      expect(error.details.step).toBeLessThan(20_000);
      expect(error.details.loss).toBeGreaterThan(1e100);
      expectClose(error.details.stableRate, stable, { relative: 1e-6 });
      // And below it training does not diverge: the bound is sharp.
      const [end] = await collect(train(line, start, { ...options, learningRate: 0.95 * stable }));
      expect(end.loss).toBeLessThan(1);
    },
  );

  it.each([
    ['logistic', 1 / 4, [[-1], [1], [-1]]],
    [
      'cross-entropy',
      1 / 2,
      [
        [1, 0],
        [0, 1],
        [1, 0],
      ],
    ],
  ] as const)('tells the stable rate where the curvature of %s is largest', async (loss, curvature, rows) => {
    const O = rows[0].length;
    const parameterization = { weightScale: 1, biasScale: 1 };
    const lines = fullyConnected({ inputs: 1, hidden: [], outputs: O, parameterization });
    const Y = tensor(Float64Array.from(rows.flat()), { backend, shape: [3, O] });
    // Gradients are bounded, so only the largest rates leave the range of numbers.
    const options = { X: spread.X, Y, loss, steps: 4, learningRate: 1e308 };
    const error = await collect(train(lines, new Float64Array(2 * O), options)).catch((e) => e);
    expect(error.message).toContain('diverged');
    expectClose(error.details.stableRate, 2 / ((curvature * spread.top) / 3), { relative: 1e-6 });
  });

  it('knows no stable rate for Adam, and stops when only the last parameters are not finite', async () => {
    const { X, Y } = spread;
    const start = new Float64Array([1, -1]);
    const adam = { kind: 'adam' } as const;
    const error = await collect(
      train(line, start, { X, Y, optimizer: adam, steps: 5, learningRate: 1e200 }),
    ).catch((e) => e);
    expect(error.message).toMatch(/diverged/);
    expect(error.details.stableRate).toBeUndefined();
    const one = train(line, Float32Array.from(start), { X, Y, steps: 1, learningRate: 1e39 });
    await expect(collect(one)).rejects.toThrow('parameters are not finite at step 0');
    await expect(
      collect(train(line, new Float64Array([Number.NaN, 0]), { X, Y, steps: 1, learningRate: 0.1 })),
    ).rejects.toThrow('theta must be finite numbers, got "NaN at position 0"');
  });

  it('stops when the squares in Adam’s averages overflow, which would stand still', async () => {
    // Gradients near 1e25 are float32 numbers, their squares are not.
    const X = tensor([[1]], { backend });
    const Y = tensor([[1e25]], { backend });
    const start = new Float32Array([1, -1]);
    const options = { X, Y, steps: 3, every: 1, learningRate: 0.1 };
    const run = train(line, start, { ...options, optimizer: { kind: 'adam' } });
    await expect(run.next()).rejects.toThrow('running averages are not finite at step 0');
    const [state] = await collect(
      train(line, start, { ...options, steps: 1, optimizer: { kind: 'sgd', momentum: 0.5 } }),
    );
    expect(state.checkpoint.moments[0].every(Number.isFinite)).toBe(true);
  });

  it('refuses inputs beyond the range of its number format', async () => {
    const X = tensor([[1e60]], { backend });
    const Y = tensor([[0]], { backend });
    const options = { X, Y, steps: 1, learningRate: 1e-130 };
    await expect(collect(train(line, new Float32Array([1, -1]), options))).rejects.toThrow(
      'train: options.X in float32 must be finite numbers, got "Infinity at position 0"',
    );
    expect(await collect(train(line, new Float64Array([1, -1]), options))).toHaveLength(1);
  });

  it('refuses targets and minibatches of another size', async () => {
    const { network, theta, X, batches } = problem();
    const options = { X, steps: 3, learningRate: 0.01 };
    const Y = tensor(new Float64Array(14), { backend, shape: [7, 2] });
    await expect(collect(train(network, theta, { ...options, Y }))).rejects.toThrow(
      'train: options.Y must be of shape [7, 1], got [7, 2]',
    );
    const good = tensor(new Float64Array(7), { backend, shape: [7, 1] });
    for (const [at, message] of [
      [() => Int32Array.of(7), 'minibatches of 7 examples, one per row of X, got "example 7"'],
      [() => Int32Array.of(-1), 'got "example -1"'],
      [() => new Int32Array(0), 'one example at least, got "an empty one"'],
      [
        (step: number) => Int32Array.from({ length: step + 1 }, (_, i) => i),
        'no larger than the first, 1, got "one of 2"',
      ],
    ] as const) {
      const strange = { ...batches, at };
      await expect(collect(train(network, theta, { ...options, Y: good, batches: strange }))).rejects.toThrow(
        message,
      );
    }
  });

  it('lets an abort from outside through', async () => {
    const { network, theta, X, Y } = problem();
    const signal = AbortSignal.timeout(50);
    const steps = 1e9;
    await expect(
      collect(train(network, theta, { X, Y, steps, learningRate: 1e-3, signal })),
    ).rejects.toThrow();
  });

  it('refuses targets that its loss has no meaning for', async () => {
    const { network, theta, X, Y } = problem();
    const options = { X, Y, steps: 1, learningRate: 0.1 };
    await expect(collect(train(network, theta, { ...options, loss: 'logistic' }))).rejects.toThrow(
      'options.Y must be labels of 1 and −1, for logistic',
    );
    await expect(collect(train(network, theta, { ...options, loss: 'cross-entropy' }))).rejects.toThrow(
      'probabilities of two or more classes',
    );
    const optimizer = { kind: 'sgd', momentum: 1 } as const;
    await expect(collect(train(network, theta, { ...options, optimizer }))).rejects.toThrow('below 1, got 1');
  });
});

describe('train on any backend', () => {
  it.each(optimizers)(
    'takes the same steps, on those that give entries only later too, with %o',
    async (optimizer) => {
      const { network, theta, X, Y, batches } = problem(2, 'float32');
      const options = { batches, optimizer, learningRate: 0.02, steps: 10, every: 10 };
      const [plain] = await collect(train(network, theta, { ...options, X, Y }));
      for (const on of await availableBackends()) {
        const [x, y] = [X, Y].map((a) =>
          tensor(toArray(a), { backend: on, dtype: 'float32', shape: a.shape }),
        );
        const [state] = await collect(train(network, theta, { ...options, X: x, Y: y }));
        // 10 steps of float32 rounding, as above.
        expectClose(state.checkpoint.theta, plain.checkpoint.theta, { absolute: 10 * 1e-6 });
      }
    },
  );

  it.each(SAMPLERS)('lowers the loss on %s minibatches, the same ones when run again', async (sampler) => {
    const { network, theta, X, Y } = problem();
    const batches = () => minibatches({ samples: 7, batch: 3, sampler, rng: createRng('sampler') });
    const options = { X, Y, steps: 300, every: 300, learningRate: 0.02 };
    const [first] = await collect(train(network, theta, { ...options, batches: batches() }));
    const [again] = await collect(train(network, theta, { ...options, batches: batches() }));
    expect(again).toEqual(first);
    const lossOf = (at: FloatArray): number =>
      toFloat64(forward(network, at, X)).reduce((sum, f, i) => sum + (f - toArray(Y)[i]) ** 2, 0);
    expect(lossOf(first.checkpoint.theta)).toBeLessThan(0.5 * lossOf(theta));
  });

  it('gives its memory back when the loop is left, aborted or has diverged', async () => {
    const { network, theta, X, Y } = problem();
    const before = wasmMemoryInUse();
    const options = { X, Y, steps: 1000, every: 1, backend: wasmBackend() };
    for await (const { step } of train(network, theta, { ...options, learningRate: 0.01 })) {
      expect(wasmMemoryInUse()).toBeGreaterThan(before);
      if (step === 3) break;
    }
    expect(wasmMemoryInUse()).toBe(before);
    await expect(collect(train(network, theta, { ...options, learningRate: 1e6 }))).rejects.toThrow(
      'diverged',
    );
    expect(wasmMemoryInUse()).toBe(before);
    const signal = AbortSignal.abort();
    await expect(collect(train(network, theta, { ...options, learningRate: 0.01, signal }))).rejects.toThrow(
      'abort',
    );
    expect(wasmMemoryInUse()).toBe(before);
  });
});

describe('networkChain', () => {
  const residualNetwork = networkOf(2, dense(4), residual(activate(relu), dense(4)), dense(1));
  const rule = { kind: 'sgd', momentum: 0.5, nesterov: false, weightDecay: 0 } as const;

  it.each([
    ['a plain chain', fullyConnected({ inputs: 2, hidden: [4] })],
    ['a network with branches', residualNetwork],
  ])('refuses what does not fit, of %s', (_, network) => {
    const theta = initialize(network, { rng: createRng(1) });
    const open = (more: object = {}) => networkChain(network, theta, { backend, maxRows: 2, ...more });
    expect(() => open({ rule, averages: [] })).toThrow("averages must be 1 arrays of the parameters' format");
    expect(() => networkChain(network, theta.subarray(1), { backend, maxRows: 2 })).toThrow(
      'networkChain: theta',
    );
    expect(() => open({ maxRows: 1.5 })).toThrow('networkChain: options.maxRows must be an integer');
    expect(() => open({ steps: -1 })).toThrow('networkChain: options.steps must be an integer');
    const chain = open();
    expect(() => chain.forward(new Float64Array(6), 3)).toThrow('rows must be at most 2');
    expect(() => chain.forward(new Float64Array(3), 2)).toThrow('x must be of length 4');
    expect(() => chain.descend(new Float64Array(2), 0.1)).toThrow('call forward before each descend');
    chain.forward(new Float64Array(4), 2);
    expect(() => chain.descend(new Float64Array(1), 0.1)).toThrow('gradient must be of length 2');
    expect(() => chain.descend(new Float64Array(2), Number.NaN)).toThrow('DenseChain.descend: rate must be');
    chain.descend(new Float64Array(2), 0.1);
    expect(chain.readParameters()).toEqual(theta);
  });

  it('takes no step from a pass that an activation broke off, with branches', () => {
    let broken = false;
    const breaking: Activation = {
      ...ACTIVATIONS.tanh,
      value(h) {
        if (broken) throw new RangeError('out of range');
        return Math.tanh(h);
      },
    };
    const network = networkOf(2, residual(activate(breaking), dense(2)), dense(1));
    const theta = initialize(network, { rng: createRng(1) });
    const chain = networkChain(network, theta, { backend, maxRows: 1 });
    chain.forward(new Float64Array(2), 1);
    broken = true;
    expect(() => chain.forward(new Float64Array(2), 1)).toThrow(RangeError);
    expect(() => chain.descend(new Float64Array([1]), 0.1)).toThrow('call forward before each descend');
  });
});

describe('SVAG', () => {
  // f = w x with the loss y f, whose gradient y x of each example does not depend on w: a step is −η times what was drawn.
  const network = fullyConnected({
    inputs: 1,
    hidden: [],
    parameterization: { weightScale: 1, biasScale: 0 },
  });
  const linear: Loss = {
    name: 'linear',
    evaluate(f, y, gradient) {
      gradient[0] = y[0];
      return f[0] * y[0];
    },
  };
  const gradients = [3, -1, 0.5, 7];
  const X = tensor([[1], [1], [1], [1]], { backend });
  const Y = tensor(
    gradients.map((g) => [g]),
    { backend },
  );
  const step = async (svag: number, at: (k: number) => Int32Array, more: Partial<TrainOptions> = {}) => {
    const options = { X, Y, loss: linear, svag, batches: { stepsPerEpoch: 1, at }, ...more };
    const states = await collect(
      train(network, new Float64Array(2), { steps: 1, learningRate: 1, ...options }),
    );
    return -states.at(-1)!.checkpoint.theta[0];
  };

  it('is SGD at l = 1', async () => {
    const { network, theta, X, Y, batches } = problem();
    const options = { X, Y, batches, steps: 20, learningRate: 0.05 };
    const [sgd] = await collect(train(network, theta, { ...options, every: 20 }));
    const [svag] = await collect(train(network, theta, { ...options, every: 20, svag: 1 }));
    expect(svag).toEqual(sgd);
  });

  it.each([2, 5])('has SGD’s mean gradient and l = %i times its covariance', async (l) => {
    let [mean, square] = [0, 0];
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        // The same two minibatches in all l small steps, whose sum of η/l is one step.
        const drawn = await step(l, (k) => Int32Array.of(k % 2 === 0 ? i : j));
        mean += drawn / 16;
        square += drawn ** 2 / 16;
      }
    }
    const average = gradients.reduce((a, b) => a + b) / 4;
    const variance = gradients.reduce((sum, g) => sum + (g - average) ** 2, 0) / 4;
    expectClose(mean, average, { relative: 1e-12 });
    expectClose(square - mean ** 2, l * variance, { relative: 1e-12 });
  });

  it('draws minibatches 2n and 2n + 1 at small step n, at the rate η/l', async () => {
    const seen: number[] = [];
    const at = (k: number) => {
      seen.push(k);
      return Int32Array.of(k % 4, (k + 1) % 4);
    };
    const eta = [1, 0.5];
    const total = await step(3, at, { steps: 2, learningRate: (k) => eta[k] });
    expect(seen.slice(1)).toEqual([...Array(12).keys()]);
    const of = (k: number): number => (gradients[k % 4] + gradients[(k + 1) % 4]) / 2;
    const [a, b] = [(1 + Math.sqrt(5)) / 2, (1 - Math.sqrt(5)) / 2];
    let wanted = 0;
    for (let n = 0; n < 6; n++) wanted += (eta[Math.floor(n / 3)] / 3) * (a * of(2 * n) + b * of(2 * n + 1));
    expectClose(total, wanted, { relative: 1e-12 });
  });

  it('is stable up to l times the rate, and has masks of its own in each small step', async () => {
    const { X, Y, top } = spread;
    const start = new Float64Array([1, -1]);
    const options = { X, Y, svag: 4, steps: 5000, learningRate: (9 * 3) / top };
    const error = await collect(train(line, start, options)).catch((e) => e);
    expectClose(error.details.stableRate, (4 * 2 * 3) / top, { relative: 1e-6 });
    const dropped = networkOf(2, dense(6), activate(relu), dropout(0.5), dense(1));
    const { X: points, Y: targets } = problem();
    const run = {
      X: points,
      Y: targets,
      svag: 3,
      steps: 4,
      every: 2,
      learningRate: 0.01,
      dropout: createRng(2),
    };
    const theta = initialize(dropped, { rng: createRng(1) });
    const states = await collect(train(dropped, theta, run));
    const [end] = await collect(train(dropped, theta, { ...run, resume: states[0].checkpoint }));
    expect(end).toEqual(states[1]);
  });

  it('belongs to plain SGD, and a checkpoint to its l', async () => {
    const at = () => Int32Array.of(0);
    await expect(step(2, at, { optimizer: { kind: 'adam' } })).rejects.toThrow('options.svag must be 1 for');
    await expect(step(0.5, at)).rejects.toThrow('options.svag must be an integer of at least 1');
    const { network, theta, X, Y, batches } = problem();
    const options = { X, Y, batches, steps: 6, learningRate: 0.05, svag: 3 };
    const whole = await collect(train(network, theta, { ...options, every: 3 }));
    const resume = structuredClone(whole[0].checkpoint);
    const [end] = await collect(train(network, theta, { ...options, resume, every: 3 }));
    expect(end).toEqual(whole[1]);
    await expect(collect(train(network, theta, { ...options, resume, svag: 4 }))).rejects.toThrow('SVAG 4');
  });
});
