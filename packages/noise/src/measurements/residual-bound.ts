import { ArgumentError, checkFinite, checkLength } from '@sntk/errors';
import { compare, type EntryMeasurement, normOf } from './measurement.ts';

/** The largest residual of a run, with how far the run went. */
export interface ResidualMeasurement extends EntryMeasurement {
  /** The largest `|f_t(x_i) − f_0(x_i)|`. */
  readonly moved: number;
}

/**
 * Lemma 1 as a measurement: the largest `|r_i(t)|` of a run over examples and times, against `‖r(0)‖₂`.
 *
 * Where the loss does not rise, as in gradient flow, `|r_i(t)| ≤ ‖r(t)‖ ≤ ‖r(0)‖`, whatever the width: this is the bound.
 * The proof in print has another reason, that `f` stays within `O(n^{−1/2})` of its start. It does not: `moved` is as large as
 * the targets ask for at any width. See `measureRate` for a slope in the width.
 *
 * Source: "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD", Lemma 1.
 *
 * @param residuals `r(t)`, `[N]` each, the first one at the start
 * @returns `at` is the time's index and the example
 * @throws ArgumentError for no times, or residuals of different lengths or not finite.
 * @example
 * ```ts
 * import { measureResiduals } from '@sntk/noise/measurements';
 *
 * const run = [new Float64Array([3, 4]), new Float64Array([-2, 1])];
 * const { measured, bound, at, moved } = measureResiduals(run);
 * console.log(measured, bound, at, moved); // 4 5 [0, 1] 5
 * ```
 */
export function measureResiduals(residuals: readonly Float64Array[]): ResidualMeasurement {
  const where = 'measureResiduals';
  checkRun(where, residuals);
  const start = residuals[0];
  const bound = normOf(start);
  let measured = 0;
  let moved = 0;
  let at: readonly [number, number] = [0, 0];
  residuals.forEach((residual, t) => {
    residual.forEach((r, i) => {
      moved = Math.max(moved, Math.abs(r - start[i]));
      if (Math.abs(r) > measured) [measured, at] = [Math.abs(r), [t, i]];
    });
  });
  return { ...compare(measured, bound), at, moved };
}

/** @throws ArgumentError unless there is a residual, and all are finite and of one length. */
export function checkRun(where: string, residuals: readonly Float64Array[]): void {
  if (residuals.length === 0) {
    throw new ArgumentError({ where, argument: 'residuals', wanted: 'one time at least', got: residuals });
  }
  residuals.forEach((residual, t) => {
    checkLength(where, `residuals[${t}]`, residual, residuals[0].length, 'as at the start');
    checkFinite(where, `residuals[${t}]`, residual);
  });
}
