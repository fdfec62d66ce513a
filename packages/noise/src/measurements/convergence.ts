import { ArgumentError, checkFinite, checkLength } from '@sntk/errors';
import type { Tensor } from '@sntk/linalg';
import { readSpectrum } from './kernel-matrix.ts';
import { compare, type EntryMeasurement, worstOf } from './measurement.ts';
import { checkRun } from './residual-bound.ts';

/** Rounding of residuals, relative to their norm at the start. */
const RESIDUAL_ROUNDING = 1e-14;

/** Residuals of a run of training, whatever made it. */
export interface ResidualRun {
  /** η times steps, the first one 0. */
  readonly times: readonly number[];
  /** `r(t)`, `[N]` each. */
  readonly residuals: readonly Float64Array[];
}

/** The loss of a run against the rates that the smallest eigenvalue promises. */
export interface ConvergenceMeasurement {
  /** `λ_min` and `λ_max` of the kernel. */
  readonly smallest: number;
  readonly largest: number;
  /** `(1/2N) |r(t)|²`, a time each. */
  readonly losses: Float64Array;
  /** `L(t) ≤ e^{−2 λ_min t/N} L(0)`; `at` is the time's index, twice. Reached when the residual is of the slowest mode. */
  readonly sharp: EntryMeasurement;
  /** The weaker `L(t) ≤ e^{−λ_min t/(2N)} L(0)` of the lecture's equation 6. */
  readonly lecture: EntryMeasurement;
  /**
   * `−(N/2) d log L/dt` between the last two times with a loss above 0: between `λ_min` and `λ_max` for a fixed kernel.
   * Infinite when only the first has one.
   */
  readonly finalRate: number;
}

/**
 * The rate of convergence from the smallest eigenvalue, MATH (19), as a measurement on a run: closed form, kernel SGD or a
 * real network.
 *
 * Gradient flow with this kernel keeps both bounds. Gradient descent keeps them up to `2/(λ_max + λ_min) · N`; a network keeps
 * them while its kernel stays near `K`.
 *
 * Source: Stat 946 (Mufan Li), lecture 5, equation 6, and MATH section 8, erratum 8.
 *
 * @param K kernel on the training points, `[N, N]`
 * @throws ArgumentError for times that do not rise from 0, or residuals that do not fit or are all 0 at the start.
 * @throws NumericalError when `K` has an eigenvalue further below zero than rounding explains.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { measureConvergence } from '@sntk/noise/measurements';
 *
 * const K = tensor([[2, 0], [0, 1]], { backend: ndarrayBackend() });
 * const times = [0, 1, 2];
 * const residuals = times.map((t) => new Float64Array([Math.exp(-t), Math.exp(-t / 2)]));
 * const { sharp, lecture, finalRate } = measureConvergence(K, { times, residuals });
 * console.log(sharp.holds, lecture.holds, finalRate.toFixed(3)); // true true 1.186
 * ```
 */
export function measureConvergence(K: Tensor, run: ResidualRun): ConvergenceMeasurement {
  const where = 'measureConvergence';
  const { times, residuals } = run;
  const { N, values, rounding } = readSpectrum(where, K);
  checkTimes(where, { times, residuals, N });
  const [smallest, largest] = [values[0], values[N - 1]];
  const losses = Float64Array.from(
    residuals,
    (r) => r.reduce((sum, value) => sum + value * value, 0) / (2 * N),
  );
  // Long times magnify the rounding of the smallest eigenvalue, and leave little but that of the residuals.
  const errorOf = (bound: number): number =>
    RESIDUAL_ROUNDING *
    Math.sqrt(losses[0]) *
    (2 * Math.sqrt(bound) + RESIDUAL_ROUNDING * Math.sqrt(losses[0]));
  const against = (exponent: number): EntryMeasurement =>
    worstOf(
      times.slice(1).map((time, k) => {
        const bound = losses[0] * Math.exp((-exponent * smallest * time) / N);
        const slack = Math.min(1, Math.expm1((exponent * rounding * time) / N)) + 1e-12;
        return { ...compare(losses[k + 1], bound, { rounding: errorOf(bound), slack }), at: [k + 1, k + 1] };
      }),
    );
  let last = times.length - 1;
  while (last > 1 && losses[last] === 0) last -= 1;
  return {
    smallest,
    largest,
    losses,
    sharp: against(2),
    lecture: against(0.5),
    finalRate: ((N / 2) * Math.log(losses[last - 1] / losses[last])) / (times[last] - times[last - 1]),
  };
}

/** @throws ArgumentError unless times rise from 0, two at least, with `N` finite residuals at each, not all 0 at the start. */
export function checkTimes(
  where: string,
  { times, residuals, N }: ResidualRun & { readonly N: number },
): void {
  checkFinite(where, 'times', times);
  if (times.length < 2 || times[0] !== 0 || times.some((time, k) => k > 0 && !(time > times[k - 1]))) {
    throw new ArgumentError({
      where,
      argument: 'times',
      wanted: 'rising from 0, two at least',
      got: [...times],
    });
  }
  checkRun(where, residuals);
  if (residuals.length !== times.length) {
    throw new ArgumentError({
      where,
      argument: 'residuals',
      wanted: `${times.length}, one for each time`,
      got: residuals.length,
    });
  }
  checkLength(where, 'residuals[0]', residuals[0], N, 'one for each row of K');
  if (residuals[0].every((r) => r === 0)) {
    throw new ArgumentError({
      where,
      argument: 'residuals[0]',
      wanted: 'of one residual at least that is not 0',
      got: residuals[0],
      fix: 'a run that starts at the targets has no rate',
    });
  }
}
