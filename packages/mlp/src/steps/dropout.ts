import type { Rng } from '@sntk/random';
import { type Applied, type Jet, mapJet, sumOfProducts, tensorLike, zerosLike } from '../jet.ts';

/** Keeps each unit with probability `keep`, divided by it. The mask does not depend on parameters, so derivatives go through it. */
export function applyDropout(keep: number, rng: Rng, input: Jet): Applied {
  const entries = zerosLike(input.value, input.value.shape[0] * input.value.shape[1]);
  for (let i = 0; i < entries.length; i++) entries[i] = rng.uniform() < keep ? 1 / keep : 0;
  const mask = tensorLike(input.value, entries);
  const masked = (jet: Jet): Jet => mapJet(jet, (a) => sumOfProducts([1, mask, a])!);
  return { output: masked(input), pull: masked };
}
