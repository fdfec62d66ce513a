import type { Architecture } from '@sntk/architecture';
import { ArgumentError, checkFinite, checkInteger, checkPositive, NumericalError } from '@sntk/errors';
import { type Backend, type FloatArray, showShape, type Tensor, toArray } from '@sntk/linalg';
import type { Minibatches } from '@sntk/random';
import { networkChain } from './chain.ts';
import { checkParameters, parameterLayout } from './layout.ts';

export interface SgdOptions {
  /** Inputs `[N, d]`. */
  readonly X: Tensor;
  /** Targets `[N, O]`. */
  readonly Y: Tensor;
  /** Which examples each step sees; see `minibatches` of `@sntk/random`. */
  readonly batches: Minibatches;
  readonly steps: number;
  /** η. */
  readonly learningRate: number;
  /** Where the steps run; the backend of `X` unless told. */
  readonly backend?: Backend;
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
 * Trains a finite network by minibatch SGD on `½|f − y|²` with mean reduction: `θ ← θ − (η/b) Σ_{i∈B} ∇ℓ_i`.
 *
 * Runs in the number format of `theta`; float32 uses the backend's fused kernels where it has them.
 *
 * @throws NumericalError when the loss stops being finite, with the step and the last finite loss.
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
  const { X, Y, batches, steps, learningRate, signal, onProgress } = options;
  checkParameters('trainSgd', architecture, theta);
  checkInteger('trainSgd', 'options.steps', steps);
  checkPositive('trainSgd', 'options.learningRate', learningRate);
  const inputs = architecture.inputs;
  const outputs = parameterLayout(architecture).blocks.at(-1)!.outputs;
  checkShape('options.X', X, [X.shape[0], inputs]);
  checkShape('options.Y', Y, [X.shape[0], outputs]);

  const x = toArray(X);
  const y = toArray(Y);
  checkFinite('trainSgd', 'options.X', x);
  checkFinite('trainSgd', 'options.Y', y);
  const maxRows = Math.min(X.shape[0], batches.at(0).length);
  const chain = networkChain(architecture, theta, { backend: options.backend ?? X.backend, maxRows });
  const rowsOf = (length: number): FloatArray =>
    theta instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
  const input = rowsOf(maxRows * inputs);
  const gradient = rowsOf(maxRows * outputs);
  const losses = new Float64Array(steps);
  const stride = Math.max(1, Math.floor(steps / 100));
  try {
    for (let step = 0; step < steps; step++) {
      signal?.throwIfAborted();
      const batch = batches.at(step);
      for (let j = 0; j < batch.length; j++) {
        if (!(batch[j] < X.shape[0])) throw strangeExample(batch[j], X.shape[0]);
        for (let p = 0; p < inputs; p++) input[j * inputs + p] = x[batch[j] * inputs + p];
      }
      const rows = batch.length;
      const f = chain.forward(input.subarray(0, rows * inputs), rows);
      let loss = 0;
      for (let j = 0; j < batch.length; j++) {
        for (let o = 0; o < outputs; o++) {
          const residual = f[j * outputs + o] - y[batch[j] * outputs + o];
          loss += (residual * residual) / (2 * batch.length);
          gradient[j * outputs + o] = residual / batch.length;
        }
      }
      if (!Number.isFinite(loss)) throw divergence(step, losses, learningRate);
      losses[step] = loss;
      chain.descend(gradient.subarray(0, rows * outputs), learningRate);
      if (onProgress && (step + 1) % stride === 0) onProgress({ step: step + 1, loss });
    }
    return { theta: chain.readParameters(), losses };
  } finally {
    chain.dispose();
  }
}

function strangeExample(example: number, samples: number): ArgumentError {
  return new ArgumentError({
    where: 'trainSgd',
    argument: 'options.batches',
    wanted: `minibatches of ${samples} examples, one per row of X`,
    got: `example ${example}`,
  });
}

function divergence(step: number, losses: Float64Array, learningRate: number): NumericalError {
  const last = step > 0 ? losses[step - 1] : Number.NaN;
  return new NumericalError({
    where: 'trainSgd',
    found: `training diverged: the loss was ${last.toExponential(2)} and is not finite at step ${step}`,
    fix: `lower the learning rate, ${learningRate}`,
    details: { step, loss: last, learningRate },
  });
}

function checkShape(argument: string, a: Tensor, wanted: readonly number[]): void {
  if (a.shape.length !== 2 || a.shape[0] !== wanted[0] || a.shape[1] !== wanted[1]) {
    throw new ArgumentError({
      where: 'trainSgd',
      argument,
      wanted: `of shape ${showShape(wanted)}`,
      got: [...a.shape],
    });
  }
}
