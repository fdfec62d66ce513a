import { NumericalError } from '@sntk/errors';
import type { DType } from './tensor.ts';

/** Negative eigenvalues up to this share of the largest, for each row, are rounding of the entries. */
const ROUNDING: Readonly<Record<DType, number>> = { float64: 1e-13, float32: 1.2e-7 };

/**
 * The eigenvalues of a kernel `K`, which has none below zero but by rounding: that is cut to zero.
 *
 * @param values ascending, as `eigh` gives them
 * @param dtype of the entries that were decomposed
 * @returns the eigenvalues, and how far they may be off
 * @throws NumericalError when the smallest is further below zero than rounding explains.
 */
export function kernelEigenvalues(
  where: string,
  values: Float64Array,
  dtype: DType,
): { readonly values: Float64Array; readonly rounding: number } {
  const [smallest = 0, largest = 0] = [values[0], values[values.length - 1]];
  const rounding = checkSemidefinite(where, { samples: values.length, smallest, largest }, dtype);
  return { values: values.map((value) => Math.max(0, value)), rounding };
}

/** How far eigenvalues may be off. Refuses a kernel `[N, N]` whose smallest is further below zero than that. */
export function checkSemidefinite(
  where: string,
  extremes: { readonly samples: number; readonly smallest: number; readonly largest: number },
  dtype: DType,
): number {
  const { samples, smallest, largest } = extremes;
  const rounding = ROUNDING[dtype] * samples * Math.max(0, largest);
  if (smallest < -rounding) {
    throw new NumericalError({
      where,
      found: `K is not positive semidefinite: its smallest eigenvalue is ${smallest.toExponential(3)}, its largest ${largest.toExponential(3)}`,
      fix: `check the kernel, or add a jitter of ${(-smallest).toExponential(1)} to its diagonal`,
      details: { smallest, largest },
    });
  }
  return rounding;
}
