import { ArgumentError, checkInteger } from '@sntk/errors';
import { tensor } from '../create.ts';
import { eigh } from '../factor.ts';
import { toFloat64 } from '../ops.ts';
import {
  checkCount,
  type LanczosOptions,
  type LanczosResult,
  lanczosEigenvalues,
  trueResidual,
} from './lanczos.ts';
import type { LinearOperator } from './linear-operator.ts';

export interface TopEigenpairsOptions extends LanczosOptions {
  /** Gives the standard normals of the start block; a generator of `@sntk/random` fits. */
  readonly rng: { normal(): number };
  /** Columns of the start block: an eigenvalue is found as often as it is repeated up to here. The smaller of 4 and `count` unless told. */
  readonly width?: number;
}

/** Up to this size the whole decomposition is as fast. */
const SMALL = 128;

/**
 * The largest eigenvalues of a symmetric operator with their eigenvectors, from all of them when the matrix is small or
 * most are wanted, else by block Lanczos from a random start.
 *
 * With the result, `lowRank(vectors, tensor(values, …))` is the best approximation of that rank to a positive
 * semidefinite operator. Runs on CPU backends with factorizations.
 *
 * @throws ArgumentError for a count that the size does not have; NumericalError as `lanczosEigenvalues` throws it.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { diagonal, topEigenpairs } from '@sntk/linalg/operators';
 * import { createRng } from '@sntk/random';
 *
 * const A = diagonal(tensor([5, 1, 4, 2], { backend: ndarrayBackend() }));
 * const { values } = topEigenpairs(A, { count: 2, rng: createRng(1) });
 * console.log(values.map(Math.round)); // Float64Array [4, 5]
 * ```
 */
export function topEigenpairs(A: LinearOperator, options: TopEigenpairsOptions): LanczosResult {
  const where = 'topEigenpairs';
  const n = A.size;
  const count = checkCount(where, n, options.count);
  const width = checkInteger(where, 'options.width', options.width ?? Math.min(4, count), 1);
  if (typeof options.rng?.normal !== 'function') {
    throw new ArgumentError({
      where,
      argument: 'options.rng',
      wanted: 'a generator of normals, for example createRng(1) of @sntk/random',
      got: options.rng,
    });
  }
  if (n <= SMALL || 2 * count >= n) return fromAll(A, count);
  const start = Float64Array.from({ length: n * Math.min(width, n) }, () => options.rng.normal());
  return lanczosEigenvalues(
    A,
    tensor(start, { backend: A.backend, dtype: A.dtype, shape: [n, Math.min(width, n)] }),
    options,
  );
}

function fromAll(A: LinearOperator, count: number): LanczosResult {
  const n = A.size;
  const all = eigh(A.toDense());
  const entries = toFloat64(all.vectors);
  const kept = Float64Array.from(
    { length: n * count },
    (_, i) => entries[Math.floor(i / count) * n + n - count + (i % count)],
  );
  const values = all.values.slice(n - count);
  const vectors = tensor(kept, { backend: A.backend, dtype: A.dtype, shape: [n, count] });
  const largest = all.values.reduce((most, x) => Math.max(most, Math.abs(x)), 0) || 1;
  return { values, vectors, info: { dimension: n, residual: trueResidual(A, { values, vectors }, largest) } };
}
