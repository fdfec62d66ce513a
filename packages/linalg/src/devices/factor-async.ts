import { type CholeskyResult, cholesky, type EighResult, eigh, type FactorInfo } from '../factor.ts';
import { type QrResult, qr } from '../qr.ts';
import type { Tensor } from '../tensor.ts';
import { type OnCpuOptions, onCpu } from './on-cpu.ts';

/**
 * `cholesky` wherever the matrix is. One on a device is read, factored in float64 on a CPU backend, and the factor put on
 * the device in its own format; `info.movedFrom` then names the device.
 *
 * To solve with the factor, do both in one `onCpu`: it keeps float64 in between.
 *
 * @throws what `cholesky` throws.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 * import { choleskyAsync } from '@sntk/linalg/devices';
 *
 * const A = tensor([[4, 2], [2, 5]], { backend: ndarrayBackend() });
 * console.log(toArray((await choleskyAsync(A)).L)); // Float64Array [2, 0, 1, 2]
 * ```
 */
export async function choleskyAsync(
  a: Tensor,
  options: { readonly jitter?: number } & OnCpuOptions = {},
): Promise<CholeskyResult> {
  return factored(a, (moved) => ({ ...cholesky(moved, options) }), options);
}

/**
 * `eigh` wherever the matrix is. One on a device is read and decomposed in float64 on a CPU backend; the eigenvectors are
 * put on the device in its own format, the eigenvalues stay as they are, and `info.movedFrom` names the device.
 *
 * @throws what `eigh` throws.
 */
export async function eighAsync(a: Tensor, options: OnCpuOptions = {}): Promise<EighResult> {
  return factored(a, (moved) => ({ ...eigh(moved) }), options);
}

/**
 * `qr` wherever the matrix is. One on a device is read, factored in float64 on a CPU backend, and the factors put on the
 * device in its own format; `info.movedFrom` then names the device.
 *
 * @throws what `qr` throws.
 */
export async function qrAsync(A: Tensor, options: OnCpuOptions = {}): Promise<QrResult> {
  return factored(A, (moved) => ({ ...qr(moved) }), options);
}

async function factored<T extends { readonly info: FactorInfo }>(
  a: Tensor,
  factor: (moved: Tensor) => T & Readonly<Record<string, unknown>>,
  options: OnCpuOptions,
): Promise<T> {
  const result = await onCpu([a], factor, options);
  if (a.backend.readSync) return result;
  return { ...result, info: { ...result.info, movedFrom: a.backend.name } };
}
