import { type Minibatches, minibatches, type Rng } from '@sntk/random';

/** Steps in a row that are alike but for their random numbers, and those of a block of paths. */
export interface NoiseBlock {
  readonly first: number;
  readonly steps: number;
  readonly batch: number;
  /** `[P, steps, b]`. */
  readonly examples: Int32Array;
  /** Standard normal numbers times the block's intensity, `[P, steps, b]`. */
  readonly noise: Float64Array;
}

/** Which steps. */
export interface NoiseSteps {
  readonly first: number;
  readonly steps: number;
  readonly batch: number;
  readonly intensity: number;
}

/** Minibatches and kicks of paths, drawn for many steps at once: those of path `p` are of `rng.split(p)`, whatever the blocks. */
export function minibatchNoise(options: {
  readonly samples: number;
  readonly replacement: boolean;
  readonly paths: number;
  readonly firstPath: number;
  readonly rng: Rng;
}): (steps: NoiseSteps) => NoiseBlock {
  const { samples, replacement, paths, firstPath, rng } = options;
  const streams = Array.from({ length: paths }, (_, p) => {
    const stream = rng.split(firstPath + p);
    return {
      batches: batchesBySize(samples, stream.split('batches'), replacement),
      normals: stream.split('noise'),
    };
  });
  return ({ first, steps, batch, intensity }) => {
    const count = steps * batch;
    const examples = new Int32Array(paths * count);
    const noise = new Float64Array(paths * count);
    streams.forEach(({ batches, normals }, p) => {
      const source = batches(batch);
      for (let step = 0; step < steps; step++) {
        examples.set(source.at(first + step), p * count + step * batch);
      }
      normals.fillNormal(noise, { offset: p * count, count, deviation: intensity });
    });
    return { first, steps, batch, examples, noise };
  };
}

function batchesBySize(samples: number, rng: Rng, replacement: boolean): (batch: number) => Minibatches {
  const sources = new Map<number, Minibatches>();
  const sampler = replacement ? 'with-replacement' : 'without-replacement';
  return (batch) => {
    const known = sources.get(batch) ?? minibatches({ samples, batch, sampler, rng });
    sources.set(batch, known);
    return known;
  };
}
