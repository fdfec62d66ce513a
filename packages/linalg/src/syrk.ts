import { add, checkRank, matmul, mul, transpose } from './ops.ts';
import { checkBytes } from './shape.ts';
import type { Tensor } from './tensor.ts';

/**
 * The Gram matrix `X Xᵀ` `[n, n]` of `X` `[n, k]`, or `Xᵀ X` `[k, k]`, equal to its own transpose to the last bit.
 *
 * CPU backends compute the lower triangle and copy it: half the multiplications of `matmul`. On a device the product is
 * averaged with its transpose. With `triangle: 'lower'` entries above the diagonal mean nothing, and the copy is saved.
 *
 * @throws ArgumentError for what is not a matrix, and for a result of over 8 GiB, before anything is allocated.
 * @example
 * ```ts
 * import { ndarrayBackend, syrk, tensor, toArray } from '@sntk/linalg';
 *
 * const X = tensor([[1, 2], [3, 4], [5, 6]], { backend: ndarrayBackend() });
 * console.log(toArray(syrk(X, { transpose: true }))); // Float64Array [35, 44, 44, 56]
 * ```
 */
export function syrk(
  X: Tensor,
  options: { readonly transpose?: boolean; readonly triangle?: 'lower' } = {},
): Tensor {
  checkRank('syrk', 'X', X, 2);
  const transposed = options.transpose === true;
  const n = X.shape[transposed ? 1 : 0];
  checkBytes('syrk', 'the product', [n, n], X.dtype);
  if (X.backend.syrk) return X.backend.syrk(X, transposed, options.triangle === 'lower');
  const product = matmul(X, X, transposed ? { transposeA: true } : { transposeB: true });
  const mirrored = transpose(product);
  const sum = add(product, mirrored);
  const mean = mul(sum, 0.5);
  for (const used of [product, mirrored, sum]) used.dispose();
  return mean;
}
