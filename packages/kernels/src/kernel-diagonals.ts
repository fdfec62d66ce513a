import type { Architecture } from '@sntk/architecture';
import { type Tensor, tensor } from '@sntk/linalg';
import { deviceDiagonals } from './device-kernel.ts';
import { planOf } from './plan.ts';
import { checkPoints, checkTensors, type Points, readPoints } from './points.ts';
import { spatialDiagonals, takesImages } from './spatial-kernel.ts';

/** Both kernels' diagonals, float64 on CPU backends and float32 on devices. */
export interface KernelDiagonals {
  /** Σ^D(x, x), `[N]`. */
  readonly nngp: Tensor;
  /** Θ^D(x, x), `[N]`. */
  readonly ntk: Tensor;
}

/**
 * The diagonals of both kernels, MATH (3)–(6), in O(N) time and memory. Throws as `analyticKernel`.
 *
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { kernelDiagonals } from '@sntk/kernels';
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 *
 * const network = fullyConnected({ inputs: 1, hidden: [1, 1], biasVariance: 0 });
 * const X = tensor([[1], [2]], { backend: ndarrayBackend() });
 * console.log(toArray(kernelDiagonals(network, { X }).ntk)); // Float64Array(2) [ 6, 24 ]
 * ```
 */
export function kernelDiagonals(
  architecture: Architecture,
  options: { readonly X: Tensor },
): KernelDiagonals {
  const { X } = options;
  const where = 'kernelDiagonals';
  checkTensors(where, X);
  if (takesImages(architecture)) return spatialDiagonals(architecture, { where, X });
  const steps = planOf(architecture, where);
  if (!X.backend.readSync) {
    checkPoints(where, 'options.X', X, architecture.inputs);
    return deviceDiagonals(steps, X);
  }
  return diagonalsOf(X, readPoints('options.X', X, { where, architecture, steps }));
}

/** The diagonals of points that have been read. */
export function diagonalsOf(X: Tensor, { tapes, count }: Points): KernelDiagonals {
  const of = (name: 'nngp' | 'ntk'): Tensor =>
    tensor(
      Float64Array.from(tapes, (tape) => tape[name]),
      { backend: X.backend, shape: [count] },
    );
  return { nngp: of('nngp'), ntk: of('ntk') };
}
