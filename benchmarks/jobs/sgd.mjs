import { fullyConnected } from '@sntk/architecture';
import { tensor, toArray } from '@sntk/linalg';
import { forward, initialize, trainSgd } from '@sntk/mlp';
import { createRng, minibatches } from '@sntk/random';
import ndarray from 'ndarray';
import { backendOf } from './shared/backends.mjs';
import { moons } from './shared/moons.mjs';

const [SAMPLES, BATCH, RATE] = [500, 8, 0.02];
/** Outputs that are compared at the end. */
const SHOWN = 32;
const networkOf = ({ width }) => fullyConnected({ inputs: 2, hidden: [width, width, width] });

const sgd =
  (name) =>
  async ({ X, Y, theta, batches }, setting, { threads }) => {
    const backend = await backendOf(name, threads);
    const network = networkOf(setting);
    const points = tensor(Float32Array.from(X.data), { backend, shape: X.shape, dtype: 'float32' });
    const labels = tensor(Float32Array.from(Y.data), { backend, shape: Y.shape, dtype: 'float32' });
    const few = tensor(Float32Array.from(X.data.subarray(0, 2 * SHOWN)), {
      backend,
      shape: [SHOWN, 2],
      dtype: 'float32',
    });
    const drawn = { stepsPerEpoch: 1, at: (k) => batches.data.subarray(k * BATCH, (k + 1) * BATCH) };
    return () => {
      const options = { X: points, Y: labels, batches: drawn, steps: setting.steps, learningRate: RATE };
      const trained = trainSgd(network, theta.data, options);
      return { outputs: toArray(forward(network, trained.theta, few)) };
    };
  };

export default {
  title: 'SGD of three hidden ReLU layers on two moons, b = 8, float32',
  // Rounding in float32, over the steps.
  tolerance: 2e-5,
  ours: { wasm: sgd('wasm') },
  peers: ['torch', 'jax'],
  settings: [
    {
      name: 'width 1024, 300 of Figure 1’s 6,300 steps',
      width: 1024,
      steps: 300,
      goals: { wasm: 0.5 },
      against: 'torch',
      threads: [1, 2],
    },
    ...[256, 512, 1024, 2048].map((width) => ({
      name: `width ${width}`,
      curve: 'width',
      at: width,
      width,
      steps: 50,
    })),
  ],
  inputs(setting) {
    const { steps } = setting;
    const rng = createRng(3);
    const drawn = minibatches({ samples: SAMPLES, batch: BATCH, sampler: 'epoch', rng });
    const batches = new Int32Array(steps * BATCH);
    // Whole minibatches only, so that every step is the same work.
    const whole = Math.floor(SAMPLES / BATCH);
    for (let k = 0; k < steps; k++) {
      const step = Math.floor(k / whole) * drawn.stepsPerEpoch + (k % whole);
      batches.set(drawn.at(step), k * BATCH);
    }
    const theta = initialize(networkOf(setting), { rng, dtype: 'float32' });
    return {
      ...moons(SAMPLES),
      theta: ndarray(theta, [theta.length]),
      batches: ndarray(batches, [steps, BATCH]),
    };
  },
};
