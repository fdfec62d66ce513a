import { ArgumentError, checkFinite } from '@sntk/errors';
import { matmul, showShape, type Tensor, tensor, toArray } from '@sntk/linalg';
import { type BatchOptions, batchFactor } from './batch-factor.ts';

/**
 * Which covariance of the minibatch gradient.
 *
 * - `exact`, MATH (22): `c_b [(1/N) Σ g_i g_iᵀ − ḡ ḡᵀ]`, the covariance of the minibatch mean.
 * - `leading`, MATH (23): the same without `ḡ ḡᵀ`. Calibrated SNTK.
 */
export type NoiseKind = 'exact' | 'leading';

export interface FunctionNoiseOptions extends Omit<BatchOptions, 'samples'> {
  readonly kind: NoiseKind;
}

/** A covariance over points of function space, kept as a factor of as many columns as there are examples. */
export interface FunctionNoise {
  /** `F` `[M, N]` with `F Fᵀ` the covariance. A sample is `F ξ` with `ξ ~ N(0, I)`. */
  readonly factor: Tensor;
  /** The variance at each point, `[M]`. */
  diagonal(): Float64Array;
  /** The covariance, `[M, M]`. */
  dense(): Tensor;
  /** Sum of the variances. */
  trace(): number;
}

/**
 * Covariance of `K(x, ·)`'s response to one minibatch gradient: the covariance of `∇f(x)ᵀ ĝ` over minibatches, at the
 * points of the rows of `K` `[M, N]`, for residuals `r` `[N]` (for other losses, `ℓ'`).
 *
 * With `D = diag(r)` the exact covariance is `(c_b/N) K D (I − 11ᵀ/N) D Kᵀ`; the leading one drops the projection. One
 * SGD step moves `f` by `−η` times a draw of this law around its mean.
 *
 * Source: "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD", with the factor of MATH (22)–(23).
 *
 * @throws ArgumentError when `r` does not have one finite entry per column of `K`.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { functionNoise } from '@sntk/noise';
 *
 * const K = tensor([[2, 1], [1, 2]], { backend: ndarrayBackend() });
 * const noise = functionNoise(K, new Float64Array([1, -1]), { kind: 'leading', batch: 1, replacement: true });
 * console.log(noise.trace()); // 5
 * ```
 */
export function functionNoise(
  K: Tensor,
  residual: Float64Array,
  options: FunctionNoiseOptions,
): FunctionNoise {
  const [M, N] = checkKernel('functionNoise', K, residual);
  const scale = Math.sqrt(batchFactor({ ...options, samples: N }) / N);
  const k = toArray(K);
  const F = new Float64Array(M * N);
  for (let i = 0; i < M; i++) {
    let mean = 0;
    for (let j = 0; j < N; j++) {
      F[i * N + j] = scale * k[i * N + j] * residual[j];
      mean += F[i * N + j] / N;
    }
    // Right-multiplication by I − 11ᵀ/N: the factor of the exact covariance, since the projection is its own square.
    if (options.kind === 'exact') for (let j = 0; j < N; j++) F[i * N + j] -= mean;
  }
  return withFactor(tensor(F, { backend: K.backend, dtype: K.dtype, shape: [M, N] }));
}

export interface PaperSntkOptions {
  /** The examples `B` of the current minibatch. */
  readonly members: ArrayLike<number>;
}

/**
 * The SNTK as the paper prints it, MATH (25): `K_S(x, x') = (1/b) Σ_{i∈B} r_i² K(x, x_i) K(x_i, x')`.
 *
 * It is the second moment within a batch, not the covariance of the batch's mean: it lacks the `1/b` that SGD's noise
 * has, and so does not shrink with `b`. `functionNoise` with `leading` is the calibrated form.
 *
 * Source: Definition 2 of "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD".
 *
 * @throws ArgumentError for members that are not columns of `K`.
 */
export function paperSntk(K: Tensor, residual: Float64Array, options: PaperSntkOptions): FunctionNoise {
  const [M, N] = checkKernel('paperSntk', K, residual);
  const members = Array.from(options.members);
  const k = toArray(K);
  const F = new Float64Array(M * members.length);
  members.forEach((member, column) => {
    if (!Number.isInteger(member) || member < 0 || member >= N) {
      throw new ArgumentError({
        where: 'paperSntk',
        argument: 'options.members',
        wanted: `examples from 0 to ${N - 1}`,
        got: member,
      });
    }
    const scale = residual[member] / Math.sqrt(members.length);
    for (let i = 0; i < M; i++) F[i * members.length + column] = scale * k[i * N + member];
  });
  return withFactor(tensor(F, { backend: K.backend, dtype: K.dtype, shape: [M, members.length] }));
}

function withFactor(factor: Tensor): FunctionNoise {
  const [M, N] = factor.shape;
  const diagonal = (): Float64Array => {
    const F = toArray(factor);
    const out = new Float64Array(M);
    for (let i = 0; i < M; i++) for (let p = i * N; p < (i + 1) * N; p++) out[i] += F[p] * F[p];
    return out;
  };
  return {
    factor,
    diagonal,
    dense: () => matmul(factor, factor, { transposeB: true }),
    trace: () => diagonal().reduce((sum, variance) => sum + variance, 0),
  };
}

function checkKernel(where: string, K: Tensor, residual: Float64Array): readonly [number, number] {
  if (K.shape.length !== 2 || K.shape[1] !== residual.length) {
    throw new ArgumentError({
      where,
      argument: 'residual',
      wanted: `of one entry per column of K, ${showShape(K.shape)}`,
      got: `length ${residual.length}`,
    });
  }
  checkFinite(where, 'residual', residual);
  return [K.shape[0], K.shape[1]];
}
