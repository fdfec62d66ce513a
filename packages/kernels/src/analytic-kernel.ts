import type { Architecture } from '@sntk/architecture';
import { checkChoice } from '@sntk/errors';
import type { Tensor } from '@sntk/linalg';
import { deviceDiagonals, deviceKernel } from './device-kernel.ts';
import { fill } from './fill.ts';
import { diagonalsOf, type KernelDiagonals } from './kernel-diagonals.ts';
import { planOf } from './plan.ts';
import { checkPoints, checkTensors, readPoints } from './points.ts';
import { spatialDiagonals, spatialKernel, takesImages } from './spatial-kernel.ts';

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
 * @throws ArgumentError for points of the wrong dimension, not finite (the row is named) or on two backends, activations and
 * normalization of units that are not Gaussian, sums or products of correlated branches (the layer is named), and
 * images or numbers of them that do not fit in memory.
 * @throws UnavailableError for an activation without Gaussian moments, and for layers that a device does not have.
 * @throws NumericalError where variances overflow, or are so small but not 0 (1e-150) that angles would be lost.
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
  checkTensors('analyticKernel', X, Z);
  if (takesImages(architecture)) {
    const of = (X: Tensor): KernelDiagonals => spatialDiagonals(architecture, { where: 'analyticKernel', X });
    return choose(get, spatialKernel(architecture, { where: 'analyticKernel', X, Z }), () => ({
      X: of(X),
      Z: of(Z ?? X),
    }));
  }
  const steps = planOf(architecture, 'analyticKernel');
  if (!X.backend.readSync) {
    checkPoints('analyticKernel', 'options.X', X, architecture.inputs);
    if (Z) checkPoints('analyticKernel', 'options.Z', Z, architecture.inputs);
    return choose(get, deviceKernel('analyticKernel', steps, X, Z ?? X), () => ({
      X: deviceDiagonals(steps, X),
      Z: deviceDiagonals(steps, Z ?? X),
    }));
  }
  const reader = { where: 'analyticKernel', architecture, steps };
  const x = readPoints('options.X', X, reader);
  const z = Z ? readPoints('options.Z', Z, reader) : x;
  return choose(get, fill(steps, { X, Z, x, z }), () => ({ X: diagonalsOf(X, x), Z: diagonalsOf(X, z) }));
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
