import { ArgumentError } from '@sntk/errors';
import { absolute, leakyRelu } from './ab-relu.ts';
import type { Activation } from './activation.ts';
import { erfActivation, erfSigmoid } from './erf-activation.ts';
import { exponential } from './exponential.ts';
import { gabor } from './gabor.ts';
import { gaussian } from './gaussian.ts';
import { gelu } from './gelu.ts';
import { linear } from './linear.ts';
import { relu } from './relu.ts';
import { sign, step } from './sign.ts';
import { cosine, rbf, sine } from './sine.ts';
import { elu, selu, sigmoid, silu, softplus, tanh } from './smooth.ts';

/** Every activation without parameters, or with its usual ones, by name. */
export const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  relu,
  erf: erfActivation,
  linear,
  leakyRelu: leakyRelu(),
  absolute,
  sign,
  step,
  gelu,
  erfSigmoid,
  sine: sine({}, 'sine'),
  cosine: cosine({}, 'cosine'),
  rbf: rbf(),
  gaussian: gaussian({}, 'gaussian'),
  gabor,
  exponential: exponential({}, 'exponential'),
  tanh,
  sigmoid,
  softplus,
  silu,
  elu,
  selu,
};

/**
 * The activation of a name, as command lines and saved configurations give it.
 *
 * @throws ArgumentError for a name that is not known, listing those that are.
 */
export function activationByName(name: string): Activation {
  if (!Object.hasOwn(ACTIVATIONS, name)) {
    throw new ArgumentError({
      where: 'activationByName',
      argument: 'name',
      wanted: `one of ${Object.keys(ACTIVATIONS).join(', ')}`,
      got: name,
    });
  }
  return ACTIVATIONS[name];
}
