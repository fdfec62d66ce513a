import { ArgumentError, checkFinite, checkInteger } from '@sntk/errors';
import type { Backend } from '../backend.ts';
import { eye } from '../create.ts';
import {
  checkOn,
  checkRank,
  checkTogether,
  matmul,
  mul,
  nameBeside,
  reshape,
  toArray,
  transpose,
} from '../ops.ts';
import { type DType, showShape, type Tensor } from '../tensor.ts';

/** A square matrix known by its products. */
export interface LinearOperator {
  /** The number of rows, and of columns. */
  readonly size: number;
  readonly backend: Backend;
  readonly dtype: DType;
  /** The product with `x` `[size, p]`. */
  apply(x: Tensor): Tensor;
  /** The matrix itself, `[size, size]`. */
  toDense(): Tensor;
}

/**
 * The operator of a square matrix.
 *
 * @throws ArgumentError for what is not a square matrix.
 */
export function dense(A: Tensor): LinearOperator {
  checkRank('dense', 'A', A, 2);
  if (A.shape[0] !== A.shape[1]) {
    throw new ArgumentError({
      where: 'dense',
      argument: 'A',
      wanted: 'a square matrix',
      got: showShape(A.shape),
    });
  }
  return make(
    'dense(A).apply',
    A.shape[0],
    A,
    (x) => matmul(A, x),
    () => A,
  );
}

/**
 * The operator `diag(d)` of a vector `[n]`.
 *
 * @throws ArgumentError for what is not a vector.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 * import { diagonal } from '@sntk/linalg/operators';
 *
 * const backend = ndarrayBackend();
 * const D = diagonal(tensor([2, 3], { backend }));
 * console.log(toArray(D.apply(tensor([[1], [10]], { backend })))); // Float64Array [2, 30]
 * ```
 */
export function diagonal(d: Tensor): LinearOperator {
  checkRank('diagonal', 'd', d, 1);
  const n = d.shape[0];
  const column = reshape(d, [n, 1]);
  return make(
    'diagonal(d).apply',
    n,
    d,
    (x) => mul(column, x),
    () => mul(eye(n, { backend: d.backend, dtype: d.dtype }), column),
  );
}

/**
 * The operator `U diag(s) Uᵀ` of rank at most r, from `U` `[n, r]` and `s` `[r]`; a product costs 4nr operations.
 *
 * @throws ArgumentError when shapes do not fit or the tensors are of two backends or dtypes.
 */
export function lowRank(U: Tensor, s: Tensor): LinearOperator {
  checkRank('lowRank', 'U', U, 2);
  checkRank('lowRank', 's', s, 1);
  checkTogether('lowRank', U, s, 's');
  const [n, r] = U.shape;
  if (s.shape[0] !== r) {
    throw new ArgumentError({
      where: 'lowRank',
      argument: 's',
      wanted: `of shape [${r}], one entry for each column of U ${showShape(U.shape)}`,
      got: showShape(s.shape),
    });
  }
  const column = reshape(s, [r, 1]);
  return make(
    'lowRank(U, s).apply',
    n,
    U,
    (x) => matmul(U, mul(column, matmul(U, x, { transposeA: true }))),
    () => matmul(U, mul(column, transpose(U))),
  );
}

/**
 * The operator `A ⊗ I` for `outputs` outputs, on vectors ordered example by example: entry `i · outputs + o` belongs
 * to row i of `A` and output o. A product costs as much as `outputs` products of `A`.
 *
 * @throws ArgumentError for a number of outputs that is not an integer of at least 1.
 */
export function kroneckerIdentity(A: LinearOperator, outputs: number): LinearOperator {
  checkInteger('kroneckerIdentity', 'outputs', outputs, 1);
  const size = A.size * outputs;
  const apply = (x: Tensor): Tensor => {
    const columns = x.shape[1];
    return reshape(A.apply(reshape(x, [A.size, outputs * columns])), [size, columns]);
  };
  return make('kroneckerIdentity(A).apply', size, A, apply, () =>
    apply(eye(size, { backend: A.backend, dtype: A.dtype })),
  );
}

/** Throws unless `x` is a block `[size, p]` of finite numbers on the operator's backend. */
export function checkBlock(where: string, argument: string, x: Tensor, A: LinearOperator): void {
  checkRank(where, argument, x, 2);
  checkOn(where, argument, x, A.backend);
  if (x.shape[0] !== A.size) {
    throw new ArgumentError({
      where,
      argument,
      wanted: `${A.size} rows, as A has`,
      got: showShape(x.shape),
    });
  }
  checkFinite(where, argument, toArray(x));
}

/** An operator that checks what it is applied to. */
export function make(
  where: string,
  size: number,
  like: { readonly backend: Backend; readonly dtype: DType },
  apply: (x: Tensor) => Tensor,
  toDense: () => Tensor,
): LinearOperator {
  const { backend, dtype } = like;
  return {
    size,
    backend,
    dtype,
    apply(x: Tensor): Tensor {
      checkRank(where, 'x', x, 2);
      if (x.backend !== backend || x.dtype !== dtype || x.shape[0] !== size) {
        throw new ArgumentError({
          where,
          argument: 'x',
          wanted: `of ${size} rows on backend ${backend.name} (${dtype})`,
          got: `${showShape(x.shape)} on ${nameBeside(x.backend, backend)} (${x.dtype})`,
        });
      }
      return apply(x);
    },
    toDense,
  };
}
