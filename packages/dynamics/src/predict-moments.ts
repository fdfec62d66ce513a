import { ArgumentError, checkLength } from '@sntk/errors';
import { matmul, showShape, type Tensor, tensor, toFloat64 } from '@sntk/linalg';
import type { DualMoments } from './dual-moments.ts';
import { predict } from './predict.ts';

/** Mean and spread over minibatches of the function at some points. */
export interface PredictedMoments {
  /** `E f(x)`, `[M]`. */
  readonly mean: Float64Array;
  /** `Var f(x)`, `[M]`. */
  readonly variance: Float64Array;
  /** `√Var f(x)`, `[M]`: the half width of the band of one deviation. */
  readonly deviation: Float64Array;
  /** `Cov f`, `[M, M]` row-major, worked out when asked for. */
  covariance(): Float64Array;
}

/**
 * Mean and band of a training run at any points, without sampling, MATH (35): `E f = f_0 + K(x, X) E α`,
 * `Cov f = K(x, X) Cov α K(X, x)`.
 *
 * @param Kx the kernel between the points and the training points, `[M, N]`
 * @param moments of `dualMoments`
 * @param f0 the function at the points before training, `[M]`
 * @throws ArgumentError when sizes do not fit.
 * @example
 * ```ts
 * import { dualMoments, kernelSpectrum, predictMoments } from '@sntk/dynamics';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 *
 * const backend = ndarrayBackend();
 * const spectrum = kernelSpectrum(tensor([[1, 0], [0, 1]], { backend }));
 * const moments = dualMoments(spectrum, new Float64Array([1, 1]), { learningRate: 1, steps: 1, batch: 1 });
 * const { mean, deviation } = predictMoments(tensor([[2, 0]], { backend }), moments, new Float64Array([3]));
 * console.log(mean[0], deviation[0]); // 2 1
 * ```
 */
export function predictMoments(
  Kx: Tensor,
  moments: Pick<DualMoments, 'alphaMean' | 'alphaCovariance'>,
  f0: Float64Array,
): PredictedMoments {
  const [M, N] = Kx.shape;
  if (Kx.shape.length !== 2 || N !== moments.alphaMean.length) {
    throw new ArgumentError({
      where: 'predictMoments',
      argument: 'Kx',
      wanted: `a matrix of one column for each of the ${moments.alphaMean.length} training points`,
      got: showShape(Kx.shape),
    });
  }
  checkLength('predictMoments', 'moments.alphaCovariance', moments.alphaCovariance, N * N, 'N × N');
  const spread = matmul(Kx, tensor(moments.alphaCovariance, { backend: Kx.backend, shape: [N, N] }));
  const [k, s] = [toFloat64(Kx), toFloat64(spread)];
  const variance = new Float64Array(M);
  for (let p = 0; p < k.length; p++) variance[Math.floor(p / N)] += k[p] * s[p];
  for (let i = 0; i < M; i++) variance[i] = Math.max(0, variance[i]);
  return {
    mean: predict(Kx, moments.alphaMean, f0),
    variance,
    deviation: variance.map(Math.sqrt),
    covariance: () => toFloat64(matmul(spread, Kx, { transposeB: true })),
  };
}
