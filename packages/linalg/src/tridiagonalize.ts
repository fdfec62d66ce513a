import { ArgumentError, allFinite, checkFinite, NumericalError } from '@sntk/errors';
import type { Backend, TridiagonalArrays } from './backend.ts';
import { adopt } from './create.ts';
import { type FactorInfo, symmetricEntries } from './factor.ts';
import { checkOn, checkRank, toArray } from './ops.ts';
import { showShape, type Tensor } from './tensor.ts';

/** `A = Q T Qᵀ` with an orthogonal `Q`, which is never formed. */
export interface Tridiagonalization {
  /** The diagonal of `T`, `[n]`. */
  readonly diagonal: Float64Array;
  /** Entry `i` of `[n − 1]` couples `i` and `i + 1`. */
  readonly offDiagonal: Float64Array;
  /**
   * `Q B`, or `Qᵀ B`, for `B` `[n, p]`; the result is float64.
   *
   * @throws ArgumentError for shapes that do not fit, entries that are not finite, or a tensor of another backend.
   * @throws NumericalError when the product overflows.
   */
  apply(B: Tensor, options?: { readonly transpose?: boolean }): Tensor;
  readonly info: FactorInfo;
}

/**
 * Reduces a symmetric matrix to tridiagonal form by Householder reflections, `A = Q T Qᵀ`.
 *
 * For functions of a matrix that a tridiagonal one is enough for: shifted solves, eigenvalue counts, quadratures. It takes
 * half of the time of `eigh` or less, and a product with `Q` 2 n² p multiplications. Signs of the off-diagonal entries
 * differ between backends. A matrix on a device is reduced, and `apply` used, within one `onCpu` of `@sntk/linalg/devices`.
 *
 * Source: Golub and Van Loan, Matrix Computations.
 *
 * @throws ArgumentError for a matrix that is not square, not symmetric (by how much is told) or not finite.
 * @throws NumericalError when an entry of `T` overflows.
 * @throws UnavailableError on a backend without factorizations.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 * import { tridiagonalize } from '@sntk/linalg/operators';
 *
 * const backend = ndarrayBackend();
 * const { diagonal, offDiagonal, apply } = tridiagonalize(tensor([[2, 3, 4], [3, 1, 0], [4, 0, 1]], { backend }));
 * console.log(diagonal, offDiagonal.map(Math.abs)); // Float64Array [2, 1, 1] Float64Array [5, 0]
 * const e0 = tensor([[1], [0], [0]], { backend });
 * console.log(toArray(apply(e0))); // Float64Array [1, 0, 0]
 * ```
 */
export function tridiagonalize(A: Tensor): Tridiagonalization {
  return tridiagonalizeAs('tridiagonalize', 'A', A);
}

/** `tridiagonalize` with errors in the names of the function that a user called and of its argument. */
export function tridiagonalizeAs(where: string, argument: string, A: Tensor): Tridiagonalization {
  const { n, kernels, copy } = symmetricEntries(where, argument, A);
  const { diagonal, offDiagonal, multiply } = kernels.tridiagonalize(n, copy);
  if (!allFinite(diagonal) || !allFinite(offDiagonal)) {
    throw new NumericalError({
      where,
      found: `${argument} is so large that its tridiagonal form overflows`,
      fix: 'scale the matrix down',
    });
  }
  return {
    diagonal,
    offDiagonal,
    apply: (B, options = {}) => multiplied(A.backend, n, multiply, B, options.transpose === true),
    info: { jitter: 0, promoted: A.dtype === 'float32' },
  };
}

function multiplied(
  backend: Backend,
  n: number,
  multiply: TridiagonalArrays['multiply'],
  B: Tensor,
  transpose: boolean,
): Tensor {
  const where = 'tridiagonalize(A).apply';
  checkRank(where, 'B', B, 2);
  checkOn(where, 'B', B, backend, 'A');
  if (B.shape[0] !== n) {
    throw new ArgumentError({
      where,
      argument: 'B',
      wanted: `${n} rows, as many as A has`,
      got: showShape(B.shape),
    });
  }
  const out = new Float64Array(toArray(B));
  checkFinite(where, 'B', out);
  multiply(B.shape[1], out, transpose);
  if (!allFinite(out)) {
    throw new NumericalError({ where, found: 'the product overflows', fix: 'scale B down' });
  }
  return adopt(out, backend, B.shape);
}
