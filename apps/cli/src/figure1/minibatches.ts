import { type Minibatches, minibatches } from '@sntk/random';
import type { Figure1Config } from './config.ts';
import { runStream } from './problem.ts';

/** The minibatches of path `p`: real SGD and kernel SGD of the same number see the same examples. */
export function batchesOf(config: Figure1Config, path: number): Minibatches {
  const { samples, batch, sampler } = config;
  return minibatches({ samples, batch, sampler, rng: runStream(config, 'minibatches').split(path) });
}

/** Minibatches that do not know of each other, as the SNTK's noise has it. */
export function independentBatches(config: Figure1Config, path: number): Minibatches {
  const { samples, batch } = config;
  const rng = runStream(config, 'independent').split(path);
  return minibatches({ samples, batch, sampler: 'without-replacement', rng });
}
