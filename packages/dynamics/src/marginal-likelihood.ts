import { ArgumentError, checkFinite, checkPositive } from '@sntk/errors';
import {
  cholesky,
  eye,
  logDeterminant,
  showShape,
  solveCholesky,
  type Tensor,
  tensor,
  toFloat64,
} from '@sntk/linalg';
import { kernelEntries } from './checks.ts';

/** What the likelihood is differentiated by. */
export interface MarginalLikelihoodOptions {
  /** `σ²` of independent errors of the labels, above 0. */
  readonly noiseVariance: number;
  /** `∂K/∂θ` for each parameter of the kernel, `[N, N]` each. */
  readonly derivatives?: readonly Tensor[];
}

/** The evidence for a kernel. */
export interface MarginalLikelihood {
  /** `log p(y)`, summed over outputs. */
  readonly value: number;
  /** `∂ log p(y)/∂θ`, one for each of `derivatives`. */
  readonly gradient: Float64Array;
  /** `∂ log p(y)/∂σ²`. */
  readonly noiseGradient: number;
}

/**
 * The logarithm of the marginal likelihood of the labels under a Gaussian process with errors, and its gradient: with
 * `A = K + σ²I`, `β = A⁻¹y`, MATH (16): `log p = −½ yᵀβ − ½ log det A − (N/2) log 2π`, `∂ log p/∂θ = ½ tr[(ββᵀ − A⁻¹) ∂K/∂θ]`.
 *
 * With the NNGP of a network it is the evidence for its `σ_w`, `σ_b` and depth; depths are compared by their values. One
 * factorization serves all parameters.
 *
 * Source: Rasmussen and Williams, "Gaussian Processes for Machine Learning", equations 5.8 and 5.9.
 *
 * @param K covariance at the training points, `[N, N]`
 * @param labels `[N]`, or `[N, O]` for `O` independent outputs
 * @throws ArgumentError when shapes do not fit or `K` is not symmetric.
 * @throws NumericalError when `K + σ²I` is not positive definite.
 * @example
 * ```ts
 * import { marginalLikelihood } from '@sntk/dynamics';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 *
 * // One label y = 2 of variance θ + 1, at θ = 1: ½ (y²/4 − 1/2).
 * const one = tensor([[1]], { backend: ndarrayBackend() });
 * const options = { noiseVariance: 1, derivatives: [one] };
 * const { gradient } = marginalLikelihood(one, new Float64Array([2]), options);
 * console.log(gradient[0].toFixed(6)); // 0.250000
 * ```
 */
export function marginalLikelihood(
  K: Tensor,
  labels: Float64Array,
  options: MarginalLikelihoodOptions,
): MarginalLikelihood {
  const where = 'marginalLikelihood';
  const { samples: N } = kernelEntries(where, K);
  const noiseVariance = checkPositive(where, 'options.noiseVariance', options.noiseVariance);
  const outputs = labels.length / N;
  if (!Number.isInteger(outputs) || outputs === 0) {
    throw new ArgumentError({
      where,
      argument: 'labels',
      wanted: `of length ${N}, or ${N} times the number of outputs`,
      got: `length ${labels.length}`,
    });
  }
  checkFinite(where, 'labels', labels);
  const derivatives = (options.derivatives ?? []).map((derivative, p) => {
    if (showShape(derivative.shape) !== showShape(K.shape)) {
      throw new ArgumentError({
        where,
        argument: `options.derivatives[${p}]`,
        wanted: showShape(K.shape),
        got: showShape(derivative.shape),
      });
    }
    const entries = toFloat64(derivative);
    checkFinite(where, `options.derivatives[${p}]`, entries);
    return entries;
  });

  const factor = cholesky(K, { jitter: noiseVariance });
  const y = tensor(labels, { backend: K.backend, dtype: K.dtype, shape: [N, outputs] });
  const beta = toFloat64(solveCholesky(factor, y));
  let fit = 0;
  for (let q = 0; q < labels.length; q++) fit += labels[q] * beta[q];
  const value = -(fit + outputs * (logDeterminant(factor) + N * Math.log(2 * Math.PI))) / 2;

  // W = ββᵀ − O A⁻¹; the gradient is half its inner product with ∂K.
  const W = toFloat64(solveCholesky(factor, eye(N, { backend: K.backend, dtype: K.dtype }))).map(
    (entry) => -outputs * entry,
  );
  for (let i = 0; i < N; i++) {
    for (let j = 0; j < N; j++) {
      for (let o = 0; o < outputs; o++) W[i * N + j] += beta[i * outputs + o] * beta[j * outputs + o];
    }
  }
  let trace = 0;
  for (let i = 0; i < N; i++) trace += W[i * (N + 1)];
  return {
    value,
    gradient: Float64Array.from(
      derivatives,
      (derivative) => derivative.reduce((sum, entry, q) => sum + entry * W[q], 0) / 2,
    ),
    noiseGradient: trace / 2,
  };
}
