import type { Architecture } from '@sntk/architecture';
import { ArgumentError, checkFinite, checkLength, NumericalError } from '@sntk/errors';
import { type FloatArray, type Tensor, tensor, toArray } from '@sntk/linalg';
import type { Rng } from '@sntk/random';
import type { Applied, Jet, Pull } from './jet.ts';
import { type Plan, planOf, type Step } from './plan.ts';
import { applyActivation } from './steps/activation.ts';
import { mergeBranches } from './steps/branches.ts';
import { applyDense, type DenseParameters } from './steps/dense.ts';
import { applyDropout } from './steps/dropout.ts';
import { applyLayerNorm } from './steps/layer-norm.ts';
import { applyPooling, applySites, applyWindows } from './steps/sites.ts';

export interface DropoutOption {
  /**
   * Draws the masks of dropout layers, the same for the same stream and rows; derivatives are those of the network with these masks.
   * Without it dropout layers pass their input on, as they do when a trained network is used.
   */
  readonly dropout?: Rng | undefined;
}

export interface PassOptions extends DropoutOption {
  /** A direction in parameter space; the pass then carries derivatives along it, */
  readonly direction?: FloatArray;
  /** up to this order, 1 unless told. */
  readonly order?: 1 | 2;
  /** For parameters that may have diverged, where what comes out is looked at instead. */
  readonly unchecked?: boolean;
  /** The function that errors name, and its argument that `X` is; `forward` and `X` unless told. */
  readonly where?: string;
  readonly argument?: string;
}

/** What a forward pass leaves behind for a backward one. */
export interface Pass {
  readonly plan: Plan;
  /** The input of each dense layer, `[N · sites, inputs]`, in the order of the parameters. */
  readonly inputs: readonly Jet[];
  /** `[N, O]`. */
  readonly output: Jet;
  readonly pull: Pull;
}

/** Runs the network on `X` `[N, d]`. */
export function runPass(
  architecture: Architecture | Plan,
  theta: FloatArray,
  X: Tensor,
  options: PassOptions = {},
): Pass {
  const plan = 'steps' in architecture ? architecture : planOf(architecture);
  const { direction, dropout, where = 'forward', argument = options.where ? 'options.X' : 'X' } = options;
  const order = direction ? (options.order ?? 1) : 0;
  checkLength(where, 'theta', theta, plan.size, 'one per parameter of the architecture');
  if (X.shape.length !== 2 || X.shape[1] !== plan.inputs) {
    throw new ArgumentError({
      where,
      argument,
      wanted: `of shape [N, ${plan.inputs}]`,
      got: [...X.shape],
    });
  }
  checkFinite(where, argument, toArray(X));
  if (!options.unchecked) checkFinite(where, 'theta', theta);
  const { backend, dtype } = X;
  const parameters = plan.blocks.map(({ inputs, outputs, weights, bias }): DenseParameters => {
    const view = (from: FloatArray) => ({
      weights: tensor(from.subarray(weights, bias), { backend, dtype, shape: [outputs, inputs] }),
      bias: from.subarray(bias, bias + outputs),
    });
    return { ...view(theta), along: direction && view(direction) };
  });
  const inputs: Jet[] = [];

  const apply = (step: Step, input: Jet): Applied => {
    switch (step.kind) {
      case 'dense': {
        const { block: index, leaf } = step;
        inputs[index] = input;
        return applyDense(plan.blocks[index], parameters[index], input, { index, leaf, order });
      }
      case 'activation':
        return applyActivation(step.activation, input, order);
      case 'layerNorm':
        return applyLayerNorm(step.epsilon, input, order);
      case 'dropout':
        return dropout ? applyDropout(step.keep, dropout.split(step.index), input) : same(input);
      case 'windows':
        return applyWindows(step.taps, input);
      case 'pooling':
        return applyPooling(step.taps, step.scale, input);
      case 'sites':
        return applySites(step.from, step.to, input);
      case 'branches': {
        const applied = step.branches.map((branch) => series(branch, input));
        return mergeBranches(step.merge, applied, step.widths);
      }
    }
  };
  const series = (steps: readonly Step[], input: Jet): Applied => {
    const pulls: Pull[] = [];
    let output = input;
    for (const step of steps) {
      const applied = apply(step, output);
      pulls.push(applied.pull);
      output = applied.output;
    }
    const pull: Pull = (signal, signals) => {
      let below: Jet | undefined = signal;
      for (const back of pulls.toReversed()) below = below && back(below, signals);
      return below;
    };
    return { output, pull };
  };
  const { output, pull } = series(plan.steps, { value: X });
  if (!options.unchecked) checkOverflow(where, output);
  return { plan, inputs, output, pull };
}

/** Inputs and parameters are finite, so what is not has left the range of its number format. */
function checkOverflow(where: string, { value, first, second }: Jet): void {
  for (const a of [value, first, second]) {
    const at = a ? toArray(a).findIndex((entry) => !Number.isFinite(entry)) : -1;
    if (!a || at < 0) continue;
    throw new NumericalError({
      where,
      found: `an output or its derivative at point ${Math.floor(at / a.shape[1])} is beyond the range of ${a.dtype}`,
      fix: 'scale the inputs or the parameters down',
    });
  }
}

function same(input: Jet): Applied {
  return { output: input, pull: (signal) => signal };
}

/**
 * Backward signals `Δ^l = ∂(f · cotangent)/∂h^l`, `[N · sites, n_l]`, of every dense layer in the order of the parameters, for a
 * `cotangent` `[N, O]`, with their derivatives along the direction of the pass.
 */
export function backwardSignals(pass: Pass, cotangent: Tensor): readonly Jet[] {
  const signals: Jet[] = [];
  pass.pull({ value: cotangent }, signals);
  return signals;
}
