import { ArgumentError } from '@sntk/errors';
import { binary, mul, reduce, showShape, sub, type Tensor, unary } from '@sntk/linalg';
import { sigmoid, softplus } from './device-activations.ts';

/** The losses of some examples, `[N, 1]`, and their gradients `∂ℓ/∂f`, `[N, O]`, on a device. */
export interface TensorLoss {
  readonly losses: Tensor;
  readonly gradient: Tensor;
}

/** Throws unless a loss's `onTensors` gave what its losses and gradients at outputs `f` have to be; tensors of other shapes would broadcast. */
export function checkTensorLoss(where: string, found: TensorLoss, f: Tensor): TensorLoss {
  const wanted = `losses ${showShape([f.shape[0], 1])} and a gradient ${showShape(f.shape)}`;
  const shown = (t: Tensor | undefined): string => (t?.shape ? showShape(t.shape) : 'none');
  const got = `losses ${shown(found?.losses)} and a gradient ${shown(found?.gradient)}`;
  if (got === wanted) return found;
  throw new ArgumentError({
    where,
    argument: 'options.loss.onTensors',
    wanted: `a function that gives ${wanted}`,
    got,
  });
}

const sumOutputs = (a: Tensor): Tensor => reduce('sum', a, 1);

export function mseOnTensors(f: Tensor, y: Tensor): TensorLoss {
  const r = sub(f, y);
  return { losses: mul(sumOutputs(unary('square', r)), 0.5), gradient: r };
}

export function logisticOnTensors(f: Tensor, y: Tensor): TensorLoss {
  const against = unary('neg', mul(y, f));
  return { losses: sumOutputs(softplus(against)), gradient: unary('neg', mul(y, sigmoid(against))) };
}

export function crossEntropyOnTensors(f: Tensor, y: Tensor): TensorLoss {
  const shifted = sub(f, reduce('max', f, 1));
  const logProbability = sub(shifted, unary('log', sumOutputs(unary('exp', shifted))));
  return {
    losses: unary('neg', sumOutputs(mul(y, logProbability))),
    gradient: sub(unary('exp', logProbability), y),
  };
}

export function huberOnTensors(delta: number): (f: Tensor, y: Tensor) => TensorLoss {
  return (f, y) => {
    const r = sub(f, y);
    const gradient = binary('minimum', binary('maximum', r, -delta), delta);
    // ½ r² where the gradient is r, else δ |r| − ½ δ².
    return { losses: sumOutputs(mul(gradient, sub(r, mul(gradient, 0.5)))), gradient };
  };
}
