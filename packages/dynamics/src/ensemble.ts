import { ArgumentError, checkFinite, checkLength, checkPositive } from '@sntk/errors';
import {
  cholesky,
  matmul,
  showShape,
  solveTriangular,
  sub,
  type Tensor,
  tensor,
  toFloat64,
} from '@sntk/linalg';
import { zeroEigenvalue } from './gradient-flow.ts';
import type { KernelSpectrum } from './spectrum.ts';

/** Covariance of a Gaussian process at training and test points. */
export interface PointKernels {
  /** `[N, N]`. */
  readonly train: Tensor;
  /** Test against training points, `[M, N]`. */
  readonly cross: Tensor;
  /** `[M, M]`. */
  readonly test: Tensor;
}

/** A Gaussian law of function values at the test points. */
export interface FunctionLaw {
  /** `[M]`. */
  readonly mean: Float64Array;
  /** `[M, M]` row-major. */
  readonly covariance: Float64Array;
}

/** Networks trained for a while from random starts. */
export interface EnsembleOptions {
  /** Time of the gradient flow; `Infinity` for its limit. */
  readonly time: number;
  /** The tangent kernel between test and training points, `[M, N]`. */
  readonly cross: Tensor;
  /** Covariance of the networks at the start. */
  readonly nngp: PointKernels;
}

/**
 * Mean and covariance over initializations of networks trained by gradient flow, at any time, MATH (16): with
 * `f_0 ~ GP(0, Σ)` and `T = Θ(x, X) Θ⁻¹ (I − e^{−Θt/N})` the mean is `T y` and the covariance
 * `Σ(x, x') + T Σ(X, X) Tᵀ − T Σ(X, x') − Σ(x, X) Tᵀ`.
 *
 * With the spectrum and `cross` of the tangent kernel all layers are trained; with those of `Σ` itself the last alone,
 * whose limit is the posterior of the NNGP. At `time: Infinity` eigenvalues of zero are left out (pseudo-inverse).
 *
 * Source: Lee and others, "Wide Neural Networks of Any Depth Evolve as Linear Models Under Gradient Descent".
 *
 * @param spectrum of the tangent kernel at the training points
 * @param y targets `[N]`
 * @throws ArgumentError when shapes do not fit or `time` is negative.
 * @example
 * ```ts
 * import { ensembleLaw, kernelSpectrum } from '@sntk/dynamics';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 *
 * const one = tensor([[2]], { backend: ndarrayBackend() });
 * const nngp = { train: one, cross: one, test: one };
 * const y = new Float64Array([3]);
 * const { mean, covariance } = ensembleLaw(kernelSpectrum(one), y, { time: Infinity, cross: one, nngp });
 * console.log(mean[0], covariance[0]); // 3 0
 * ```
 */
export function ensembleLaw(
  spectrum: KernelSpectrum,
  y: Float64Array,
  options: EnsembleOptions,
): FunctionLaw {
  const where = 'ensembleLaw';
  const { time, cross, nngp } = options;
  const { Q, values, samples: N } = spectrum;
  if (!(time >= 0)) {
    throw new ArgumentError({ where, argument: 'options.time', wanted: 'at least 0', got: time });
  }
  checkTargets(where, y, N);
  checkShape(where, 'options.cross', cross, [cross.shape[0], N]);
  checkPoints(where, 'options.nngp', nngp, [cross.shape[0], N]);
  const zero = zeroEigenvalue(spectrum);
  const limit = time === Number.POSITIVE_INFINITY;
  const inverse = values.map((value) =>
    value > (limit ? zero : 0) ? -Math.expm1((-value * time) / N) / value : limit ? 0 : time / N,
  );
  const q = toFloat64(Q);
  const scaled = tensor(
    q.map((entry, p) => entry * inverse[p % N]),
    { backend: Q.backend, shape: [N, N] },
  );
  const T = matmul(matmul(cross, scaled), Q, { transposeB: true });
  const M = cross.shape[0];
  const mean = toFloat64(matmul(T, tensor(y, { backend: Q.backend, shape: [N, 1] })));
  // T (Σ Tᵀ − 2 Σ(X, x)) and its mirror image: half of both is the covariance's change.
  const kept = toFloat64(matmul(matmul(T, nngp.train), T, { transposeB: true }));
  const mixed = toFloat64(matmul(T, nngp.cross, { transposeB: true }));
  const test = toFloat64(nngp.test);
  const covariance = new Float64Array(M * M);
  for (let i = 0; i < M; i++) {
    for (let j = 0; j < M; j++) {
      const [p, mirror] = [i * M + j, j * M + i];
      covariance[p] = (test[p] + test[mirror] + kept[p] + kept[mirror]) / 2 - mixed[p] - mixed[mirror];
    }
  }
  return { mean, covariance };
}

