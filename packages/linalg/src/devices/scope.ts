import type { Backend } from '../backend.ts';
import type { Tensor } from '../tensor.ts';

/**
 * Runs a computation and gives back the memory of every tensor made in it, but not of those it returns, by name.
 *
 * A device does not know when JavaScript forgets a tensor; this saves a `dispose` for each intermediate one. Tensors from
 * outside stay. On CPU backends it is a plain call. Scopes may be nested.
 *
 * @example
 * ```ts
 * import { add, matmul, ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 * import { scope } from '@sntk/linalg/devices';
 *
 * const backend = ndarrayBackend();
 * const A = tensor([[1, 2], [3, 4]], { backend });
 * const { shifted } = scope(backend, () => ({ shifted: add(matmul(A, A), 1) }));
 * console.log(toArray(shifted)); // Float64Array [8, 11, 16, 23]
 * ```
 */
export function scope<T extends Readonly<Record<string, Tensor>>>(backend: Backend, compute: () => T): T {
  if (!backend.scope) return compute();
  let result: T | undefined;
  backend.scope(() => {
    result = compute();
    return Object.values(result);
  });
  return result!;
}
