import type { Architecture } from '@sntk/architecture';
import { ArgumentError } from '@sntk/errors';
import { type FloatArray, matmul, showShape, type Tensor, tensor, toArray } from '@sntk/linalg';
import { type ForwardPass, forwardPass } from './forward.ts';

/**
 * Backward signals `Δ^l = ∂(f · cotangent)/∂h^l`, `[N, n_l]`, of every dense layer, first to last, for a `cotangent`
 * `[N, O]`.
 */
export function backwardSignals(pass: ForwardPass, cotangent: Tensor): readonly Tensor[] {
  const signals: Tensor[] = [cotangent];
  for (let l = pass.blocks.length - 1; l > 0; l--) {
    const { activation } = pass.blocks[l - 1];
    const signal = matmul(signals[0], pass.weights[l]);
    const entries = toArray(signal);
    const h = toArray(pass.preactivations[l - 1]);
    const scale = pass.blocks[l].weightScale;
    for (let i = 0; i < entries.length; i++) {
      entries[i] *= scale * (activation ? activation.derivative(h[i]) : 1);
    }
    signals.unshift(signal);
  }
  return signals;
}

/**
 * The vector–Jacobian product `Σ_n Σ_o cotangent[n, o] ∂f_o(x_n)/∂θ`, in the order of `parameterLayout`.
 *
 * With `cotangent = ∂loss/∂f` this is the gradient of the loss. Same dtype as `X`.
 *
 * @throws ArgumentError when `cotangent` is not of the shape of the outputs.
 */
export function vjp(
  architecture: Architecture,
  theta: FloatArray,
  options: { readonly X: Tensor; readonly cotangent: Tensor },
): FloatArray {
  const { X, cotangent } = options;
  const pass = forwardPass(architecture, theta, X);
  const wanted = pass.preactivations.at(-1)!.shape;
  if (cotangent.shape.length !== 2 || cotangent.shape[0] !== wanted[0] || cotangent.shape[1] !== wanted[1]) {
    throw new ArgumentError({
      where: 'vjp',
      argument: 'options.cotangent',
      wanted: `of shape ${showShape(wanted)}`,
      got: [...cotangent.shape],
    });
  }
  return pullBack(pass, cotangent, theta.length);
}

/** The gradient, of `size` parameters, that a cotangent `[N, O]` gives at a pass. */
export function pullBack(pass: ForwardPass, cotangent: Tensor, size: number): FloatArray {
  const signals = backwardSignals(pass, cotangent);
  const gradient = cotangent.dtype === 'float32' ? new Float32Array(size) : new Float64Array(size);
  pass.blocks.forEach((block, l) => {
    const dW = toArray(matmul(signals[l], pass.inputs[l], { transposeA: true }));
    for (let p = 0; p < dW.length; p++) gradient[block.weights + p] = block.weightScale * dW[p];
    const signal = toArray(signals[l]);
    for (let i = 0; i < signal.length; i++) {
      gradient[block.bias + (i % block.outputs)] += block.biasScale * signal[i];
    }
  });
  return gradient;
}

/** A cotangent `[N, O]` that picks one output. */
export function pickOutput(X: Tensor, outputs: number, output: number): Tensor {
  const N = X.shape[0];
  const data = new Float64Array(N * outputs);
  for (let i = 0; i < N; i++) data[i * outputs + output] = 1;
  return tensor(data, { backend: X.backend, dtype: X.dtype, shape: [N, outputs] });
}
