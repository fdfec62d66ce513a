import type { Activation } from '@sntk/architecture';
import { type Tensor, toArray } from '@sntk/linalg';
import { type Applied, type Jet, sumOfProducts, tensorLike } from '../jet.ts';

/** `φ(h)`, entry by entry. φ′ and φ″ are worked out once, when they are first needed. */
export function applyActivation(activation: Activation, input: Jet, order: 0 | 1 | 2): Applied {
  const { value: h, first, second } = input;
  const slope = once(() => entrywise(h, activation.derivative));
  const bend = once(() => entrywise(h, activation.secondDerivative));
  // φ″ h′, with the derivatives of everything that φ′ multiplies.
  const turn = once(() => first && sumOfProducts([1, bend(), first]));
  return {
    output: {
      value: entrywise(h, activation.value),
      first: first && sumOfProducts([1, slope(), first]),
      second: order === 2 ? sumOfProducts([1, second && slope(), second], [1, turn(), first]) : undefined,
    },
    pull: (signal) => ({
      value: sumOfProducts([1, slope(), signal.value])!,
      first: sumOfProducts([1, signal.first && slope(), signal.first], [1, turn(), signal.value]),
    }),
  };
}

function entrywise(a: Tensor, f: (x: number) => number): Tensor {
  const out = toArray(a).slice();
  for (let i = 0; i < out.length; i++) out[i] = f(out[i]);
  return tensorLike(a, out);
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
