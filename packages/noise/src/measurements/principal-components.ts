import { ArgumentError, checkFinite, checkInteger } from '@sntk/errors';
import { matmul, showShape, type Tensor, tensor, toArray } from '@sntk/linalg';
import { checkTimes, type ResidualRun } from './convergence.ts';
import { readSpectrum } from './kernel-matrix.ts';
import { compare, type Measurement, normOf } from './measurement.ts';
import { fitLogarithms } from './rate.ts';

/** The kernel principal components of the training points, largest first. */
export interface PrincipalComponents {
  /** `λ_j/N`, descending: the variance along a component, and the rate at which gradient flow learns it. */
  readonly rates: Float64Array;
  /** `f^(j)(x_i)` in columns, `[N, N]`, of mean square one over the points. */
  readonly functions: Tensor;
  /** The share of the trace in the first `j + 1` components. */
  readonly explained: Float64Array;
  /** `‖K‖_op = √(λ_max/N)`, against `√(tr K/N)`, which is reached when there is one component alone. */
  readonly operatorNorm: Measurement;
  /**
   * `f^(j)(x) = (1/λ_j) Σ_i K(x, x_i) f^(j)(x_i)` for the first `count` components at other points, `[M, count]`, from
   * `K(x, X)` `[M, N]`. Components whose eigenvalue is rounding of the largest have no such function.
   */
  at(Kx: Tensor, count: number): Tensor;
}

/**
 * Kernel principal components, MATH (18): `K v = λ v` over the training points, as functions.
 *
 * Sources: Jacot, Gabriel and Hongler, "Neural Tangent Kernel"; Schölkopf, Smola and Müller, "Nonlinear Component Analysis
 * as a Kernel Eigenvalue Problem".
 *
 * @param K kernel on the training points, `[N, N]`
 * @throws ArgumentError when `K` is not square, symmetric and finite, or is zero.
 * @throws NumericalError when `K` has an eigenvalue further below zero than rounding explains.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { principalComponents } from '@sntk/noise/measurements';
 *
 * const { rates, explained, operatorNorm } = principalComponents(
 *   tensor([[2, 1], [1, 2]], { backend: ndarrayBackend() }),
 * );
 * console.log(rates.map((rate) => Number(rate.toFixed(9))), explained[0].toFixed(2)); // Float64Array [1.5, 0.5] 0.75
 * console.log(operatorNorm.measured.toFixed(4), operatorNorm.bound.toFixed(4)); // 1.2247 1.4142
 * ```
 */
export function principalComponents(K: Tensor): PrincipalComponents {
  const where = 'principalComponents';
  const { N, values, rounding, vectors } = readSpectrum(where, K);
  const rates = Float64Array.from(values, (value) => value / N).reverse();
  const trace = rates.reduce((sum, rate) => sum + rate, 0);
  let sum = 0;
  const explained = rates.map((rate) => {
    sum += rate / trace;
    return sum;
  });
  const v = toArray(vectors);
  const flipped = Float64Array.from(v, (_, p) => Math.sqrt(N) * v[Math.floor(p / N) * N + N - 1 - (p % N)]);
  return {
    rates,
    functions: tensor(flipped, { backend: K.backend, shape: [N, N] }),
    explained,
    operatorNorm: compare(Math.sqrt(rates[0]), Math.sqrt(trace)),
    at(Kx, count) {
      checkInteger(`${where}(…).at`, 'count', count, 1);
      const usable = rates.findIndex((rate) => !(N * rate > rounding));
      const most = usable === -1 ? N : usable;
      if (count > most || Kx.shape.length !== 2 || Kx.shape[1] !== N) {
        throw new ArgumentError({
          where: `${where}(…).at`,
          argument: count > most ? 'count' : 'Kx',
          wanted:
            count > most ? `at most ${most}, the components of a rate above rounding` : `of ${N} columns`,
          got: count > most ? count : showShape(Kx.shape),
        });
      }
      checkFinite(`${where}(…).at`, 'Kx', toArray(Kx));
      const weights = Float64Array.from(
        { length: N * count },
        (_, p) => flipped[Math.floor(p / count) * N + (p % count)] / (N * rates[p % count]),
      );
      return matmul(Kx, tensor(weights, { backend: Kx.backend, dtype: Kx.dtype, shape: [N, count] }));
    },
  };
}

