import type { Architecture } from '@sntk/architecture';
import {
  ArgumentError,
  checkChoice,
  checkFinite,
  checkInteger,
  checkLength,
  NumericalError,
} from '@sntk/errors';
import { type Backend, type FloatArray, showShape, type Tensor, tensor, toArray } from '@sntk/linalg';
import type { Minibatches } from '@sntk/random';
import { pullBack } from './backward.ts';
import { networkChain } from './chain.ts';
import { forwardPass } from './forward.ts';
import { checkParameters, parameterLayout } from './layout.ts';
import { type LearningRate, rateOf } from './learning-rate.ts';
import { checkTargets, LOSSES, type Loss, type LossName } from './losses.ts';
import { createUpdate, type Optimizer, type Update } from './optimizer.ts';

/** All that a run needs to go on as if it had not stopped: plain data that `structuredClone` copies. */
export interface Checkpoint {
  /** The network, the loss and the optimizer that it belongs to. */
  readonly architecture: string;
  readonly loss: string;
  readonly optimizer: string;
  /** Steps done. */
  readonly step: number;
  readonly theta: FloatArray;
  /** The optimizer's running averages. */
  readonly moments: readonly FloatArray[];
}

export interface TrainState {
  /** Steps done. */
  readonly step: number;
  /** Mean loss of the latest minibatch, before its step. */
  readonly loss: number;
  /** η of the latest step. */
  readonly learningRate: number;
  readonly checkpoint: Checkpoint;
}

export interface TrainOptions {
  /** Inputs `[N, d]`. */
  readonly X: Tensor;
  /** Targets `[N, O]`. */
  readonly Y: Tensor;
  /** Steps of the whole run, those before a checkpoint included. */
  readonly steps: number;
  readonly learningRate: LearningRate;
  /** `mse` unless told. */
  readonly loss?: LossName | Loss;
  /** Plain SGD unless told. */
  readonly optimizer?: Optimizer;
  /** Which examples each step sees; all of them unless told. */
  readonly batches?: Minibatches;
  /** Steps between states; a hundredth of the run unless told. The last state always comes. */
  readonly every?: number;
  /** Goes on from here instead of from `theta`. The rest of the options must be those of the run that was stopped. */
  readonly resume?: Checkpoint;
  /** Where the steps run; the backend of `X` unless told. */
  readonly backend?: Backend;
  readonly signal?: AbortSignal;
  /** Told what each state says. */
  readonly onProgress?: (progress: { readonly step: number; readonly loss: number }) => void;
}

