import { ArgumentError } from '@sntk/errors';
import type { Activation } from './activation.ts';

/** Throws unless `activation` has the functions that every activation has. */
export function checkActivation(where: string, argument: string, activation: Activation): void {
  const has = (name: 'value' | 'derivative' | 'secondDerivative'): boolean =>
    typeof activation?.[name] === 'function';
  if (has('value') && has('derivative') && has('secondDerivative')) return;
  throw new ArgumentError({
    where,
    argument,
    wanted: 'an activation, an object with value, derivative and secondDerivative',
    got: activation,
    fix: 'activationByName gives those that have a name',
  });
}
