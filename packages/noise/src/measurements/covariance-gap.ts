import { ArgumentError, checkFinite, checkLength } from '@sntk/errors';
import { showShape, type Tensor, toArray } from '@sntk/linalg';
import { compare, type Measurement } from './measurement.ts';

/** How far the covariance of draws is from one that was predicted. */
export interface CovarianceMeasurement extends Measurement {
  /** Covariance of the draws, `[n, n]` row-major. */
  readonly estimate: Float64Array;
  /** `‖Ĉ − C‖_F/‖C‖_F` that a finite number of draws leaves when the prediction is right, from their own scatter. */
  readonly samplingError: number;
  /** `tr Ĉ/tr C`. */
  readonly traceRatio: number;
}

/**
 * Whether draws have a covariance: `‖Ĉ − C‖_F/‖C‖_F` against three times what the number of draws explains.
 *
 * Lemma 6 is this for the increments of a path and `K_S`; for SGD's own steps it tells which of MATH (22)–(25) they have. The
 * approximation of a kernel by random functions, MATH (20), is this with `mean` 0: `K̃ = (1/P) Σ_p f^(p) f^(p)ᵀ → K`.
 *
 * Sources: "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD", Lemma 6; Jacot, Gabriel and Hongler, "Neural
 * Tangent Kernel", section 3.1.
 *
 * @param draws `[n]` each, three at least, or two around a mean that is known; of fewer than ten the verdict says little
 * @param covariance `C`, `[n, n]`
 * @param options `mean`: the mean of the draws where it is known; that of the draws themselves unless told
 * @throws ArgumentError for fewer draws, sizes that do not fit, entries that are not finite or a `C` of zeros.
 * @throws NumericalError when the draws are so far off that the distance overflows.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { functionNoise, labelNoise } from '@sntk/noise';
 * import { measureCovariance } from '@sntk/noise/measurements';
 * import { createRng } from '@sntk/random';
 *
 * const K = tensor([[2, 1], [1, 2]], { backend: ndarrayBackend() });
 * const noise = functionNoise(K, new Float64Array([1, -1]), { kind: 'leading', batch: 1 });
 * const rng = createRng(1);
 * const draws = Array.from({ length: 1000 }, () => noise.sample(rng));
 * console.log(measureCovariance(draws, noise.toDense()).holds); // true
 * const other = labelNoise(K, { variance: 2, batch: 1 });
 * console.log(measureCovariance(draws, other.toDense()).holds); // false
 * ```
 */
export function measureCovariance(
  draws: readonly Float64Array[],
  covariance: Tensor,
  options: { readonly mean?: Float64Array } = {},
): CovarianceMeasurement {
  const where = 'measureCovariance';
  const P = draws.length;
  // Around their own mean two draws are of one size: they have no scatter.
  const fewest = options.mean ? 2 : 3;
  if (P < fewest) {
    throw new ArgumentError({ where, argument: 'draws', wanted: `${fewest} at least`, got: `${P}` });
  }
  const n = draws[0].length;
  if (covariance.shape.length !== 2 || covariance.shape[0] !== n || covariance.shape[1] !== n) {
    throw new ArgumentError({
      where,
      argument: 'covariance',
      wanted: `of shape [${n}, ${n}], as the draws`,
      got: showShape(covariance.shape),
    });
  }
  const C = toArray(covariance);
  checkFinite(where, 'covariance', C);
  draws.forEach((draw, p) => {
    checkLength(where, `draws[${p}]`, draw, n, 'as the first');
    checkFinite(where, `draws[${p}]`, draw);
  });
  const { mean = averageOf(draws) } = options;
  checkLength(where, 'options.mean', mean, n, 'as the draws');
  checkFinite(where, 'options.mean', mean);
  let largest = 0;
  for (const c of C) largest = Math.max(largest, Math.abs(c));
  if (largest === 0) {
    throw new ArgumentError({
      where,
      argument: 'covariance',
      wanted: 'one that is not zero',
      got: 'zeros alone',
      fix: 'a distance relative to nothing is none: compare the draws with their mean',
    });
  }
  // The sample mean takes one degree of freedom.
  const freedom = options.mean ? P : P - 1;

  // In units of the largest entry squares neither overflow nor vanish.
  const unit = Math.sqrt(largest);
  const estimate = new Float64Array(n * n);
  let fourth = 0;
  for (const draw of draws) {
    const x = draw.map((value, m) => (value - mean[m]) / unit);
    let square = 0;
    for (let m = 0; m < n; m++) {
      square += x[m] * x[m];
      for (let k = 0; k <= m; k++) estimate[m * n + k] += (x[m] * x[k]) / freedom;
    }
    fourth += square ** 2 / P;
  }
  let [gap, size, own] = [0, 0, 0];
  let [trace, estimatedTrace] = [0, 0];
  for (let m = 0; m < n; m++) {
    for (let k = 0; k < n; k++) {
      if (k > m) estimate[m * n + k] = estimate[k * n + m];
      const c = C[m * n + k] / largest;
      gap += (estimate[m * n + k] - c) ** 2;
      size += c ** 2;
      own += estimate[m * n + k] ** 2;
    }
    trace += C[m * n + m] / largest;
    estimatedTrace += estimate[m * n + m];
  }
  // E‖Ĉ − C‖² = (E‖x xᵀ‖² − ‖C‖²)/P for draws of any law with covariance C, from the scatter of x xᵀ about its mean over
  // the draws, which takes one degree of freedom.
  const scatter = Math.max(0, fourth - own * (freedom / P) ** 2);
  const samplingError = ((P / freedom) * Math.sqrt(scatter / (P - 1))) / Math.sqrt(size);
  return {
    ...compare(Math.sqrt(gap / size), 3 * samplingError),
    estimate: estimate.map((value) => value * largest),
    samplingError,
    traceRatio: estimatedTrace / trace,
  };
}

function averageOf(draws: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(draws[0].length);
  for (const draw of draws) for (let m = 0; m < mean.length; m++) mean[m] += draw[m] / draws.length;
  return mean;
}
