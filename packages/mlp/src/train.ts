import type { Architecture } from '@sntk/architecture';
import { checkInteger } from '@sntk/errors';
import { type FloatArray, type Tensor, toArray } from '@sntk/linalg';
import type { Checkpoint } from './checkpoint.ts';
import { startDeviceRun } from './device-run.ts';
import { startRun } from './run.ts';
import type { RunOptions } from './settle.ts';

export interface TrainState {
  /** Steps done. */
  readonly step: number;
  /** Mean loss of the latest minibatch, before its step. */
  readonly loss: number;
  /** η of the latest step. */
  readonly learningRate: number;
  readonly checkpoint: Checkpoint;
}

export interface TrainOptions extends RunOptions {
  /** Steps between states; a hundredth of the run unless told. The last state always comes. */
  readonly every?: number;
  readonly signal?: AbortSignal;
  /** Told what each state says. */
  readonly onProgress?: (progress: { readonly step: number; readonly loss: number }) => void;
}

/**
 * Trains a finite network and yields its states on the way; other work gets its turn between them.
 *
 * Runs in the number format of `theta`, which is not changed: by the backend's fused kernels where it has them and the network
 * is fully connected, else by its products. Resumed from any state's checkpoint, a run gives the same bits as one that was not stopped.
 *
 * On a device, the `backend` or that of `X`, it runs in float32 by the operations of tensors: the same steps to rounding, by the
 * same optimizers on the same minibatches, with parameters and averages there. They are read with the loss at each state, and
 * between states one number in 64 steps, which says whether losses are finite.
 *
 * With `svag` it is SVAG, a test of the view of SGD as a stochastic differential equation: Li, Malladi and Arora, "On the
 * Validity of Modeling SGD with Stochastic Differential Equations (SDEs)", MATH (37).
 *
 * @throws NumericalError when the loss, the parameters or the optimizer's averages stop being finite, with the step, the last finite loss and the stable rate.
 * @throws ArgumentError when shapes or settings do not fit, and for a checkpoint of another network, loss or optimizer.
 * @throws UnavailableError on a device for an activation or a loss without a form in tensors, and when the device fails.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { initialize, train } from '@sntk/mlp';
 * import { createRng } from '@sntk/random';
 *
 * const network = fullyConnected({ inputs: 1, hidden: [32] });
 * const theta = initialize(network, { rng: createRng(1) });
 * const backend = ndarrayBackend();
 * const X = tensor([[-1], [0], [1]], { backend });
 * const Y = tensor([[1], [0], [1]], { backend });
 * let last = Infinity;
 * for await (const { loss } of train(network, theta, { X, Y, steps: 400, learningRate: 0.02, optimizer: { kind: 'adam' } })) last = loss;
 * console.log(last < 1e-3); // true
 * ```
 */
export async function* train(
  architecture: Architecture,
  theta: FloatArray,
  options: TrainOptions,
): AsyncGenerator<TrainState, void, undefined> {
  const { X, Y, steps, signal, onProgress, resume, backend = X.backend } = options;
  checkInteger('train', 'options.steps', steps, 1);
  const [x, y] = [await entriesOf(X), await entriesOf(Y)];
  const start = backend.readSync ? startRun : startDeviceRun;
  const run = start('train', architecture, theta, { ...options, x, y });
  let rested = Date.now();
  try {
    const every = checkInteger('train', 'options.every', options.every ?? Math.ceil(steps / 100), 1);
    for (let step = resume?.step ?? 0; step < steps; step++) {
      signal?.throwIfAborted();
      const learningRate = await run.step(step);
      const done = step + 1;
      if (done % every === 0 || done === steps) {
        const loss = await run.loss();
        onProgress?.({ step: done, loss });
        yield { step: done, loss, learningRate, checkpoint: await run.checkpoint(done) };
      }
      // Timers, and with them aborts from outside, get their turn at the rate of a screen.
      if (Date.now() - rested > 16) {
        await new Promise((resolve) => setTimeout(resolve));
        rested = Date.now();
      }
    }
  } finally {
    run.dispose();
  }
}

/** A tensor's entries, from a device too. */
async function entriesOf(a: Tensor): Promise<FloatArray> {
  return a.backend.readSync ? toArray(a) : ((await a.read()).data as FloatArray);
}
