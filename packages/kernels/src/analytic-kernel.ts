import { type Architecture, resolveLayers } from '@sntk/architecture';
import { ArgumentError } from '@sntk/errors';
import { type Tensor, tensor, toArray } from '@sntk/linalg';
import { firstVariances, type Points, pointsOf } from './first-layer.ts';
import { fusedRelu } from './fused-relu.ts';
import { checkPoints, diagonals, kernelLayers, pairRecursion } from './recursion.ts';

/** The two kernels of an infinitely wide network, float64. */
export interface KernelPair {
  /** Σ^D: the covariance of the outputs at initialization, `[N, M]`. */
  readonly nngp: Tensor;
  /** Θ^D: the tangent kernel, `[N, M]`. For `O` outputs the kernel is `Θ ⊗ I_O`. */
  readonly ntk: Tensor;
}

export interface KernelOptions {
  readonly X: Tensor;
  /** Other points; `X` itself unless told, and the result is then symmetric to the last bit. */
  readonly Z?: Tensor;
}

/**
 * NNGP and NTK of the infinitely wide network, MATH (3)–(6).
 *
 * Pairs that are nearly equal, parallel or opposite keep a relative accuracy of about 1e-12: the recursion carries the
 * distance and the determinant of each pair beside its covariance. The diagonal comes from its own closed form.
 *
 * Sources: Jacot, Gabriel and Hongler, "Neural Tangent Kernel"; Lee and others, "Deep Neural Networks as Gaussian
 * Processes".
 *
 * @throws ArgumentError for points of the wrong dimension or not finite (the row is named).
 * @throws UnavailableError for an activation without a closed-form dual.
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
export function analyticKernel(architecture: Architecture, options: KernelOptions): KernelPair {
  const { X, Z } = options;
  const layers = kernelLayers(resolveLayers(architecture));
  const x = points('options.X', X, architecture.inputs);
  const z = Z ? points('options.Z', Z, architecture.inputs) : x;
  const qx = diagonals(layers, firstVariances(x, layers[0]));
  const qz = Z ? diagonals(layers, firstVariances(z, layers[0])) : qx;
  const size = x.count * z.count;
  const nngp = new Float64Array(size);
  const ntk = new Float64Array(size);

  const needsCare = fusedRelu(layers, { X, Z: Z ?? X, qx, qz, nngp, ntk });
  const recursion = pairRecursion(layers, x, z);
  const pair = { nngp: 0, ntk: 0 };
  for (let i = 0; i < x.count; i++) {
    for (let j = 0; j < (Z ? z.count : i); j++) {
      const at = i * z.count + j;
      if (needsCare && !needsCare(i, j)) continue;
      recursion(i, j, qx.variances, qz.variances, pair);
      nngp[at] = pair.nngp;
      ntk[at] = pair.ntk;
    }
  }
  if (!Z) finishSymmetric(x.count, { nngp, ntk }, { nngp: qx.variances[layers.length - 1], ntk: qx.ntk });
  const shape = [x.count, z.count];
  return {
    nngp: tensor(nngp, { backend: X.backend, shape }),
    ntk: tensor(ntk, { backend: X.backend, shape }),
  };
}

function points(argument: string, X: Tensor, inputs: number): Points {
  if (X.shape.length !== 2) {
    throw new ArgumentError({
      where: 'analyticKernel',
      argument,
      wanted: `of shape [N, ${inputs}]`,
      got: [...X.shape],
    });
  }
  const result = pointsOf(toArray(X), X.shape[0], X.shape[1]);
  checkPoints(argument, result, inputs);
  return result;
}

type Both = { readonly nngp: Float64Array; readonly ntk: Float64Array };

/** Mirrors the lower half and sets the diagonal. */
function finishSymmetric(n: number, kernels: Both, diagonal: Both): void {
  for (const name of ['nngp', 'ntk'] as const) {
    const a = kernels[name];
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) a[j * n + i] = a[i * n + j];
      a[i * n + i] = diagonal[name][i];
    }
  }
}