/**
 * The exponent `a` of a decay `λ_j ∝ j^{−a}` of the kernel's eigenvalues, fitted to the components `from` to `to`, counted
 * from 1. Noise and shallow sums of modes make the ends bend: look at the spectrum before trusting the number.
 *
 * @throws ArgumentError for fewer than three components, or ones of rate 0.
 * @example
 * ```ts
 * import { measureDecay } from '@sntk/noise/measurements';
 *
 * const rates = Float64Array.from({ length: 50 }, (_, j) => (j + 1) ** -2);
 * console.log(measureDecay(rates, { from: 2, to: 40 }).exponent.toFixed(6)); // 2.000000
 * ```
 */
export function measureDecay(
  rates: Float64Array,
  range: { readonly from: number; readonly to: number },
): { readonly exponent: number; readonly exponentError: number } {
  const where = 'measureDecay';
  const from = checkInteger(where, 'range.from', range.from, 1);
  const to = checkInteger(where, 'range.to', range.to, from + 2);
  if (to > rates.length || !(rates[to - 1] > 0)) {
    throw new ArgumentError({
      where,
      argument: 'range.to',
      wanted: 'a component with a rate above 0',
      got: `${to} of ${rates.length}, with rate ${rates[to - 1]}`,
    });
  }
  const ranks = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const { slope, slopeError } = fitLogarithms(
    ranks,
    ranks.map((rank) => rates[rank - 1]),
  );
  return { exponent: -slope, exponentError: slopeError };
}

/** How a run follows the components: its amplitudes beside those of gradient flow with a fixed kernel. */
export interface ModeDecay {
  /** `(1/N) Σ_i r_i(t) f^(j)(x_i)`, a time each, `[count]`. */
  readonly amplitudes: readonly Float64Array[];
  /** The same at the start times `e^{−λ_j t/N}`. */
  readonly predicted: readonly Float64Array[];
  /** The largest difference of the two, relative to `‖r(0)‖/√N`. */
  readonly gap: number;
}

/**
 * The amplitudes of a run's residuals along the first components, against `e^{−λ_j t/N}`, MATH (18): gradient flow learns
 * each component at a rate of its own, the largest first.
 *
 * @param options the run, and the `count` of components
 * @throws ArgumentError for times or residuals that do not fit, and for more components than there are.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { measureModes, principalComponents } from '@sntk/noise/measurements';
 *
 * const components = principalComponents(tensor([[2, 0], [0, 1]], { backend: ndarrayBackend() }));
 * const times = [0, 1];
 * const residuals = times.map((t) => new Float64Array([Math.exp(-t), Math.exp(-t / 2)]));
 * console.log(measureModes(components, { times, residuals, count: 2 }).gap < 1e-12); // true
 * ```
 */
export function measureModes(
  components: PrincipalComponents,
  options: ResidualRun & { readonly count: number },
): ModeDecay {
  const where = 'measureModes';
  const { times, residuals } = options;
  const N = components.rates.length;
  const count = checkInteger(where, 'options.count', options.count, 1);
  checkTimes(where, { times, residuals, N });
  if (count > N) {
    throw new ArgumentError({ where, argument: 'options.count', wanted: `at most ${N}`, got: count });
  }
  const f = toArray(components.functions);
  const amplitudes = residuals.map((residual) => {
    const out = new Float64Array(count);
    for (let i = 0; i < N; i++) for (let j = 0; j < count; j++) out[j] += (residual[i] * f[i * N + j]) / N;
    return out;
  });
  const predicted = times.map((time) =>
    amplitudes[0].map((amplitude, j) => amplitude * Math.exp(-components.rates[j] * time)),
  );
  const size = normOf(residuals[0]) / Math.sqrt(N);
  let gap = 0;
  amplitudes.forEach((row, t) => {
    row.forEach((amplitude, j) => {
      gap = Math.max(gap, Math.abs(amplitude - predicted[t][j]) / size);
    });
  });
  return { amplitudes, predicted, gap };
}
