import { fullyConnected } from '@sntk/architecture';
import { ndarrayBackend, tensor } from '@sntk/linalg';
import { createRng, minibatches } from '@sntk/random';
import { expectClose, standInDevice } from '@sntk/testing';
import { describe, expect, it } from 'vitest';
import { deviceTrainSgd } from '../src/devices.ts';
import { initialize, trainSgd } from '../src/index.ts';

describe('deviceTrainSgd', () => {
  const architecture = fullyConnected({ inputs: 2, hidden: [16, 8], outputs: 2 });
  const theta = initialize(architecture, { rng: createRng(1) });
  const N = 10;
  const backend = ndarrayBackend();
  const X = tensor(
    Float64Array.from({ length: 2 * N }, (_, i) => Math.sin(1 + 3 * i)),
    { backend, shape: [N, 2] },
  );
  const Y = tensor(
    Float64Array.from({ length: 2 * N }, (_, i) => Math.cos(i)),
    { backend, shape: [N, 2] },
  );
  // The last minibatch of an epoch is shorter.
  const batches = minibatches({ samples: N, batch: 4, sampler: 'epoch', rng: createRng(2) });

  const whole = { stepsPerEpoch: 1, at: () => Int32Array.from({ length: N }, (_, i) => i) };

  it('takes the steps of trainSgd, reads only losses and the end, and gives everything back', async () => {
    const device = standInDevice();
    const held = device.live();
    const run = { X, Y, batches, steps: 150, learningRate: (step: number) => 0.05 / (1 + step / 100) };
    const exact = trainSgd(architecture, theta, run);
    const found = await deviceTrainSgd(architecture, theta, { ...run, backend: device.backend });
    expectClose(found.losses, exact.losses, { relative: 1e-5, absolute: 1e-6 });
    expectClose(found.theta, exact.theta, { absolute: 1e-5 });
    expect(exact.losses[149]).toBeLessThan(0.5 * exact.losses[0]);
    // One read for each loss and each of the six parameter tensors.
    expect(device.reads()).toBe(150 + 6);
    expect(device.live()).toBe(held);
  });

  it('stops at divergence, by the step, and when it is told to', async () => {
    const device = standInDevice();
    const run = { X, Y, backend: device.backend, steps: 200 };
    await expect(deviceTrainSgd(architecture, theta, { ...run, learningRate: 1e6 })).rejects.toThrow(
      /^deviceTrainSgd: training diverged: the loss was \S+ and .* not finite at step \d+; lower the learning rate, 1000000; full-batch steps are stable below \d/,
    );
    const reason = new Error('enough');
    const stop = new AbortController();
    const onProgress = (): void => stop.abort(reason);
    await expect(
      deviceTrainSgd(architecture, theta, { ...run, learningRate: 0.01, signal: stop.signal, onProgress }),
    ).rejects.toBe(reason);
    expect(device.live()).toBe(0);
  });

  it('stays where the schedule is at 0', async () => {
    const run = { X, Y, backend, steps: 3, learningRate: (step: number) => (step === 0 ? 0.05 : 0) };
    const found = await deviceTrainSgd(architecture, theta, run);
    expectClose(found.theta, trainSgd(architecture, theta, { ...run, batches: whole }).theta, {
      absolute: 1e-6,
    });
    expect(found.losses[2]).toBe(found.losses[1]);
  });

  it('refuses what float32 does not hold', async () => {
    const huge = tensor(new Float64Array(2 * N).fill(1e60), { backend, shape: [N, 2] });
    const run = { X: huge, Y, backend, steps: 1, learningRate: 0.1 };
    await expect(deviceTrainSgd(architecture, theta, run)).rejects.toThrow('options.X in float32');
  });

  it('refuses labels of another shape', async () => {
    const wrong = tensor([[1], [2]], { backend });
    const run = { X, Y: wrong, backend, steps: 1, learningRate: 0.1 };
    await expect(deviceTrainSgd(architecture, theta, run)).rejects.toThrow('deviceTrainSgd: options.Y');
  });
});
