import type { Architecture } from '@sntk/architecture';
import { checkChoice, checkInteger } from '@sntk/errors';
import { type Tensor, tensor, toFloat64, zeros } from '@sntk/linalg';
import { checkDevicePoints, deviceDiagonals, deviceKernel, deviceRows } from './device-kernel.ts';
import { type FusedRequest, fusedRelu } from './fused-relu.ts';
import { planOf, type Step } from './plan.ts';
import { inputPair, type Points, readPoints, sliceRows } from './points.ts';
import { pairRecursion } from './recursion.ts';
import { spatialBlocks, spatialDiagonals, spatialKernel, takesImages } from './spatial-kernel.ts';
import { emptyState, type PairState } from './state.ts';

/** The two kernels of an infinitely wide network, float64 on CPU backends and float32 on devices. */
export interface KernelPair {
  /** Σ^D: the covariance of the outputs at initialization, `[N, M]`. */
  readonly nngp: Tensor;
  /** Θ^D: the tangent kernel, `[N, M]`. For `O` outputs the kernel is `Θ ⊗ I_O`. */
  readonly ntk: Tensor;
}

/** What to give: one kernel, both, or both with the diagonals. */
export type KernelChoice = 'nngp' | 'ntk' | 'both' | 'all';

/** What {@link analyticKernel} gives for a choice. */
export type KernelResult<G extends KernelChoice> = G extends 'nngp' | 'ntk'
  ? Pick<KernelPair, G>
  : G extends 'all'
    ? KernelPair & { readonly diagonals: { readonly X: KernelDiagonals; readonly Z: KernelDiagonals } }
    : KernelPair;

export interface KernelOptions {
  /** `[N, d]`; images also as `[N, ...inputShape]`. */
  readonly X: Tensor;
  /** Other points; `X` itself unless told, and the result is then symmetric to the last bit. */
  readonly Z?: Tensor;
}

/**
 * NNGP and NTK of the infinitely wide network, MATH (3)–(6), with branches, layer normalization and dropout,
 * and over pairs of sites where inputs are images, with convolutions and pooling.
 *
 * Pairs that are nearly equal, parallel or opposite keep a relative accuracy of about 1e-12: the recursion carries the
 * distance and the determinant of each pair beside its covariance. The diagonal comes from its own closed form.
 *
 * Points on a device stay there: dense layers with ReLU, erf or no activation between them run by operations on tensors, in
 * float32, to 1e-5 of √(Θ(x, x) Θ(z, z)). Entries that are not finite are then not refused but show in the result.
 *
 * Sources: Jacot, Gabriel and Hongler, "Neural Tangent Kernel"; Lee and others, "Deep Neural Networks as Gaussian
 * Processes"; Novak and others, "Bayesian Deep Convolutional Networks with Many Channels are Gaussian Processes".
 *
 * `get` narrows the result: `'nngp'` or `'ntk'` alone, `'both'` unless told, `'all'` with the diagonals of both point sets.
 *
 * @throws ArgumentError for points of the wrong dimension or not finite (the row is named), activations and
 * normalization of units that are not Gaussian, sums or products of correlated branches (the layer is named), and
 * images or numbers of them that do not fit in memory.
 * @throws UnavailableError for an activation without Gaussian moments, and for layers that a device does not have.
 * @throws NumericalError where a kernel overflows.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { analyticKernel } from '@sntk/kernels';
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 *
 * const network = fullyConnected({ inputs: 2, hidden: [1], weightVariance: 2, biasVariance: 0 });
 * const X = tensor([[1, 0], [0, 1]], { backend: ndarrayBackend() });
 * const { ntk } = analyticKernel(network, { X });
 * console.log(toArray(ntk)[1] * Math.PI); // 1
 * ```
 */
export function analyticKernel<G extends KernelChoice = 'both'>(
  architecture: Architecture,
  options: KernelOptions & { readonly get?: G },
): KernelResult<G> {
  const { X, Z } = options;
  const get = checkChoice('analyticKernel', 'options.get', options.get ?? 'both', CHOICES) as G;
  if (takesImages(architecture)) {
    const of = (X: Tensor): KernelDiagonals => spatialDiagonals(architecture, { where: 'analyticKernel', X });
    return choose(get, spatialKernel(architecture, { where: 'analyticKernel', X, Z }), () => ({
      X: of(X),
      Z: of(Z ?? X),
    }));
  }
  const steps = planOf(architecture, 'analyticKernel');
  if (!X.backend.readSync) {
    checkDevicePoints('analyticKernel', 'options.X', X, architecture.inputs);
    if (Z) checkDevicePoints('analyticKernel', 'options.Z', Z, architecture.inputs);
    return choose(get, deviceKernel('analyticKernel', steps, X, Z ?? X), () => ({
      X: deviceDiagonals(steps, X),
      Z: deviceDiagonals(steps, Z ?? X),
    }));
  }
  const reader = { where: 'analyticKernel', architecture, steps };
  const x = readPoints('options.X', X, reader);
  const z = Z ? readPoints('options.Z', Z, reader) : x;
  const shape = [x.count, z.count];
  // Written in place: a copy of a large kernel costs as much as the kernel.
  const nngp = zeros(shape, { backend: X.backend, dtype: 'float64' });
  const ntk = zeros(shape, { backend: X.backend, dtype: 'float64' });
  fill(steps, { X, Z, x, z, nngp: toFloat64(nngp), ntk: toFloat64(ntk) });
  return choose(get, { nngp, ntk }, () => ({ X: diagonalsOf(X, x), Z: diagonalsOf(X, z) }));
}

