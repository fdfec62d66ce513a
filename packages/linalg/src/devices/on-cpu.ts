import { ArgumentError } from '@sntk/errors';
import type { Backend } from '../backend.ts';
import { toBackend } from '../create.ts';
import { ndarrayBackend } from '../ndarray-backend.ts';
import { nameBeside } from '../ops.ts';
import type { Tensor } from '../tensor.ts';

export interface OnCpuOptions {
  /** Where the computation runs when the tensors are on a device; the plain backend unless told. */
  readonly cpu?: Backend;
}

/**
 * Runs a computation on a CPU backend for tensors that may be on a device: reads them, computes, and puts the tensors
 * of the result, by name, on their backend again. What is no tensor comes back as it is.
 *
 * Factorizations and solves in one call stay in float64 from one to the next; only the end is rounded to the device's
 * float32. Tensors of a CPU backend are used where they are.
 *
 * @throws ArgumentError for tensors of two backends, none at all, or a `cpu` that is a device.
 * @example
 * ```ts
 * import { cholesky, logDeterminant, ndarrayBackend, solveCholesky, tensor, toArray } from '@sntk/linalg';
 * import { onCpu } from '@sntk/linalg/devices';
 *
 * const backend = ndarrayBackend(); // or a device
 * const A = tensor([[4, 2], [2, 5]], { backend });
 * const B = tensor([[8], [12]], { backend });
 * const { X, logDet } = await onCpu([A, B], (a, b) => {
 *   const factor = cholesky(a);
 *   return { X: solveCholesky(factor, b), logDet: logDeterminant(factor) };
 * });
 * console.log(toArray(X), Math.exp(logDet).toFixed(6)); // Float64Array [1, 2] 16.000000
 * ```
 */
export async function onCpu<T extends Readonly<Record<string, unknown>>>(
  tensors: readonly Tensor[],
  compute: (...tensors: readonly Tensor[]) => T,
  options: OnCpuOptions = {},
): Promise<T> {
  const where = 'onCpu';
  if (tensors.length === 0) {
    throw new ArgumentError({ where, argument: 'tensors', wanted: 'at least one tensor', got: [] });
  }
  const { backend } = tensors[0];
  tensors.forEach((t, i) => {
    if (t.backend === backend) return;
    throw new ArgumentError({
      where,
      argument: `tensors[${i}]`,
      wanted: `on backend ${backend.name} like the first`,
      got: nameBeside(t.backend, backend),
    });
  });
  if (backend.readSync) return compute(...tensors);
  const cpu = options.cpu ?? ndarrayBackend();
  if (!cpu.readSync) {
    throw new ArgumentError({
      where,
      argument: 'options.cpu',
      wanted: 'a CPU backend',
      got: cpu.name,
    });
  }
  const moved = await Promise.all(tensors.map((t) => toBackend(t, cpu)));
  const result: Record<string, unknown> = { ...compute(...moved) };
  for (const [name, value] of Object.entries(result)) {
    if (isTensor(value)) result[name] = await toBackend(value, backend);
  }
  return result as T;
}

function isTensor(value: unknown): value is Tensor {
  return value !== null && typeof value === 'object' && 'backend' in value && 'storage' in value;
}
