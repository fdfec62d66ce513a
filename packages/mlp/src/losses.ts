import { ArgumentError, checkChoice, checkPositive } from '@sntk/errors';
import type { FloatArray, Tensor } from '@sntk/linalg';
import {
  crossEntropyOnTensors,
  huberOnTensors,
  logisticOnTensors,
  mseOnTensors,
  type TensorLoss,
} from './device-losses.ts';

/** The loss of one example. A run takes its mean over the minibatch. */
export interface Loss {
  readonly name: string;
  /** `ℓ(f, y)` for the outputs `f` and targets `y` of one example, `[O]`; writes `∂ℓ/∂f` to `gradient`. */
  evaluate(f: FloatArray, y: FloatArray, gradient: FloatArray): number;
  /** The same by operations on tensors, for the examples in the rows of `f` and `y`, `[N, O]`: losses `[N, 1]`, gradient `[N, O]`. Wanted for training on a device. */
  onTensors?(f: Tensor, y: Tensor): TensorLoss;
  /** The largest eigenvalue that `∂²ℓ/∂f²` can have, if there is one; it tells which learning rates are stable. */
  readonly curvature?: number;
  /** What is wrong with the targets of an example, if anything is. */
  refuse?(y: FloatArray): string | undefined;
}

const mse: Loss = {
  name: 'mse',
  onTensors: mseOnTensors,
  curvature: 1,
  evaluate(f, y, gradient) {
    let loss = 0;
    for (let o = 0; o < f.length; o++) {
      const r = f[o] - y[o];
      loss += (r * r) / 2;
      gradient[o] = r;
    }
    return loss;
  },
};

const logistic: Loss = {
  name: 'logistic',
  onTensors: logisticOnTensors,
  curvature: 1 / 4,
  evaluate(f, y, gradient) {
    let loss = 0;
    for (let o = 0; o < f.length; o++) {
      const margin = y[o] * f[o];
      const small = Math.exp(-Math.abs(margin));
      loss += Math.log1p(small) + Math.max(0, -margin);
      gradient[o] = (-y[o] * (margin > 0 ? small : 1)) / (1 + small);
    }
    return loss;
  },
  refuse: (y) => (y.every((value) => value === 1 || value === -1) ? undefined : 'labels of 1 and −1'),
};

const crossEntropy: Loss = {
  name: 'cross-entropy',
  onTensors: crossEntropyOnTensors,
  curvature: 1 / 2,
  evaluate(f, y, gradient) {
    let top = Number.NEGATIVE_INFINITY;
    for (const logit of f) top = Math.max(top, logit);
    let sum = 0;
    for (const logit of f) sum += Math.exp(logit - top);
    const logSum = Math.log(sum);
    let loss = 0;
    for (let o = 0; o < f.length; o++) {
      const logProbability = f[o] - top - logSum;
      if (y[o] !== 0) loss -= y[o] * logProbability;
      gradient[o] = Math.exp(logProbability) - y[o];
    }
    return loss;
  },
  refuse(y) {
    let sum = 0;
    for (const value of y) sum += value;
    // float32 probabilities add up to 1 within some 1e-6.
    const probabilities = y.length > 1 && y.every((value) => value >= 0) && Math.abs(sum - 1) < 1e-5;
    return probabilities ? undefined : 'probabilities of two or more classes in each row';
  },
};

/**
 * Huber's loss: `½ r²` for residuals `|r| ≤ delta`, `delta (|r| − ½ delta)` beyond, summed over outputs.
 *
 * Source: Huber, "Robust Estimation of a Location Parameter".
 *
 * @throws ArgumentError when `delta` is not a finite number above 0.
 * @example
 * ```ts
 * import { huberLoss } from '@sntk/mlp';
 *
 * const gradient = new Float64Array(1);
 * const loss = huberLoss(2).evaluate(new Float64Array([5]), new Float64Array([1]), gradient);
 * console.log(loss, gradient[0]); // 6 2
 * ```
 */
export function huberLoss(delta = 1): Loss {
  checkPositive('huberLoss', 'delta', delta);
  return {
    name: delta === 1 ? 'huber' : `huber(${delta})`,
    curvature: 1,
    onTensors: huberOnTensors(delta),
    evaluate(f, y, gradient) {
      let loss = 0;
      for (let o = 0; o < f.length; o++) {
        const r = f[o] - y[o];
        const size = Math.abs(r);
        loss += size <= delta ? (r * r) / 2 : delta * (size - delta / 2);
        gradient[o] = size <= delta ? r : delta * Math.sign(r);
      }
      return loss;
    },
  };
}

/**
 * The losses that go by a name.
 *
 * - `mse`: `½|f − y|²`.
 * - `logistic`: `log(1 + e^{−y f})` for labels 1 and −1, summed over outputs.
 * - `cross-entropy`: `−Σ_o y_o log softmax(f)_o` for `y` a distribution over two or more classes, one-hot or soft.
 * - `huber`: `huberLoss(1)`.
 */
export const LOSSES: Readonly<Record<LossName, Loss>> = {
  mse,
  logistic,
  'cross-entropy': crossEntropy,
  huber: huberLoss(1),
};

export type LossName = 'mse' | 'logistic' | 'cross-entropy' | 'huber';

/** Throws at the first row of `y` `[N, outputs]` that a loss has no meaning for. */
export function checkTargets(where: string, loss: Loss, y: FloatArray, outputs: number): void {
  if (!loss.refuse) return;
  for (let row = 0; row * outputs < y.length; row++) {
    const targets = y.subarray(row * outputs, (row + 1) * outputs);
    const wanted = loss.refuse(targets);
    if (wanted) {
      const got = `[${targets.join(', ')}] in row ${row}`;
      throw new ArgumentError({ where, argument: 'options.Y', wanted: `${wanted}, for ${loss.name}`, got });
    }
  }
}

/** The loss of a name, or the one given. */
export function lossOf(where: string, loss: LossName | Loss = 'mse'): Loss {
  if (typeof loss === 'object' && loss !== null) {
    // A checkpoint is refused by its loss's name.
    if (typeof loss.name === 'string' && typeof loss.evaluate === 'function') return loss;
    throw new ArgumentError({
      where,
      argument: 'options.loss',
      wanted: 'with a name and evaluate',
      got: loss,
    });
  }
  return LOSSES[checkChoice(where, 'options.loss', loss, Object.keys(LOSSES) as LossName[])];
}