/**
 * Trains a finite network and yields its states on the way; other work gets its turn between them.
 *
 * Runs in the number format of `theta`, which is not changed. Plain SGD in float32 uses the backend's fused kernels where it has
 * them. Resumed from any state's checkpoint, a run gives the same bits as one that was not stopped.
 *
 * @throws NumericalError when the loss stops being finite, with the step and the last finite loss.
 * @throws ArgumentError when shapes or settings do not fit, and for a checkpoint of another network, loss or optimizer.
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
  const { X, Y, steps, signal, onProgress, resume } = options;
  const where = 'train';
  checkParameters(where, architecture, theta);
  checkInteger(where, 'options.steps', steps, 1);
  const every = checkInteger(where, 'options.every', options.every ?? Math.ceil(steps / 100), 1);
  const rate = rateOf(where, options.learningRate);
  const O = parameterLayout(architecture).blocks.at(-1)!.outputs;
  checkMatrix('options.X', X, [X.shape[0], architecture.inputs]);
  checkMatrix('options.Y', Y, [X.shape[0], O]);
  const loss = typeof options.loss === 'object' ? options.loss : LOSSES[checkLoss(options.loss ?? 'mse')];
  checkTargets(where, loss, toArray(Y), O);
  const update = createUpdate(where, options.optimizer ?? { kind: 'sgd' }, () =>
    emptyLike(theta, theta.length),
  );
  const identity = {
    architecture: architectureName(architecture),
    loss: loss.name,
    optimizer: update.name,
  };
  if (resume) restore(resume, identity, { theta, update, steps });
  const everything = Int32Array.from({ length: X.shape[0] }, (_, i) => i);
  const batches = options.batches ?? { stepsPerEpoch: 1, at: () => everything };
  const runner = (update.plain ? chainRunner : gradientRunner)(architecture, resume?.theta ?? theta, {
    options,
    maxRows: Math.min(X.shape[0], batches.at(0).length),
    loss,
    update,
    O,
  });
  let last = Number.NaN;
  let rested = Date.now();
  try {
    for (let step = resume?.step ?? 0; step < steps; step++) {
      signal?.throwIfAborted();
      const learningRate = rate(step);
      const value = runner.step(batches.at(step), { step, rate: learningRate });
      if (!Number.isFinite(value)) {
        throw new NumericalError({
          where,
          found: `training diverged: the loss was ${last.toExponential(2)} and is not finite at step ${step}`,
          fix: `lower the learning rate, ${learningRate}`,
          details: { step, loss: last, learningRate },
        });
      }
      last = value;
      const done = step + 1;
      if (done % every === 0 || done === steps) {
        onProgress?.({ step: done, loss: value });
        const moments = update.moments.map((moment) => moment.slice());
        const checkpoint = { ...identity, step: done, theta: runner.readParameters(), moments };
        yield { step: done, loss: value, learningRate, checkpoint };
      }
      // Timers, and with them aborts from outside, get their turn at the rate of a screen.
      if (Date.now() - rested > 16) {
        await new Promise((resolve) => setTimeout(resolve));
        rested = Date.now();
      }
    }
  } finally {
    runner.dispose();
  }
}

interface Runner {
  /** One step on the examples of a minibatch; gives their mean loss before it, and does not move when it is not finite. */
  step(batch: Int32Array, at: { readonly step: number; readonly rate: number }): number;
  readParameters(): FloatArray;
  dispose(): void;
}

interface RunnerParts {
  readonly options: TrainOptions;
  readonly maxRows: number;
  readonly loss: Loss;
  readonly update: Update;
  readonly O: number;
}

/** Steps `θ ← θ − η g` with the parameters where the backend computes. */
function chainRunner(architecture: Architecture, theta: FloatArray, parts: RunnerParts): Runner {
  const { options, maxRows, O } = parts;
  const chain = networkChain(architecture, theta, { backend: options.backend ?? options.X.backend, maxRows });
  const gather = gatherer(theta, parts);
  return {
    step(batch, { rate }) {
      const { input, score, gradient } = gather(batch);
      const value = score(chain.forward(input, batch.length));
      if (Number.isFinite(value)) chain.descend(gradient.subarray(0, batch.length * O), rate);
      return value;
    },
    readParameters: () => chain.readParameters(),
    dispose: () => chain.dispose(),
  };
}

/** Steps of any optimizer from gradients by the backend's products. */
function gradientRunner(architecture: Architecture, start: FloatArray, parts: RunnerParts): Runner {
  const { options, update, O } = parts;
  const theta = start.slice();
  const gather = gatherer(theta, parts);
  const backend = options.backend ?? options.X.backend;
  const d = architecture.inputs;
  return {
    step(batch, at) {
      const { input, score, gradient } = gather(batch);
      const rows = batch.length;
      const pass = forwardPass(architecture, theta, tensor(input, { backend, shape: [rows, d] }));
      const value = score(toArray(pass.preactivations.at(-1)!));
      if (Number.isFinite(value)) {
        const cotangent = tensor(gradient.subarray(0, rows * O), { backend, shape: [rows, O] });
        update.apply(theta, pullBack(pass, cotangent, theta.length), at);
      }
      return value;
    },
    readParameters: () => theta.slice(),
    dispose() {},
  };
}