/** What was asked for; a kernel that was not is given back, which matters on a device. */
function choose<G extends KernelChoice>(
  get: G,
  { nngp, ntk }: KernelPair,
  diagonals: () => { readonly X: KernelDiagonals; readonly Z: KernelDiagonals },
): KernelResult<G> {
  if (get === 'nngp') ntk.dispose();
  if (get === 'ntk') nngp.dispose();
  return {
    ...(get === 'ntk' ? {} : { nngp }),
    ...(get === 'nngp' ? {} : { ntk }),
    ...(get === 'all' ? { diagonals: diagonals() } : {}),
  } as KernelResult<G>;
}

const CHOICES = ['nngp', 'ntk', 'both', 'all'] as const;

/** Both kernels' diagonals, float64. */
export interface KernelDiagonals {
  /** Σ^D(x, x), `[N]`. */
  readonly nngp: Tensor;
  /** Θ^D(x, x), `[N]`. */
  readonly ntk: Tensor;
}

/**
 * The diagonals of both kernels, MATH (3)–(6), in O(N) time and memory. Throws as {@link analyticKernel}.
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
  if (takesImages(architecture)) return spatialDiagonals(architecture, { where: 'kernelDiagonals', X });
  const where = 'kernelDiagonals';
  const steps = planOf(architecture, where);
  if (!X.backend.readSync) {
    checkDevicePoints(where, 'options.X', X, architecture.inputs);
    return deviceDiagonals(steps, X);
  }
  return diagonalsOf(X, readPoints('options.X', X, { where, architecture, steps }));
}

function diagonalsOf(X: Tensor, { tapes, count }: Points): KernelDiagonals {
  const of = (name: 'nngp' | 'ntk'): Tensor =>
    tensor(
      Float64Array.from(tapes, (tape) => tape[name]),
      { backend: X.backend, shape: [count] },
    );
  return { nngp: of('nngp'), ntk: of('ntk') };
}

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
 * Both kernels of {@link analyticKernel} block of rows by block of rows, for kernels that do not fit in memory, for
 * showing progress (in rows) and for stopping early. A backend's fused recursion is used as there; of `X` against itself
 * the two triangles are computed apart and agree to rounding. Throws as {@link analyticKernel}.
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
  const where = 'kernelBlocks';
  const { X, Z, rows = 256, onProgress, signal } = options;
  checkInteger(where, 'options.rows', rows, 1);
  if (takesImages(architecture)) {
    signal?.throwIfAborted();
    for (const block of spatialBlocks(architecture, { where, X, Z, rows })) {
      onProgress?.({ done: block.stop, total: X.shape[0] });
      yield block;
      signal?.throwIfAborted();
    }
    return;
  }
  const steps = planOf(architecture, where);
  if (!X.backend.readSync) {
    checkDevicePoints(where, 'options.X', X, architecture.inputs);
    if (Z) checkDevicePoints(where, 'options.Z', Z, architecture.inputs);
    for (let start = 0; start < X.shape[0]; start += rows) {
      signal?.throwIfAborted();
      const stop = Math.min(start + rows, X.shape[0]);
      const part = deviceRows(X, start, stop);
      const block = deviceKernel(where, steps, part, Z ?? X);
      part.dispose();
      onProgress?.({ done: stop, total: X.shape[0] });
      yield { start, stop, ...block };
    }
    return;
  }
  const reader = { where, architecture, steps };
  const x = readPoints('options.X', X, reader);
  const z = Z ? readPoints('options.Z', Z, reader) : x;
  for (let start = 0; start < x.count; start += rows) {
    signal?.throwIfAborted();
    const stop = Math.min(start + rows, x.count);
    const block = sliceRows(x, start, stop);
    const shape = [block.count, z.count];
    const nngp = zeros(shape, { backend: X.backend, dtype: 'float64' });
    const ntk = zeros(shape, { backend: X.backend, dtype: 'float64' });
    const both = { nngp: toFloat64(nngp), ntk: toFloat64(ntk) };
    fill(steps, { X, Z: Z ?? X, x: block, z, ...both });
    if (!Z) {
      for (let i = start; i < stop; i++) {
        both.nngp[(i - start) * z.count + i] = x.tapes[i].nngp;
        both.ntk[(i - start) * z.count + i] = x.tapes[i].ntk;
      }
    }
    onProgress?.({ done: stop, total: x.count });
    yield { start, stop, nngp, ntk };
  }
}

/** From this number of pairs on, tables of moments cost less than the quadratures they replace. */
const MANY = 2000;

/** Fills both kernels; of `X` against itself (no Z) one half, mirrored, and the diagonal from its closed form. */
function fill(steps: readonly Step[], request: Omit<FusedRequest, 'careful'>): void {
  const { Z, x, z, nngp, ntk } = request;
  const pairs = Z ? x.count * z.count : (x.count * (x.count - 1)) / 2;
  const recursion = pairRecursion(steps, pairs >= MANY);
  const state = emptyState();
  const careful = (i: number, j: number): PairState => {
    inputPair(x, i, z, j, state);
    recursion(state, x.tapes[i].variances, z.tapes[j].variances);
    return state;
  };
  const fused = fusedRelu(steps, { ...request, careful });
  for (let i = 0; i < x.count; i++) {
    for (let j = 0; !fused && j < (Z ? z.count : i); j++) {
      const { covariance, ntk: theta } = careful(i, j);
      const at = i * z.count + j;
      nngp[at] = covariance;
      ntk[at] = theta;
      if (Z) continue;
      nngp[j * x.count + i] = covariance;
      ntk[j * x.count + i] = theta;
    }
    if (Z) continue;
    nngp[i * x.count + i] = x.tapes[i].nngp;
    ntk[i * x.count + i] = x.tapes[i].ntk;
  }
}
