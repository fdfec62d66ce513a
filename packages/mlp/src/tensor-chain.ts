import { checkNonNegative } from '@sntk/errors';
import {
  type Backend,
  type ChainRule,
  type DenseChain,
  type FloatArray,
  matmul,
  tensor,
  toArray,
} from '@sntk/linalg';
import {
  applyChainRule,
  checkChainAverages,
  checkChainGradient,
  checkChainInput,
} from '@sntk/linalg/extending';
import type { Rng } from '@sntk/random';
import { writeBlock } from './backward.ts';
import { zerosLike } from './jet.ts';
import { PLAIN_SGD } from './optimizer.ts';
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

/**
 * Any network behind the interface of fused kernels, in the number format of its parameters, by a backend's products: what
 * backends without fused kernels and networks with branches, normalization or dropout run.
 */
export function tensorChain(plan: Plan, parameters: FloatArray, options: ChainOptions): DenseChain {
  const { backend, maxRows, rule = PLAIN_SGD, dropout } = options;
  const theta = parameters.slice();
  const averages = checkChainAverages(options.averages, rule, theta).map((average) => average.slice());
  // The gradient of one layer at a time.
  const slope = zerosLike(
    theta,
    Math.max(...plan.blocks.map(({ inputs, outputs }) => (inputs + 1) * outputs)),
  );
  let steps = options.steps ?? 0;
  let pass: Pass | undefined;
  return {
    forward(x, rows) {
      checkChainInput(x, rows, { inputs: plan.inputs, maxRows });
      const X = tensor(x, { backend, shape: [rows, plan.inputs] });
      // An activation may break the next one off.
      pass = undefined;
      pass = runPass(plan, theta, X, { dropout: dropout?.split(steps), unchecked: true });
      return toArray(pass.output.value).slice();
    },
    descend(gradient, rate) {
      checkChainGradient(gradient, pass ? pass.output.value.shape[0] : 0, plan.outputs);
      checkNonNegative('DenseChain.descend', 'rate', rate);
      if (!pass) return;
      const { shape } = pass.output.value;
      const cotangent = tensor(gradient, { backend, shape });
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
        const after = { averages: averages.map(part), steps, rate };
        applyChainRule(rule, part(theta), slope.subarray(0, size), after);
      }
      pass = undefined;
      steps++;
    },
    readParameters: () => theta.slice(),
    readAverages: () => averages.map((average) => average.slice()),
    dispose() {},
  };
}
