import type { Architecture } from '@sntk/architecture';
import { ArgumentError, checkFinite, checkInteger, NumericalError } from '@sntk/errors';
import type { Backend, ChainRule, FloatArray, Tensor } from '@sntk/linalg';
import { chainAverages } from '@sntk/linalg/extending';
import type { Minibatches, Rng } from '@sntk/random';
import { openChain, readable } from './chain.ts';
import { type Checkpoint, checkResume } from './checkpoint.ts';
import { checkMatrix } from './checks.ts';
import { type Drawn, drawer } from './draw.ts';
import { zerosLike } from './jet.ts';
import { checkParameters } from './layout.ts';
import { type LearningRate, rateOf } from './learning-rate.ts';
import { checkTargets, type Loss, type LossName, lossOf } from './losses.ts';
import { type Optimizer, ruleName, ruleOf } from './optimizer.ts';
import { type Plan, planName, planOf } from './plan.ts';
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
  const { X, resume, dropout } = options;
  const plan = planOf(architecture);
  checkParameters(where, architecture, theta);
  checkFinite(where, 'theta', theta);
  if (theta instanceof Float32Array && !(x instanceof Float32Array))
    checkFinite(where, 'options.X in float32', Float32Array.from(x));
  const { rateAt, loss, rule, svag } = settingsOf(where, plan, { ...options, x, y });
  const identity = {
    architecture: planName(plan),
    loss: loss.name,
    optimizer: `${ruleName(rule)}${svag > 1 ? `, SVAG ${svag}` : ''}`,
  };
  if (resume)
    checkResume(where, resume, { identity, theta, averages: chainAverages(rule), steps: options.steps });
  const draw = drawer(where, { batches: options.batches, svag, samples: X.shape[0] });
  const { maxRows } = draw;
  const start = resume?.theta ?? theta;
  const backend = options.backend ?? X.backend;
  const chain = openChain(plan, start, {
    backend,
    maxRows,
    rule,
    steps: (resume?.step ?? 0) * svag,
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
    const bound = stableRate(plan, start, { x, backend: readable(backend, theta), loss, rule });
    const details = { step, loss: last, learningRate: rateAt(step) };
    return divergence(where, what, bound === undefined ? details : { ...details, stableRate: svag * bound });
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
      if (!allFinite(now)) throw diverged(step - 1, 'parameters are');
      const moments = chain.readAverages();
      // Squares overflow long before gradients do, and Adam divides by them: it would stand still.
      if (!moments.every(allFinite)) throw diverged(step - 1, 'running averages are');
      return { ...identity, step, theta: now, moments };
    },
    dispose: () => chain.dispose(),
  };
}

function allFinite(values: FloatArray): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

interface Settings {
  readonly rateAt: (step: number) => number;
  readonly loss: Loss;
  readonly rule: ChainRule;
  readonly svag: number;
}

/** Checks data and settings, and fills in what is left out. */
function settingsOf(
  where: string,
  plan: Plan,
  options: RunOptions & { readonly x: FloatArray; readonly y: FloatArray },
): Settings {
  const { X, Y, x, y, dropout, svag = 1 } = options;
  checkInteger(where, 'options.steps', options.steps);
  checkMatrix(where, 'options.X', X, [X.shape[0], plan.inputs]);
  checkMatrix(where, 'options.Y', Y, [X.shape[0], plan.outputs]);
  checkFinite(where, 'options.X', x);
  checkFinite(where, 'options.Y', y);
  const loss = lossOf(where, options.loss);
  checkTargets(where, loss, y, plan.outputs);
  const rule = ruleOf(where, options.optimizer ?? { kind: 'sgd' });
  checkInteger(where, 'options.svag', svag, 1);
  if (svag > 1 && chainAverages(rule) > 0) {
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
  return { rateAt: rateOf(where, options.learningRate), loss, rule, svag };
}

/** The error of a run that stopped being finite, with what is known of the rate. */
export function divergence(
  where: string,
  what: string,
  details: {
    readonly step: number;
    readonly loss: number;
    readonly learningRate: number;
    readonly stableRate?: number;
  },
): NumericalError {
  const { step, loss, learningRate, stableRate: bound } = details;
  const stable =
    bound === undefined ? '' : `; full-batch steps are stable below ${bound.toPrecision(3)} at the start`;
  return new NumericalError({
    where,
    found: `training diverged: the loss was ${loss.toExponential(2)} and ${what} not finite at step ${step}`,
    fix: `lower the learning rate, ${learningRate}${stable}`,
    details,
  });
}
