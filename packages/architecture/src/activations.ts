import { ArgumentError } from '@sntk/errors';
import type { Activation } from './activation.ts';
import { erfActivation } from './erf-activation.ts';
import { linear } from './linear.ts';
import { relu } from './relu.ts';

/** Every activation that ships with the toolkit, by name. */
export const ACTIVATIONS: Readonly<Record<string, Activation>> = { relu, erf: erfActivation, linear };

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
