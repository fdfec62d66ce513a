import type { Architecture } from '@sntk/architecture';
import { ArgumentError, checkFinite, checkLength } from '@sntk/errors';
import { type FloatArray, type Tensor, tensor, toArray } from '@sntk/linalg';
import type { Rng } from '@sntk/random';
import type { Applied, Jet, Pull } from './jet.ts';
import { type Plan, planOf, type Step } from './plan.ts';
import { applyActivation } from './steps/activation.ts';
import { mergeBranches } from './steps/branches.ts';
import { applyDense, type DenseParameters } from './steps/dense.ts';
import { applyDropout } from './steps/dropout.ts';
import { applyLayerNorm } from './steps/layer-norm.ts';

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
}

/** What a forward pass leaves behind for a backward one. */
export interface Pass {
  readonly plan: Plan;
  /** The input of each dense layer, `[N, inputs]`, in the order of the parameters. */
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
  const { direction, dropout } = options;
  const order = direction ? (options.order ?? 1) : 0;
  checkLength('forward', 'theta', theta, plan.size, 'one per parameter of the architecture');
  if (X.shape.length !== 2 || X.shape[1] !== plan.inputs) {
    throw new ArgumentError({
      where: 'forward',
      argument: 'X',
      wanted: `of shape [N, ${plan.inputs}]`,
      got: [...X.shape],
    });
  }
  checkFinite('forward', 'X', toArray(X));
  if (!options.unchecked) {
    checkFinite('forward', 'theta', theta);
    if (direction) checkFinite('forward', 'direction', direction);
  }
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
  return { plan, inputs, output, pull };
}

function same(input: Jet): Applied {
  return { output: input, pull: (signal) => signal };
}

/**
 * Backward signals `Δ^l = ∂(f · cotangent)/∂h^l`, `[N, n_l]`, of every dense layer in the order of the parameters, for a
 * `cotangent` `[N, O]`, with their derivatives along the direction of the pass.
 */
export function backwardSignals(pass: Pass, cotangent: Tensor): readonly Jet[] {
  const signals: Jet[] = [];
  pass.pull({ value: cotangent }, signals);
  return signals;
}
