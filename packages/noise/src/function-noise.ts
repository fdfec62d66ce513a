import { ArgumentError, checkFinite, checkInteger, checkLength } from '@sntk/errors';
import { matmul, showShape, type Tensor, tensor, toArray, toFloat64 } from '@sntk/linalg';
import { type BatchOptions, batchFactor } from './batch-factor.ts';

/**
 * Which covariance of the minibatch gradient.
 *
 * - `exact`, MATH (22): `c_b [(1/N) Σ g_i g_iᵀ − ḡ ḡᵀ]`, the covariance of the minibatch mean.
 * - `leading`, MATH (23): the same without `ḡ ḡᵀ`. Calibrated SNTK.
 */
export type NoiseKind = 'exact' | 'leading';

export interface FunctionNoiseOptions extends Omit<BatchOptions, 'samples'>, OutputOptions {
  readonly kind: NoiseKind;
}

export interface OutputOptions {
  /** `O`, 1 unless told. The residuals are then `[N, O]`, and entry `m·O + o` of a covariance is output `o` at point `m`. */
  readonly outputs?: number;
}

/** What fills an array with independent standard normals: an `Rng` of `@sntk/random`. */
export interface NormalSource {
  fillNormal(out: Float64Array): void;
}

/** A covariance over points of function space, kept as a factor of as many columns as there are examples. */
export interface FunctionNoise {
  /** `F` `[M·O, N]` with `F Fᵀ` the covariance: one column for each example, shared by the outputs. */
  readonly factor: Tensor;
  /** A draw `F ξ`, `[M·O]`, with `ξ ~ N(0, I)` from `rng`. */
  sample(rng: NormalSource): Float64Array;
  /** The covariance times a vector `[M·O]`, in two products with the factor. */
  apply(v: Float64Array): Float64Array;
  /** The variance at each point, `[M·O]`. */
  diagonal(): Float64Array;
  /** The covariance, `[M·O, M·O]`. */
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
 * For `O` outputs the kernel is `K ⊗ I_O`: all outputs of an example enter a minibatch together.
 *
 * @throws ArgumentError when `r` does not have one finite entry per column of `K` and output.
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
  const N = checkKernel('functionNoise', K, residual, options.outputs);
  const scale = Math.sqrt(batchFactor({ ...options, samples: N }) / N);
  const all = Array.from({ length: N }, (_, i) => i);
  return gather(K, residual, { members: all, scale, centred: options.kind === 'exact' });
}

export interface PaperSntkOptions extends OutputOptions {
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
  const members = checkMembers('paperSntk', checkKernel('paperSntk', K, residual, options.outputs), options);
  return gather(K, residual, { members, scale: 1 / Math.sqrt(members.length), centred: false });
}

/**
 * The covariance within a minibatch as the paper prints it, MATH (24): `(1/b) Σ_{i∈B} (g_i − ḡ_B)(g_i − ḡ_B)ᵀ`, in function
 * space. `paperSntk` is its leading term; their difference is that of Theorem 1, `measureTheoremOne`.
 *
 * It is the spread of the examples of one minibatch, not the covariance of their mean, which is `functionNoise`.
 *
 * Source: "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD".
 *
 * @throws ArgumentError for members that are not columns of `K`.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { withinBatchNoise } from '@sntk/noise';
 *
 * const K = tensor([[2, 1], [1, 2]], { backend: ndarrayBackend() });
 * const noise = withinBatchNoise(K, new Float64Array([1, 1]), { members: [0, 1] });
 * console.log(noise.trace().toFixed(3)); // 0.500
 * ```
 */
export function withinBatchNoise(
  K: Tensor,
  residual: Float64Array,
  options: PaperSntkOptions,
): FunctionNoise {
  const where = 'withinBatchNoise';
  const members = checkMembers(where, checkKernel(where, K, residual, options.outputs), options);
  return gather(K, residual, { members, scale: 1 / Math.sqrt(members.length), centred: true });
}

/** The factor with one column `scale · K(x, x_i) r_i` a member, less the mean of the columns when centred. */
function gather(
  K: Tensor,
  residual: Float64Array,
  options: { readonly members: readonly number[]; readonly scale: number; readonly centred: boolean },
): FunctionNoise {
  const { members, scale, centred } = options;
  const [M, N] = K.shape;
  const O = residual.length / N;
  const b = members.length;
  const k = toArray(K);
  const F = new Float64Array(M * O * b);
  for (let row = 0; row < M * O; row++) {
    const [m, o] = [Math.floor(row / O), row % O];
    let mean = 0;
    for (let j = 0; j < b; j++) {
      F[row * b + j] = scale * k[m * N + members[j]] * residual[members[j] * O + o];
      mean += F[row * b + j] / b;
    }
    // Right-multiplication by I − 11ᵀ/b: the factor of the centred covariance, since the projection is its own square.
    if (centred) for (let j = 0; j < b; j++) F[row * b + j] -= mean;
  }
  return withFactor(tensor(F, { backend: K.backend, dtype: K.dtype, shape: [M * O, b] }));
}

function withFactor(factor: Tensor): FunctionNoise {
  const [rows, columns] = factor.shape;
  const { backend, dtype } = factor;
  const column = (entries: Float64Array): Tensor =>
    tensor(entries, { backend, dtype, shape: [entries.length, 1] });
  const diagonal = (): Float64Array => {
    const F = toArray(factor);
    const out = new Float64Array(rows);
    for (let p = 0; p < F.length; p++) out[Math.floor(p / columns)] += F[p] * F[p];
    return out;
  };
  return {
    factor,
    sample(rng) {
      const xi = new Float64Array(columns);
      rng.fillNormal(xi);
      return toFloat64(matmul(factor, column(xi)));
    },
    apply(v) {
      checkLength('FunctionNoise.apply', 'v', v, rows, 'one per point and output');
      return toFloat64(matmul(factor, matmul(factor, column(v), { transposeA: true })));
    },
    diagonal,
    dense: () => matmul(factor, factor, { transposeB: true }),
    trace: () => diagonal().reduce((sum, variance) => sum + variance, 0),
  };
}

/** `N`, when the residuals are `[N, O]` and finite. */
function checkKernel(where: string, K: Tensor, residual: Float64Array, outputs = 1): number {
  checkInteger(where, 'options.outputs', outputs, 1);
  if (K.shape.length !== 2 || K.shape[1] * outputs !== residual.length) {
    throw new ArgumentError({
      where,
      argument: 'residual',
      wanted: `of one entry per column of K, ${showShape(K.shape)}${outputs > 1 ? `, and output, ${outputs}` : ''}`,
      got: `length ${residual.length}`,
    });
  }
  checkFinite(where, 'residual', residual);
  checkFinite(where, 'K', toArray(K));
  return K.shape[1];
}

function checkMembers(where: string, N: number, options: PaperSntkOptions): readonly number[] {
  const members = Array.from(options.members);
  const odd = members.find((member) => !Number.isInteger(member) || member < 0 || member >= N);
  if (odd === undefined && members.length > 0) return members;
  throw new ArgumentError({
    where,
    argument: 'options.members',
    wanted: `examples from 0 to ${N - 1}`,
    got: odd ?? members,
  });
}
