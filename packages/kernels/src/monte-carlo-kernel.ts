import { ArgumentError, checkInteger, NumericalError } from '@sntk/errors';
import { type Tensor, tensor, toFloat64 } from '@sntk/linalg';

/** A tree of random streams, such as those of `@sntk/random`. */
export interface RandomTree<R> {
  split(label: number): R;
}

export interface MonteCarloOptions<R> {
  readonly rng: RandomTree<R>;
  /** Number of initializations, at least 2. */
  readonly samples: number;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  readonly signal?: AbortSignal;
}

export interface MonteCarloKernel {
  /** Mean over initializations, of the samples' shape. */
  readonly mean: Tensor;
  /** Standard error of each entry of the mean: the samples' deviation over the root of their number. */
  readonly standardError: Tensor;
}

/**
 * Mean of a random kernel over initializations, with its standard error: what a finite network has where the infinite one
 * has MATH (3)–(6). The difference of the two is of order 1/width.
 *
 * `sample` draws one kernel from a stream, for instance an empirical tangent kernel MATH (7) of `@sntk/mlp`; sample number i
 * has the stream `rng.split(i)`.
 *
 * Source of the correction's order: Hanin and Nica, "Finite Depth and Width Corrections to the Neural Tangent Kernel".
 *
 * @throws ArgumentError for fewer than 2 samples and for samples that differ in shape.
 * @throws NumericalError for samples that are not finite.
 * @example
 * ```ts
 * import { monteCarloKernel } from '@sntk/kernels';
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 * import { createRng } from '@sntk/random';
 *
 * const backend = ndarrayBackend();
 * const { mean } = monteCarloKernel(
 *   (rng) => tensor([[rng.normal() ** 2]], { backend }),
 *   { rng: createRng(1), samples: 10_000 },
 * );
 * console.log(toArray(mean)[0].toFixed(1)); // 1.0
 * ```
 */
export function monteCarloKernel<R>(
  sample: (rng: R) => Tensor,
  options: MonteCarloOptions<R>,
): MonteCarloKernel {
  const where = 'monteCarloKernel';
  const { rng, samples, onProgress, signal } = options;
  checkInteger(where, 'options.samples', samples, 2);
  let first: Tensor | undefined;
  let mean = new Float64Array(0);
  let squares = new Float64Array(0);
  for (let s = 0; s < samples; s++) {
    signal?.throwIfAborted();
    const kernel = sample(rng.split(s));
    if (!first) {
      first = kernel;
      const size = kernel.shape.reduce((a, b) => a * b, 1);
      [mean, squares] = [new Float64Array(size), new Float64Array(size)];
    }
    const { shape } = first;
    if (kernel.shape.length !== shape.length || kernel.shape.some((n, axis) => n !== shape[axis])) {
      throw new ArgumentError({
        where,
        argument: `sample(rng.split(${s}))`,
        wanted: `of shape [${shape.join(', ')}] as the first sample`,
        got: [...kernel.shape],
      });
    }
    // Welford's recursion.
    toFloat64(kernel).forEach((value, i) => {
      if (!Number.isFinite(value)) {
        throw new NumericalError({
          where,
          found: `entry ${i} of sample ${s} is ${value}`,
          details: { sample: s, entry: i },
        });
      }
      const apart = value - mean[i];
      mean[i] += apart / (s + 1);
      squares[i] += apart * (value - mean[i]);
    });
    onProgress?.({ done: s + 1, total: samples });
  }
  const shape = [...(first as Tensor).shape];
  const { backend } = first as Tensor;
  return {
    mean: tensor(mean, { backend, shape }),
    standardError: tensor(
      squares.map((sum) => Math.sqrt(sum / (samples - 1) / samples)),
      { backend, shape },
    ),
  };
}
