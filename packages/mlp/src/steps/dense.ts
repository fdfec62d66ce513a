import { type FloatArray, matmul, type Tensor, toArray } from '@sntk/linalg';
import type { Applied, Jet } from '../jet.ts';
import type { ParameterBlock } from '../plan.ts';

/** A dense layer's parameters on the backend of a pass, and the direction they move along. */
export interface DenseParameters {
  /** `[outputs, inputs]`. */
  readonly weights: Tensor;
  readonly bias: FloatArray;
  readonly along?: { readonly weights: Tensor; readonly bias: FloatArray } | undefined;
}

/** `h = s W a + t β`. The pull stores its signal as that of layer `index`. */
export function applyDense(
  block: ParameterBlock,
  parameters: DenseParameters,
  input: Jet,
  options: { readonly index: number; readonly leaf: boolean; readonly order: 0 | 1 | 2 },
): Applied {
  const { weightScale, biasScale } = block;
  const { weights: W, bias, along } = parameters;
  const product = (a: Tensor | undefined, b: Tensor): Tensor | undefined =>
    a && matmul(a, b, { transposeB: true });
  const value = affine(product(input.value, W)!, { weightScale, biasScale, bias });
  let first: Tensor | undefined;
  let second: Tensor | undefined;
  if (along) {
    const moved = { weightScale, biasScale, bias: along.bias };
    first = affine(product(input.value, along.weights)!, { ...moved, more: product(input.first, W) });
    const bent = product(input.first, along.weights);
    if (options.order === 2 && bent) {
      second = affine(bent, { weightScale: 2 * weightScale });
      if (input.second) second = affine(product(input.second, W)!, { weightScale, plus: second });
    }
  }
  return {
    output: { value, first, second },
    pull(signal, signals) {
      signals[options.index] = signal;
      if (options.leaf) return undefined;
      const down = affine(matmul(signal.value, W), { weightScale });
      if (!along) return { value: down };
      const more = signal.first && matmul(signal.first, W);
      return { value: down, first: affine(matmul(signal.value, along.weights), { weightScale, more }) };
    },
  };
}

/** `weightScale (product + more) + biasScale bias + plus`, in place of `product`, which must be nobody else's. */
function affine(
  product: Tensor,
  options: {
    readonly weightScale: number;
    readonly more?: Tensor | undefined;
    readonly biasScale?: number;
    readonly bias?: FloatArray;
    readonly plus?: Tensor;
  },
): Tensor {
  const { weightScale, more, biasScale = 0, bias, plus } = options;
  const h = toArray(product);
  if (more) {
    const m = toArray(more);
    for (let i = 0; i < h.length; i++) h[i] += m[i];
  }
  if (bias && biasScale !== 0) {
    const n = bias.length;
    for (let row = 0; row < h.length; row += n) {
      for (let o = 0; o < n; o++) h[row + o] = weightScale * h[row + o] + biasScale * bias[o];
    }
  } else {
    for (let i = 0; i < h.length; i++) h[i] *= weightScale;
  }
  if (plus) {
    const p = toArray(plus);
    for (let i = 0; i < h.length; i++) h[i] += p[i];
  }
  return product;
}
