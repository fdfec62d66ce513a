import { readFileSync } from 'node:fs';
import { ACTIVATIONS, fullyConnected } from '@sntk/architecture';
import { ndarrayBackend, tensor } from '@sntk/linalg';
import { wasmBackend } from '@sntk/linalg-wasm';
import { expectClose, standInDevice } from '@sntk/testing';
import { describe, test } from 'vitest';
import { type LossName, type Optimizer, type TrainState, train } from '../src/index.ts';

/** By scripts/reference/torch_training.py. */
const fixture = JSON.parse(
  readFileSync(new URL('./fixtures/torch-training.json', import.meta.url), 'utf8'),
) as {
  readonly widths: [number, number, number];
  readonly rates: number[];
  readonly X: number[][];
  readonly start: number[];
  readonly batches: number[][];
  readonly targets: Record<LossName, number[][]>;
  readonly rows: {
    readonly loss: LossName;
    readonly optimizer: Optimizer;
    readonly losses: number[];
    readonly theta: number[];
  }[];
};

describe('the optimizers of torch', () => {
  const { widths, rates, start, targets } = fixture;
  const [inputs, hidden, outputs] = widths;
  const activation = ACTIVATIONS.tanh;
  const architecture = fullyConnected({
    inputs,
    hidden: [hidden],
    outputs,
    activation,
    parameterization: 'standard',
  });
  const cpu = ndarrayBackend();
  const batches = {
    stepsPerEpoch: 1,
    at: (step: number) => Int32Array.from(fixture.batches[step]),
  };
  test.each(fixture.rows.map((row) => [JSON.stringify(row.optimizer), row.loss, row] as const))(
    'take the same steps with %s on %s',
    async (_, loss, { optimizer, losses, theta }) => {
      for (const [backend, absolute] of [
        [cpu, 1e-13],
        [wasmBackend(), 1e-13],
        // Ten steps of float32; Adam divides rounded gradients by their size.
        [standInDevice().backend, 2e-5],
      ] as const) {
        const states: TrainState[] = [];
        const run = train(architecture, Float64Array.from(start), {
          X: tensor(fixture.X, { backend: cpu }),
          Y: tensor(targets[loss], { backend: cpu }),
          batches,
          steps: losses.length,
          every: 1,
          loss,
          optimizer,
          learningRate: (step) => rates[step % 2],
          backend,
        });
        for await (const state of run) states.push(state);
        expectClose(
          states.map((state) => state.loss),
          losses,
          { absolute, relative: absolute },
        );
        expectClose(states.at(-1)!.checkpoint.theta, theta, { absolute });
      }
    },
  );
});
