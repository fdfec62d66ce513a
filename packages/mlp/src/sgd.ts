import type { Architecture } from '@sntk/architecture';
import { type FloatArray, toArray } from '@sntk/linalg';
import type { Minibatches } from '@sntk/random';
import { startRun } from './run.ts';
import type { RunOptions } from './settle.ts';

export interface SgdOptions
  extends Pick<RunOptions, 'X' | 'Y' | 'steps' | 'learningRate' | 'dropout' | 'backend'> {
  /** Which examples each step sees; see `minibatches` of `@sntk/random`. */
  readonly batches: Minibatches;
  /** Told the number of steps done and the latest minibatch loss, about a hundred times a run. */
  readonly onProgress?: (progress: { readonly step: number; readonly loss: number }) => void;
  readonly signal?: AbortSignal;
}

export interface SgdResult {
  /** Parameters after the last step. */
  readonly theta: FloatArray;
  /** Minibatch loss `(1/b) Σ ½|f − y|²` before each step. */
  readonly losses: Float64Array;
}

/**
 * Trains a finite network by minibatch SGD on `½|f − y|²` with mean reduction: `θ ← θ − (η/b) Σ_{i∈B} ∇ℓ_i`. The steps are those
 * of `train`, taken without a pause.
 *
 * Runs in the number format of `theta`, by the backend's fused kernels where it has them.
 *
 * @throws NumericalError when the loss or the parameters stop being finite, with the step, the last finite loss and the stable rate.
 * @throws ArgumentError when shapes do not fit.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { initialize, trainSgd } from '@sntk/mlp';
 * import { createRng, minibatches } from '@sntk/random';
 *
 * const rng = createRng(1);
 * const backend = ndarrayBackend();
 * const network = fullyConnected({ inputs: 1, hidden: [32] });
 * const X = tensor([[-1], [0], [1]], { backend });
 * const Y = tensor([[1], [0], [1]], { backend });
 * const batches = minibatches({ samples: 3, batch: 1, sampler: 'epoch', rng: rng.split('batches') });
 * const { losses } = trainSgd(network, initialize(network, { rng }), { X, Y, batches, steps: 600, learningRate: 0.05 });
 * console.log(losses[599] < 1e-3 * losses[0]); // true
 * ```
 */
export function trainSgd(architecture: Architecture, theta: FloatArray, options: SgdOptions): SgdResult {
  const { X, Y, steps, signal, onProgress } = options;
  const run = startRun('trainSgd', architecture, theta, { ...options, x: toArray(X), y: toArray(Y) });
  const losses = new Float64Array(steps);
  const stride = Math.max(1, Math.floor(steps / 100));
  try {
    for (let step = 0; step < steps; step++) {
      signal?.throwIfAborted();
      run.step(step);
      losses[step] = run.loss();
      if (onProgress && (step + 1) % stride === 0) onProgress({ step: step + 1, loss: losses[step] });
    }
    return { theta: run.checkpoint(steps).theta, losses };
  } finally {
    run.dispose();
  }
}
