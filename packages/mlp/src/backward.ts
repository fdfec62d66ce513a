import type { Architecture } from '@sntk/architecture';
import { type FloatArray, matmul, type Tensor, toArray } from '@sntk/linalg';
import { checkOutputs } from './checks.ts';
import { tensorLike, zerosLike } from './jet.ts';
import { backwardSignals, type DropoutOption, type Pass, runPass } from './pass.ts';
import type { ParameterBlock } from './plan.ts';

/**
 * The vector–Jacobian product `Σ_n Σ_o cotangent[n, o] ∂f_o(x_n)/∂θ`, in the order of `parameterLayout`.
 *
 * With `cotangent = ∂loss/∂f` this is the gradient of the loss. Same dtype as `X`.
 *
 * @throws ArgumentError when `cotangent` is not of the shape of the outputs, or something is not finite.
 */
export function vjp(
  architecture: Architecture,
  theta: FloatArray,
  options: DropoutOption & { readonly X: Tensor; readonly cotangent: Tensor },
): FloatArray {
  const { X, cotangent, dropout } = options;
  const pass = runPass(architecture, theta, X, { where: 'vjp', dropout });
  checkOutputs('vjp', 'options.cotangent', cotangent, pass);
  return pullBack(pass, cotangent);
}

/** The gradient that a cotangent `[N, O]` gives at a pass. */
export function pullBack(pass: Pass, cotangent: Tensor): FloatArray {
  const signals = backwardSignals(pass, cotangent);
  const gradient = zerosLike(cotangent, pass.plan.size);
  pass.plan.blocks.forEach((block, l) => {
    const dW = matmul(signals[l].value, pass.inputs[l].value, { transposeA: true });
    writeBlock(gradient, block, dW, signals[l].value);
  });
  return gradient;
}

/** Writes a layer's part of a gradient, from its product of signals and inputs and its signals, which may be 0. */
export function writeBlock(
  gradient: FloatArray,
  block: ParameterBlock,
  dW: Tensor,
  signal: Tensor | undefined,
): void {
  const { weights, bias, outputs, weightScale, biasScale } = block;
  const products = toArray(dW);
  const part = gradient.subarray(weights, bias);
  for (let p = 0; p < products.length; p++) part[p] = weightScale * products[p];
  if (!signal) return;
  const delta = toArray(signal);
  const own = gradient.subarray(bias, bias + outputs);
  for (let row = 0; row < delta.length; row += outputs) {
    for (let o = 0; o < outputs; o++) own[o] += biasScale * delta[row + o];
  }
}

/** A cotangent `[N, O]` that picks one output. */
export function pickOutput(X: Tensor, outputs: number, output: number): Tensor {
  const N = X.shape[0];
  const data = zerosLike(X, N * outputs);
  for (let i = 0; i < N; i++) data[i * outputs + output] = 1;
  return tensorLike(X, data, [N, outputs]);
}
