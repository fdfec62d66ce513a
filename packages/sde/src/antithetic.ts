import type { IncrementSource } from './brownian-increments.ts';

/**
 * The mirror image of a source of Brownian increments: −dW and −∫W dt, with iterated integrals as they are.
 *
 * The mean of φ over a path and its mirror image has the same expectation as φ, and a smaller variance than two
 * independent paths have wherever φ is monotone in the noise.
 *
 * @param source increments and integrals of the paths to be mirrored
 * @param iterated whether the source's integrals are Lévy areas, of which the mirror image keeps the sign
 *
 * Source: Hammersley and Morton, "A New Monte Carlo Technique: Antithetic Variates".
 *
 * @example
 * ```ts
 * import { createRng } from '@sntk/random';
 * import { brownianIncrements } from '@sntk/sde';
 * import { antithetic } from '@sntk/sde/statistics';
 *
 * const source = brownianIncrements({ rng: createRng(1), noiseDimension: 1, paths: 1, step: 0.1 });
 * const [a, b] = [new Float64Array(1), new Float64Array(1)];
 * source(3, a);
 * antithetic(source)(3, b);
 * console.log(a[0] + b[0]); // 0
 * ```
 */
export function antithetic(source: IncrementSource, iterated = false): IncrementSource {
  return (step, dW, integrals) => {
    source(step, dW, integrals);
    for (let i = 0; i < dW.length; i++) dW[i] = -dW[i];
    if (integrals && !iterated) for (let i = 0; i < integrals.length; i++) integrals[i] = -integrals[i];
  };
}
