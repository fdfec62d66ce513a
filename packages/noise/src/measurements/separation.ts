import { checkNonNegative, NumericalError } from '@sntk/errors';
import type { Tensor } from '@sntk/linalg';
import { readKernel } from './kernel-matrix.ts';
import { compare, type EntryMeasurement } from './measurement.ts';

/**
 * The separation `δ` of Assumption 2: the largest `K(x_i, x_j)²/(K(x_i, x_i) K(x_j, x_j))` over pairs of different points.
 *
 * It is near 1 for smooth data (0.996 on two moons of a hundred points), where the assumption says almost nothing.
 *
 * Source: Assumption 2 of "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD".
 *
 * @param K kernel on the training points, `[N, N]`
 * @throws ArgumentError when `K` is not square and symmetric or its diagonal is not positive.
 * @throws NumericalError when a squared cosine is above 1, so that `K` is not positive semidefinite.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { separation } from '@sntk/noise/measurements';
 *
 * console.log(separation(tensor([[2, 1], [1, 2]], { backend: ndarrayBackend() }))); // 0.25
 * ```
 */
export function separation(K: Tensor): number {
  return closestPair('separation', K).squaredCosine;
}

/**
 * Lemma 2 as a measurement: the largest `|K(x_i, x_j)|/√(K(x_i, x_i) K(x_j, x_j))` against `√δ`.
 *
 * For the kernel that `δ` was measured on the two are the same number. The lemma speaks of a finite network: give its kernel
 * with the `δ` of infinite width. What is above `√δ` is the lemma's `O(n^{−1/2})`.
 *
 * Source: "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD", Lemma 2.
 *
 * @param K kernel on the training points, `[N, N]`: that of a network
 * @throws ArgumentError when `K` is not square and symmetric, its diagonal is not positive, or `δ` is negative.
 * @throws NumericalError as `separation`.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { measureDecorrelation } from '@sntk/noise/measurements';
 *
 * const K = tensor([[2, 1], [1, 2]], { backend: ndarrayBackend() });
 * const { measured, holds, at } = measureDecorrelation(K, { delta: 0.16 });
 * console.log(measured, holds, at); // 0.5 false [1, 0]
 * ```
 */
export function measureDecorrelation(K: Tensor, options: { readonly delta: number }): EntryMeasurement {
  const where = 'measureDecorrelation';
  const delta = checkNonNegative(where, 'options.delta', options.delta);
  const { squaredCosine, at } = closestPair(where, K);
  return { ...compare(Math.sqrt(squaredCosine), Math.sqrt(delta)), at };
}

/** Squared cosines above one by up to this are rounding of the entries: of points that are the same. */
const ABOVE_ONE = { float64: 1e-12, float32: 1e-6 } as const;

function closestPair(
  where: string,
  K: Tensor,
): { readonly squaredCosine: number; readonly at: readonly [number, number] } {
  const { N, k } = readKernel(where, K);
  let squaredCosine = 0;
  let at: readonly [number, number] = [0, 0];
  for (let i = 0; i < N; i++) {
    for (let j = 0; j < i; j++) {
      // In this order nothing overflows, for kernels of any scale.
      const square = (k[i * N + j] / k[i * N + i]) * (k[i * N + j] / k[j * N + j]);
      if (square > squaredCosine) [squaredCosine, at] = [square, [i, j]];
    }
  }
  if (squaredCosine > 1 + ABOVE_ONE[K.dtype]) {
    const [a, b, c] = [k[at[0] * (N + 1)], k[at[1] * (N + 1)], k[at[0] * N + at[1]]];
    const smallest = (a + b) / 2 - Math.hypot((a - b) / 2, c);
    throw new NumericalError({
      where,
      found: `K is not positive semidefinite: the squared cosine of points ${at.join(' and ')} is ${squaredCosine.toPrecision(6)}, above 1`,
      fix: `check the kernel, or add a jitter of ${(-smallest).toExponential(1)} at least to its diagonal`,
      details: { squaredCosine, at, smallest },
    });
  }
  return { squaredCosine: Math.min(1, squaredCosine), at };
}
