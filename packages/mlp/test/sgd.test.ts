import { fullyConnected, linear } from '@sntk/architecture';
import { ndarrayBackend, tensor, toFloat64 } from '@sntk/linalg';
import { wasmBackend } from '@sntk/linalg-wasm';
import { createRng, minibatches } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { forward, initialize, trainSgd, vjp } from '../src/index.ts';

const backend = ndarrayBackend();

function problem(outputs = 1) {
  const rng = createRng('sgd');
  const network = fullyConnected({ inputs: 2, hidden: [16, 16], outputs });
  const x = new Float64Array(7 * 2);
  const y = new Float64Array(7 * outputs);
  rng.split('x').fillNormal(x);
  rng.split('y').fillNormal(y);
  return {
    network,
    theta: initialize(network, { rng }) as Float64Array,
    X: tensor(x, { backend, shape: [7, 2] }),
    Y: tensor(y, { backend, shape: [7, outputs] }),
    batches: (batch: number) => minibatches({ samples: 7, batch, sampler: 'epoch', rng: rng.split('b') }),
  };
}

describe('trainSgd', () => {
  it('takes one full-batch step along −(η/N) Σ r ∇f', () => {
    const { network, theta, X, Y, batches } = problem(2);
    const residual = toFloat64(forward(network, theta, X)).map((f, i) => f - toFloat64(Y)[i]);
    const cotangent = tensor(residual, { backend, shape: [7, 2] });
    const gradient = vjp(network, theta, { X, cotangent });
    const { theta: after, losses } = trainSgd(network, theta, {
      X,
      Y,
      batches: batches(7),
      steps: 1,
      learningRate: 0.3,
    });
    after.forEach((value, p) => {
      expect(value).toBeCloseTo(theta[p] - (0.3 / 7) * gradient[p], 13);
    });
    expect(losses[0]).toBeCloseTo(residual.reduce((sum, r) => sum + r * r, 0) / 14, 13);
  });

  it('moves a linear model as least squares does: w ← w − η (1/b) Σ r x', () => {
    const network = fullyConnected({
      inputs: 1,
      hidden: [],
      activation: linear,
      weightVariance: 1,
      biasVariance: 0,
    });
    const X = tensor([[2]], { backend });
    const Y = tensor([[3]], { backend });
    const batches = minibatches({ samples: 1, batch: 1, sampler: 'epoch', rng: createRng(1) });
    const { theta } = trainSgd(network, new Float64Array([1, 0]), {
      X,
      Y,
      batches,
      steps: 2,
      learningRate: 0.1,
    });
    // w: 1 → 1 + 0.1·1·2 = 1.2 → 1.2 + 0.1·0.6·2 = 1.32
    expect(theta[0]).toBeCloseTo(1.32, 14);
    expect(theta[1]).toBe(0);
  });

  it('gives the same bits on two runs, and the fused float32 chain follows the plain one', () => {
    const { network, theta, X, Y, batches } = problem();
    const f32 = Float32Array.from(theta);
    const run = (on: typeof backend) =>
      trainSgd(network, f32, { X, Y, batches: batches(3), steps: 60, learningRate: 0.05, backend: on });
    const fused = run(wasmBackend());
    expect(run(wasmBackend())).toEqual(fused);
    const plain = run(backend);
    // 60 contracting steps of float32 rounding, each about 1e-7 of parameters of size 1.
    fused.theta.forEach((value, p) => {
      expect(Math.abs(value - plain.theta[p])).toBeLessThan(60 * 4e-7);
    });
  });

  it('learns, in float64, to interpolate seven points', () => {
    const { network, theta, X, Y, batches } = problem();
    const { losses } = trainSgd(network, theta, {
      X,
      Y,
      batches: batches(2),
      steps: 4000,
      learningRate: 0.05,
    });
    expect(Math.max(...losses.slice(-4))).toBeLessThan(1e-3 * losses[0]);
  });

  it('stops at divergence with the step and the last loss, and at an abort', () => {
    const { network, theta, X, Y, batches } = problem();
    const options = { X, Y, batches: batches(7), steps: 500 };
    expect(() => trainSgd(network, theta, { ...options, learningRate: 1e6 })).toThrow(
      /diverged: the loss was .* not finite at step \d+; lower the learning rate, 1000000/,
    );
    const signal = AbortSignal.abort();
    expect(() => trainSgd(network, theta, { ...options, learningRate: 0.1, signal })).toThrow('abort');
  });

  it('refuses targets that are not finite and minibatches of other data', () => {
    const { network, theta, X, Y, batches } = problem();
    const bad = tensor(new Float64Array(7).fill(Number.NaN), { backend, shape: [7, 1] });
    const options = { steps: 1, learningRate: 0.1 };
    expect(() => trainSgd(network, theta, { X, Y: bad, batches: batches(7), ...options })).toThrow(
      'NaN at position 0',
    );
    const other = minibatches({ samples: 20, batch: 20, sampler: 'epoch', rng: createRng(1) });
    expect(() => trainSgd(network, theta, { X, Y, batches: other, ...options })).toThrow(
      'minibatches of 7 examples',
    );
  });

  it('trains a network that ends in an activation, by the chain rule through it', () => {
    // f = max(0, w x + β) at w = 2, β = 1, x = 3, y = 5: r = 2, ∂f = (3, 1).
    const { layers, inputs } = fullyConnected({
      inputs: 1,
      hidden: [1],
      parameterization: { weightScale: 1, biasScale: 1 },
    });
    const ends = { inputs, layers: layers.slice(0, 2) };
    const [X, Y] = [tensor([[3]], { backend }), tensor([[5]], { backend })];
    const batches = minibatches({ samples: 1, batch: 1, sampler: 'epoch', rng: createRng(1) });
    for (const on of [backend, wasmBackend()]) {
      const options = { X, Y, batches, steps: 1, learningRate: 0.125, backend: on };
      expect([...trainSgd(ends, new Float64Array([2, 1]), options).theta]).toEqual([1.25, 0.75]);
    }
  });

  it('refuses targets of another shape', () => {
    const { network, theta, X, batches } = problem();
    const Y = tensor(new Float64Array(14), { backend, shape: [7, 2] });
    expect(() => trainSgd(network, theta, { X, Y, batches: batches(7), steps: 1, learningRate: 1 })).toThrow(
      'options.Y must be of shape [7, 1], got [7, 2]',
    );
  });
});