/** Copies the examples of a minibatch together, and scores their outputs. */
function gatherer(theta: FloatArray, { options, maxRows, loss, O }: RunnerParts) {
  const x = toArray(options.X);
  const y = toArray(options.Y);
  const d = options.X.shape[1];
  const input = emptyLike(theta, maxRows * d);
  const gradient = emptyLike(theta, maxRows * O);
  // In float64, so that a float32 gradient is rounded once.
  const own = new Float64Array(O);
  return (batch: Int32Array) => {
    const rows = batch.length;
    for (let j = 0; j < rows; j++) for (let p = 0; p < d; p++) input[j * d + p] = x[batch[j] * d + p];
    const score = (f: FloatArray): number => {
      let total = 0;
      for (let j = 0; j < rows; j++) {
        const targets = y.subarray(batch[j] * O, (batch[j] + 1) * O);
        total += loss.evaluate(f.subarray(j * O, (j + 1) * O), targets, own) / rows;
        for (let o = 0; o < O; o++) gradient[j * O + o] = own[o] / rows;
      }
      return total;
    };
    return { input: input.subarray(0, rows * d), score, gradient };
  };
}

/** Throws for a checkpoint of another run, and gives the optimizer back its averages. */
function restore(
  resume: Checkpoint,
  identity: { readonly architecture: string; readonly loss: string; readonly optimizer: string },
  run: { readonly theta: FloatArray; readonly update: Update; readonly steps: number },
): void {
  const where = 'train';
  const { theta, update, steps } = run;
  for (const part of ['architecture', 'loss', 'optimizer'] as const) {
    if (resume[part] !== identity[part]) {
      throw new ArgumentError({
        where,
        argument: `options.resume.${part}`,
        wanted: JSON.stringify(identity[part]),
        got: resume[part],
        fix: 'resume with what the run was started with',
      });
    }
  }
  const step = checkInteger(where, 'options.resume.step', resume.step);
  if (step >= steps) {
    const argument = 'options.steps';
    throw new ArgumentError({ where, argument, wanted: `above the ${step} done before`, got: steps });
  }
  const saved = [resume.theta, ...resume.moments];
  checkLength(
    where,
    'options.resume.moments',
    resume.moments as unknown as ArrayLike<number>,
    update.moments.length,
    'one an average',
  );
  for (const array of saved) {
    checkLength(where, 'options.resume', array, theta.length, 'one per parameter of the architecture');
    checkFinite(where, 'options.resume', array);
    if (array.constructor !== theta.constructor) {
      throw new ArgumentError({
        where,
        argument: 'options.resume',
        wanted: `of ${theta.constructor.name}s like theta`,
        got: array,
      });
    }
  }
  update.moments.forEach((moment, i) => {
    moment.set(resume.moments[i]);
  });
}

/** Sizes, activations and scales: what must agree for parameters to mean the same. */
function architectureName(architecture: Architecture): string {
  const { blocks } = parameterLayout(architecture);
  const layers = blocks.map(
    ({ outputs, activation }) => `${outputs}${activation ? ` ${activation.name}` : ''}`,
  );
  const scales = blocks.map(({ weightScale, biasScale }) => `${weightScale}/${biasScale}`);
  return `${architecture.inputs} → ${layers.join(' → ')}, scales ${scales.join(' ')}`;
}

function checkLoss(name: LossName): LossName {
  return checkChoice('train', 'options.loss', name, Object.keys(LOSSES) as LossName[]);
}

function emptyLike(theta: FloatArray, length: number): FloatArray {
  return theta instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
}

function checkMatrix(argument: string, a: Tensor, wanted: readonly number[]): void {
  if (a.shape.length !== 2 || a.shape[0] !== wanted[0] || a.shape[1] !== wanted[1]) {
    const where = 'train';
    throw new ArgumentError({ where, argument, wanted: `of shape ${showShape(wanted)}`, got: [...a.shape] });
  }
}
