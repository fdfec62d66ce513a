import { ArgumentError, checkLength } from '@sntk/errors';
import { type FloatArray, matmul, showShape, type Tensor, tensor, toArray } from '@sntk/linalg';
import type { ForwardPass } from './forward.ts';

/** How a forward pass moves when the parameters move along a direction. */
export interface TangentPass {
  /** The direction's `W` of each layer, `[outputs, inputs]`. */
  readonly weights: readonly Tensor[];
  /** Derivative of the input of each dense layer; the first input does not move. */
  readonly inputs: readonly (Tensor | undefined)[];
  /** Derivative of the pre-activation of each dense layer, `[N, outputs]`; the last is `J · direction`. */
  readonly preactivations: readonly Tensor[];
}

/** Throws unless `direction` has one entry per parameter. */
export function checkDirection(where: string, argument: string, direction: FloatArray, size: number): void {
  checkLength(where, argument, direction, size, 'one per parameter of the architecture');
}

/** Throws unless `a` has the shape of the outputs of a pass. */
export function checkOutputs(where: string, argument: string, a: Tensor, pass: ForwardPass): void {
  const wanted = pass.preactivations.at(-1)!.shape;
  if (a.shape.length !== 2 || a.shape[0] !== wanted[0] || a.shape[1] !== wanted[1]) {
    throw new ArgumentError({ where, argument, wanted: `of shape ${showShape(wanted)}`, got: [...a.shape] });
  }
}

/** Carries a direction in parameter space through a forward pass. */
export function tangentPass(pass: ForwardPass, direction: FloatArray): TangentPass {
  const { backend, dtype } = pass.inputs[0];
  const weights: Tensor[] = [];
  const inputs: (Tensor | undefined)[] = [];
  const preactivations: Tensor[] = [];
  let a: Tensor | undefined;
  pass.blocks.forEach((block, l) => {
    const shape = [block.outputs, block.inputs];
    const dW = tensor(direction.subarray(block.weights, block.bias), { backend, dtype, shape });
    const moved = matmul(pass.inputs[l], dW, { transposeB: true });
    const dh = toArray(moved);
    const carried = a ? toArray(matmul(a, pass.weights[l], { transposeB: true })) : undefined;
    for (let i = 0; i < dh.length; i++) {
      const shift = block.biasScale * direction[block.bias + (i % block.outputs)];
      dh[i] = block.weightScale * (carried ? dh[i] + carried[i] : dh[i]) + shift;
    }
    weights.push(dW);
    inputs.push(a);
    preactivations.push(moved);
    a = block.activation ? scaled(pass.preactivations[l], block.activation.derivative, moved) : moved;
  });
  return { weights, inputs, preactivations };
}

/** `g(h) · a`, entry by entry. */
function scaled(h: Tensor, g: (h: number) => number, a: Tensor): Tensor {
  const from = toArray(h);
  const out = toArray(a).slice();
  for (let i = 0; i < out.length; i++) out[i] *= g(from[i]);
  return tensor(out, { backend: a.backend, dtype: a.dtype, shape: a.shape });
}

/**
 * Derivatives of `backwardSignals(pass, cotangent)` along the direction of a tangent pass; `signals` are those
 * signals. The cotangent itself does not move.
 */
export function tangentSignals(
  pass: ForwardPass,
  tangent: TangentPass,
  signals: readonly Tensor[],
): readonly Tensor[] {
  const last = pass.blocks.length - 1;
  const { backend, dtype, shape } = signals[last];
  const still =
    dtype === 'float32' ? new Float32Array(shape[0] * shape[1]) : new Float64Array(shape[0] * shape[1]);
  const moved: Tensor[] = [tensor(still, { backend, dtype, shape })];
  for (let l = last; l > 0; l--) {
    const { activation } = pass.blocks[l - 1];
    const scale = pass.blocks[l].weightScale;
    // The product with the weights before the activation's derivative, and its derivative in two parts.
    const product = toArray(matmul(signals[l], pass.weights[l]));
    const byWeights = toArray(matmul(signals[l], tangent.weights[l]));
    const bySignal = matmul(moved[0], pass.weights[l]);
    const out = toArray(bySignal);
    const h = toArray(pass.preactivations[l - 1]);
    const dh = toArray(tangent.preactivations[l - 1]);
    for (let i = 0; i < out.length; i++) {
      const slope = activation ? activation.derivative(h[i]) : 1;
      const bend = activation ? activation.secondDerivative(h[i]) * dh[i] : 0;
      out[i] = scale * ((out[i] + byWeights[i]) * slope + product[i] * bend);
    }
    moved.unshift(bySignal);
  }
  return moved;
}
