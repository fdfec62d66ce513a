import { ArgumentError } from '@sntk/errors';
import {
  type Backend,
  type ChainRule,
  type DenseChain,
  type FloatArray,
  matmul,
  tensor,
  toArray,
} from '@sntk/linalg';
import type { Rng } from '@sntk/random';
import { writeBlock } from './backward.ts';
import { zerosLike } from './jet.ts';
import { applyRule, averagesOf } from './optimizer.ts';
import { backwardSignals, type Pass, runPass } from './pass.ts';
import type { Plan } from './plan.ts';

export interface ChainOptions {
  readonly backend: Backend;
  /** The most rows that one forward pass may have. */
  readonly maxRows: number;
  /** Plain steps unless told. */
  readonly rule?: ChainRule;
  /** To go on from: the rule's averages and the steps taken before. */
  readonly averages?: readonly FloatArray[];
  readonly steps?: number;
  /** Draws the masks of dropout layers, others in each step. */
  readonly dropout?: Rng | undefined;
}

const PLAIN: ChainRule = { kind: 'sgd', momentum: 0, nesterov: false, weightDecay: 0 };

/**
 * Any network behind the interface of fused kernels, in the number format of its parameters, by a backend's products: what
 * backends without fused kernels and networks with branches, normalization or dropout run.
 */
export function tensorChain(plan: Plan, parameters: FloatArray, options: ChainOptions): DenseChain {
  const { backend, rule = PLAIN, dropout } = options;
  const theta = parameters.slice();
  const averages = Array.from(
    { length: averagesOf(rule) },
    (_, i) => options.averages?.[i].slice() ?? zerosLike(theta, theta.length),
  );
  // The gradient of one layer at a time.
  const slope = zerosLike(
    theta,
    Math.max(...plan.blocks.map(({ inputs, outputs }) => (inputs + 1) * outputs)),
  );
  let step = options.steps ?? 0;
  let pass: Pass | undefined;
  return {
    forward(x, rows) {
      const X = tensor(x.subarray(0, rows * plan.inputs), { backend, shape: [rows, plan.inputs] });
      pass = runPass(plan, theta, X, { dropout: dropout?.split(step) });
      return toArray(pass.output.value).slice();
    },
    descend(gradient, rate) {
      if (!pass) {
        throw new ArgumentError({
          where: 'DenseChain.descend',
          argument: 'gradient',
          wanted: 'taken at a forward pass with the present parameters',
          got: 'no forward pass since the last step',
          fix: 'call forward before each descend',
        });
      }
      const { shape } = pass.output.value;
      const cotangent = tensor(gradient.subarray(0, shape[0] * shape[1]), { backend, shape });
      const signals = backwardSignals(pass, cotangent);
      for (const [l, block] of plan.blocks.entries()) {
        const { weights, bias, outputs, biasScale } = block;
        const dW = matmul(signals[l].value, pass.inputs[l].value, { transposeA: true });
        const own = { ...block, weights: 0, bias: bias - weights };
        slope.fill(0, own.bias, own.bias + outputs);
        writeBlock(slope, own, dW, signals[l].value);
        // Biases that are not in the function stay as they are.
        const size = biasScale === 0 ? own.bias : own.bias + outputs;
        const part = (all: FloatArray): FloatArray => all.subarray(weights, weights + size);
        const after = { averages: averages.map(part), step, rate };
        applyRule(rule, part(theta), slope.subarray(0, size), after);
      }
      pass = undefined;
      step++;
    },
    readParameters: () => theta.slice(),
    readAverages: () => averages.map((average) => average.slice()),
    dispose() {},
  };
}