/**
 * Regression with a Gaussian process and independent errors of variance `σ²`, MATH (16): mean
 * `K(x, X)(K + σ²I)⁻¹ y`, covariance `K(x, x') − K(x, X)(K + σ²I)⁻¹ K(X, x')`, of the function without its errors.
 *
 * With a tangent kernel the mean is the limit of gradient flow with the ridge `σ²/N`, from zero.
 *
 * Source: Rasmussen and Williams, "Gaussian Processes for Machine Learning", algorithm 2.1.
 *
 * @param y targets `[N]`
 * @throws ArgumentError when shapes do not fit.
 * @throws NumericalError when `K + σ²I` is not positive definite.
 * @example
 * ```ts
 * import { gaussianRegression } from '@sntk/dynamics';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 *
 * const one = tensor([[1]], { backend: ndarrayBackend() });
 * const points = { train: one, cross: one, test: one };
 * const { mean, covariance } = gaussianRegression(points, new Float64Array([3]), { noiseVariance: 2 });
 * console.log(mean[0].toFixed(6), covariance[0].toFixed(6)); // 1.000000 0.666667
 * ```
 */
export function gaussianRegression(
  points: PointKernels,
  y: Float64Array,
  options: { readonly noiseVariance: number },
): FunctionLaw {
  const where = 'gaussianRegression';
  const N = points.train.shape[0];
  checkTargets(where, y, N);
  checkPoints(where, 'points', points, [points.cross.shape[0], N]);
  const jitter = checkPositive(where, 'options.noiseVariance', options.noiseVariance);
  const { L } = cholesky(points.train, { jitter });
  const { backend } = points.train;
  const k = toFloat64(points.cross);
  const M = points.cross.shape[0];
  const turned = Float64Array.from({ length: N * M }, (_, p) => k[(p % M) * N + Math.floor(p / M)]);
  const half = solveTriangular(L, tensor(turned, { backend, shape: [N, M] }));
  const whitened = solveTriangular(L, tensor(y, { backend, shape: [N, 1] }));
  return {
    mean: toFloat64(matmul(half, whitened, { transposeA: true })),
    covariance: toFloat64(sub(points.test, matmul(half, half, { transposeA: true }))),
  };
}

function checkTargets(where: string, y: Float64Array, N: number): void {
  checkLength(where, 'y', y, N, 'one per training point');
  checkFinite(where, 'y', y);
}

function checkPoints(
  where: string,
  argument: string,
  { train, cross, test }: PointKernels,
  [M, N]: readonly [number, number],
): void {
  checkShape(where, `${argument}.train`, train, [N, N]);
  checkShape(where, `${argument}.cross`, cross, [M, N]);
  checkShape(where, `${argument}.test`, test, [M, M]);
}

function checkShape(where: string, argument: string, got: Tensor, wanted: readonly number[]): void {
  if (showShape(got.shape) !== showShape(wanted)) {
    throw new ArgumentError({ where, argument, wanted: showShape(wanted), got: showShape(got.shape) });
  }
  checkFinite(where, argument, toFloat64(got));
}
