import type { Architecture } from '@sntk/architecture';
import { ArgumentError, checkFinite, checkInteger, NumericalError } from '@sntk/errors';
import type { Backend, FloatArray, Tensor } from '@sntk/linalg';
import type { Minibatches, Rng } from '@sntk/random';
import { openChain, readable } from './chain.ts';
import { type Checkpoint, checkResume } from './checkpoint.ts';
import { checkMatrix } from './checks.ts';
import { zerosLike } from './jet.ts';
import { checkParameters } from './layout.ts';
import { type LearningRate, rateOf } from './learning-rate.ts';
import { checkTargets, type Loss, type LossName, lossOf } from './losses.ts';
import { averagesOf, type Optimizer, ruleName, ruleOf } from './optimizer.ts';
import { planName, planOf } from './plan.ts';
import { stableRate } from './stable-rate.ts';

export interface RunOptions {
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
  /** Which examples each step sees; all of them unless told. See `minibatches` of `@sntk/random`. */
  readonly batches?: Minibatches;
  /**
   * `l` of SVAG, 1 (SGD itself) unless told: each step of plain SGD is replaced by `l` steps of the rate `η/l`, with the gradient
   * `½ (1 + √(2l−1)) ĝ₁ + ½ (1 − √(2l−1)) ĝ₂` of two minibatches, `2n` and `2n + 1` at small step `n`: the same mean, `l` times the
   * covariance. As `l` grows the run comes to SGD's stochastic differential equation. Take a sampler whose minibatches are independent.
   */
  readonly svag?: number;
  /** Draws the masks of dropout layers, others in each step; wanted when the network has some. */
  readonly dropout?: Rng;
  /** Goes on from here instead of from `theta`. The rest of the options must be those of the run that was stopped. */
  readonly resume?: Checkpoint;
  /** Where the steps run; the backend of `X` unless told. */
  readonly backend?: Backend;
}

/** A training run that is under way. */
export interface Run {
  /** Takes step `step` (0 first) and gives the mean loss of its examples before it. Throws when that is not finite. */
  step(step: number): { readonly loss: number; readonly learningRate: number };
  /** All that the run has come to after `step` steps. */
  checkpoint(step: number): Checkpoint;
  dispose(): void;
}

