import type { Architecture } from '@sntk/architecture';
import { ArgumentError, checkFinite, checkInteger, NumericalError } from '@sntk/errors';
import type { Backend, ChainRule, FloatArray, Tensor } from '@sntk/linalg';
import { chainAverages } from '@sntk/linalg/extending';
import type { Minibatches, Rng } from '@sntk/random';
import { readable } from './chain.ts';
import { type Checkpoint, checkResume, type RunIdentity } from './checkpoint.ts';
import { checkMatrix } from './checks.ts';
import { drawer } from './draw.ts';
import { checkParameters } from './layout.ts';
import { type LearningRate, rateOf } from './learning-rate.ts';
import { checkTargets, type Loss, type LossName, lossOf } from './losses.ts';
import { type Optimizer, ruleName, ruleOf } from './optimizer.ts';
import { type Plan, planOf } from './plan.ts';
import { planName } from './plan-name.ts';
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
  /** Where the steps run; the backend of `X` unless told. A device steps in float32, whatever `theta` is. */
  readonly backend?: Backend;
}

/** A run's options, checked and worked out: what runs on a CPU and on a device have in common. */
export interface SettledRun extends Settings {
  readonly plan: Plan;
  readonly identity: RunIdentity;
  readonly draw: ReturnType<typeof drawer>;
  /** Parameters that the run starts from, in its number format. */
  readonly start: FloatArray;
  /** The averages of the optimizer that it goes on from. */
  readonly averages: readonly FloatArray[] | undefined;
  /** Small steps of SVAG, which are steps without it, done before. */
  readonly smallSteps: number;
  /** The error of a run of which `what` is not finite at `step`; `loss` is the last finite one. */
  diverged(what: string, at: { readonly step: number; readonly loss: number }): NumericalError;
}

/** Checks a run's options. `x` and `y` are the entries of `X` and `Y`; the run has the number format of `theta`. */
export function settleRun(
  where: string,
  architecture: Architecture,
  theta: FloatArray,
  { x, y, ...options }: RunOptions & { readonly x: FloatArray; readonly y: FloatArray },
): SettledRun {
  const { X, resume } = options;
  const plan = planOf(architecture);
  checkParameters(where, architecture, theta);
  checkFinite(where, 'theta', theta);
  if (theta instanceof Float32Array) checkSingle(where, 'options.X', x);
  const settings = settingsOf(where, plan, { ...options, x, y });
  const { rateAt, loss, rule, svag } = settings;
  const identity = {
    architecture: planName(plan),
    loss: loss.name,
    optimizer: `${ruleName(rule)}${svag > 1 ? `, SVAG ${svag}` : ''}`,
  };
  if (resume)
    checkResume(where, resume, { identity, theta, averages: chainAverages(rule), steps: options.steps });
  const start = resume?.theta ?? theta;
  return {
    ...settings,
    plan,
    identity,
    draw: drawer(where, { batches: options.batches, svag, samples: X.shape[0] }),
    start,
    averages: resume?.moments,
    smallSteps: (resume?.step ?? 0) * svag,
    diverged(what, { step, loss: last }) {
      const backend = readable(options.backend ?? X.backend, theta);
      const bound = stableRate(plan, start, { x, backend, loss, rule });
      const details = { step, loss: last, learningRate: rateAt(step) };
      return divergence(
        where,
        what,
        bound === undefined ? details : { ...details, stableRate: svag * bound },
      );
    },
  };
}

/** Throws where numbers are not finite in float32. */
export function checkSingle(where: string, argument: string, values: FloatArray): void {
  if (!(values instanceof Float32Array))
    checkFinite(where, `${argument} in float32`, Float32Array.from(values));
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
  checkInteger(where, 'the rows of options.X', X.shape[0], 1);
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
function divergence(
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
  const before = Number.isNaN(loss) ? '' : `was ${loss.toExponential(2)} and `;
  const stable =
    bound === undefined ? '' : `; full-batch steps are stable below ${bound.toPrecision(3)} at the start`;
  return new NumericalError({
    where,
    found: `training diverged: the loss ${before}${what} not finite at step ${step}`,
    fix: `lower the learning rate, ${learningRate}${stable}`,
    details,
  });
}
