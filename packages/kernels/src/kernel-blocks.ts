import type { Architecture } from '@sntk/architecture';
import { checkInteger } from '@sntk/errors';
import { type Tensor, toFloat64 } from '@sntk/linalg';
import type { KernelOptions, KernelPair } from './analytic-kernel.ts';
import { deviceKernel, deviceRows } from './device-kernel.ts';
import { fill } from './fill.ts';
import { planOf } from './plan.ts';
import { checkPoints, checkTensors, readPoints, sliceRows } from './points.ts';
import { spatialBlocks, takesImages } from './spatial-kernel.ts';

const where = 'kernelBlocks';

export interface KernelBlockOptions extends KernelOptions {
  /** Rows of a block, 256 unless told; the last one may have fewer. */
  readonly rows?: number;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Aborting ends the iteration with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Rows `start` to `stop` of both kernels, `[stop − start, M]`. */
export interface KernelBlock extends KernelPair {
  readonly start: number;
  readonly stop: number;
}

/**
 * Both kernels of `analyticKernel` block of rows by block of rows, for kernels that do not fit in memory, for
 * showing progress (in rows) and for stopping early. A backend's fused recursion is used as there; of `X` against itself
 * the two triangles are computed apart and agree to rounding. Throws as `analyticKernel`.
 *
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { kernelBlocks } from '@sntk/kernels';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 *
 * const network = fullyConnected({ inputs: 1, hidden: [1] });
 * const X = tensor([[1], [2], [3]], { backend: ndarrayBackend() });
 * for (const { stop, ntk } of kernelBlocks(network, { X, rows: 2 })) console.log(stop, ntk.shape); // 2 [2, 3]
 * ```
 */
export function* kernelBlocks(
  architecture: Architecture,
  options: KernelBlockOptions,
): Generator<KernelBlock, void, undefined> {
  const { X, Z, rows = 256, onProgress, signal } = options;
  checkInteger(where, 'options.rows', rows, 1);
  checkTensors(where, X, Z);
  const found = takesImages(architecture)
    ? spatialBlocks(architecture, { where, X, Z, rows })
    : X.backend.readSync
      ? flatBlocks(architecture, { X, Z, rows })
      : deviceBlocks(architecture, { X, Z, rows });
  signal?.throwIfAborted();
  for (const block of found) {
    onProgress?.({ done: block.stop, total: X.shape[0] });
    yield block;
    signal?.throwIfAborted();
  }
}

interface BlockRequest {
  readonly X: Tensor;
  readonly Z: Tensor | undefined;
  readonly rows: number;
}

function* deviceBlocks(
  architecture: Architecture,
  { X, Z, rows }: BlockRequest,
): Generator<KernelBlock, void, undefined> {
  const { inputs } = architecture;
  const steps = planOf(architecture, where);
  checkPoints(where, 'options.X', X, inputs);
  if (Z) checkPoints(where, 'options.Z', Z, inputs);
  for (let start = 0; start < X.shape[0]; start += rows) {
    const stop = Math.min(start + rows, X.shape[0]);
    const part = deviceRows(X, start, stop);
    const block = deviceKernel(where, steps, part, Z ?? X);
    part.dispose();
    yield { start, stop, ...block };
  }
}

function* flatBlocks(
  architecture: Architecture,
  { X, Z, rows }: BlockRequest,
): Generator<KernelBlock, void, undefined> {
  const steps = planOf(architecture, where);
  const reader = { where, architecture, steps };
  const x = readPoints('options.X', X, reader);
  const z = Z ? readPoints('options.Z', Z, reader) : x;
  for (let start = 0; start < x.count; start += rows) {
    const stop = Math.min(start + rows, x.count);
    const block = sliceRows(x, start, stop);
    const { nngp, ntk } = fill(steps, { X, Z: Z ?? X, x: block, z });
    const both = { nngp: toFloat64(nngp), ntk: toFloat64(ntk) };
    if (!Z) {
      for (let i = start; i < stop; i++) {
        both.nngp[(i - start) * z.count + i] = x.tapes[i].nngp;
        both.ntk[(i - start) * z.count + i] = x.tapes[i].ntk;
      }
    }
    yield { start, stop, nngp, ntk };
  }
}