/** Checks a run's options and makes its parameters ready where steps are taken. `x` and `y` are the entries of `X` and `Y`. */
export function startRun(
  where: string,
  architecture: Architecture,
  theta: FloatArray,
  { x, y, ...options }: RunOptions & { readonly x: FloatArray; readonly y: FloatArray },
): Run {
  const { X, Y, steps, resume, dropout, svag = 1 } = options;
  checkParameters(where, architecture, theta);
  checkFinite(where, 'theta', theta);
  checkInteger(where, 'options.steps', steps, 1);
  const plan = planOf(architecture);
  checkMatrix(where, 'options.X', X, [X.shape[0], plan.inputs]);
  checkMatrix(where, 'options.Y', Y, [X.shape[0], plan.outputs]);
  checkFinite(where, 'options.X', x);
  checkFinite(where, 'options.Y', y);
  const rateAt = rateOf(where, options.learningRate);
  const loss = lossOf(where, options.loss);
  checkTargets(where, loss, y, plan.outputs);
  const rule = ruleOf(where, options.optimizer ?? { kind: 'sgd' });
  checkInteger(where, 'options.svag', svag, 1);
  if (svag > 1 && averagesOf(rule) > 0) {
    throw new ArgumentError({
      where,
      argument: 'options.svag',
      wanted: '1 for optimizers with running averages',
      got: svag,
      fix: 'take plain SGD',
    });
  }
  if (plan.dropouts > 0 && !dropout) {
    throw new ArgumentError({
      where,
      argument: 'options.dropout',
      wanted: 'a random stream, for the masks of dropout layers',
      got: dropout,
    });
  }
  const identity = {
    architecture: planName(plan),
    loss: loss.name,
    optimizer: `${ruleName(rule)}${svag > 1 ? `, SVAG ${svag}` : ''}`,
  };
  if (resume) checkResume(where, resume, { identity, theta, averages: averagesOf(rule), steps });
  const batches = options.batches ?? everything(X.shape[0]);
  const draw = drawer(where, { batches, svag, samples: X.shape[0] });
  const { maxRows } = draw;
  const start = resume?.theta ?? theta;
  const backend = options.backend ?? X.backend;
  const chain = openChain(plan, start, {
    backend,
    maxRows,
    rule,
    steps: resume?.step ?? 0,
    dropout,
    ...(resume ? { averages: resume.moments } : {}),
  });
  const [d, O] = [plan.inputs, plan.outputs];
  const input = zerosLike(theta, maxRows * d);
  const gradient = zerosLike(theta, maxRows * O);
  // In float64, so that a float32 gradient is rounded once.
  const own = new Float64Array(O);
  let last = Number.NaN;

  /** Losses of the drawn examples at outputs `f`, and the gradient of their weighted sum. */
  const score = (f: FloatArray, { examples, weights, rows }: Drawn): number => {
    let total = 0;
    for (let j = 0; j < rows; j++) {
      const targets = y.subarray(examples[j] * O, (examples[j] + 1) * O);
      total += loss.evaluate(f.subarray(j * O, (j + 1) * O), targets, own) / rows;
      for (let o = 0; o < O; o++) gradient[j * O + o] = weights[j] * own[o];
    }
    return total;
  };

  const diverged = (step: number, what: string): NumericalError => {
    const learningRate = rateAt(step);
    const stable = stableRate(plan, start, { x, backend: readable(backend, theta), loss, rule });
    const bound =
      stable === undefined ? '' : `; full-batch steps are stable below ${stable.toPrecision(3)} at the start`;
    return new NumericalError({
      where,
      found: `training diverged: the loss was ${last.toExponential(2)} and ${what} not finite at step ${step}`,
      fix: `lower the learning rate, ${learningRate}${bound}`,
      details: { step, loss: last, learningRate, ...(stable === undefined ? {} : { stableRate: stable }) },
    });
  };

  return {
    step(step) {
      const learningRate = rateAt(step);
      let value = 0;
      for (let n = step * svag; n < (step + 1) * svag; n++) {
        const drawn = draw.at(n);
        const { examples, rows } = drawn;
        for (let j = 0; j < rows; j++) {
          for (let p = 0; p < d; p++) input[j * d + p] = x[examples[j] * d + p];
        }
        value = score(chain.forward(input.subarray(0, rows * d), rows), drawn);
        if (!Number.isFinite(value)) throw diverged(step, 'is');
        last = value;
        chain.descend(gradient.subarray(0, rows * O), learningRate / svag);
      }
      return { loss: value, learningRate };
    },
    checkpoint(step) {
      const now = chain.readParameters();
      if (!now.every(Number.isFinite)) throw diverged(step - 1, 'parameters are');
      return { ...identity, step, theta: now, moments: chain.readAverages() };
    },
    dispose: () => chain.dispose(),
  };
}

function everything(samples: number): Minibatches {
  const all = Int32Array.from({ length: samples }, (_, i) => i);
  return { stepsPerEpoch: 1, at: () => all };
}

/** The examples of a small step, and what each one's gradient counts in it. */
interface Drawn {
  readonly examples: Int32Array;
  readonly weights: Float64Array;
  readonly rows: number;
}

/** Draws the examples of small steps, of one minibatch or, for SVAG, of two. */
function drawer(
  where: string,
  options: { readonly batches: Minibatches; readonly svag: number; readonly samples: number },
): { readonly maxRows: number; at(n: number): Drawn } {
  const { batches, svag, samples } = options;
  const root = Math.sqrt(2 * svag - 1);
  const parts = svag === 1 ? [1] : [(1 + root) / 2, (1 - root) / 2];
  const most = batches.at(0).length;
  const maxRows = most * parts.length;
  const examples = new Int32Array(maxRows);
  const weights = new Float64Array(maxRows);
  return {
    maxRows,
    at(n) {
      let rows = 0;
      parts.forEach((part, i) => {
        const batch = batches.at(n * parts.length + i);
        checkBatch(where, batch, { samples, most });
        examples.set(batch, rows);
        weights.fill(part / batch.length, rows, rows + batch.length);
        rows += batch.length;
      });
      return { examples, weights, rows };
    },
  };
}

function checkBatch(
  where: string,
  batch: Int32Array,
  { samples, most }: { samples: number; most: number },
): void {
  const refuse = (wanted: string, got: string): never => {
    throw new ArgumentError({ where, argument: 'options.batches', wanted, got });
  };
  if (batch.length === 0 || batch.length > most) {
    refuse(`minibatches of 1 to ${most} examples, as many as the first has`, `one of ${batch.length}`);
  }
  for (const example of batch) {
    if (!(example >= 0 && example < samples)) {
      refuse(`minibatches of ${samples} examples, one per row of X`, `example ${example}`);
    }
  }
}
