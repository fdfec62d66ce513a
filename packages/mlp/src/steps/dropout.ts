import type { FloatArray } from '@sntk/linalg';
import type { Rng } from '@sntk/random';
import { type Applied, type Jet, mapJet, sumOfProducts, tensorLike, zerosLike } from '../jet.ts';

/** Keeps each unit with probability `keep`, divided by it. The mask does not depend on parameters, so derivatives go through it. */
export function applyDropout(keep: number, rng: Rng, input: Jet): Applied {
  const entries = zerosLike(input.value, input.value.shape[0] * input.value.shape[1]);
  dropoutMask(keep, rng, entries);
  const mask = tensorLike(input.value, entries);
  const masked = (jet: Jet): Jet => mapJet(jet, (a) => sumOfProducts([1, mask, a])!);
  return { output: masked(input), pull: masked };
}

/** Draws the factors of units: `1/keep` with probability `keep`, else 0. */
export function dropoutMask(keep: number, rng: Rng, out: FloatArray): void {
  for (let i = 0; i < out.length; i++) out[i] = rng.uniform() < keep ? 1 / keep : 0;
}
