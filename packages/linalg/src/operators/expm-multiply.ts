import { ArgumentError, checkInteger, NumericalError } from '@sntk/errors';
import { tensor } from '../create.ts';
import { toArray, toFloat64 } from '../ops.ts';
import { columnMaxima } from '../scaling.ts';
import type { Tensor } from '../tensor.ts';
import { checkBlock, type LinearOperator } from './linear-operator.ts';

export interface ExpmMultiplyOptions {
  /** The factor t, 1 unless told; it may be negative. */
  readonly time?: number;
  /** Products with the operator that are allowed, 10,000 unless told. */
  readonly maxApplications?: number;
}

export interface ExpmMultiplyResult {
  /** `exp(t A) X`, `[n, p]`, of the operator's dtype. */
  readonly x: Tensor;
  readonly info: {
    /** Products with the operator, the ones of steps that were too long included. */
    readonly applications: number;
    /** Steps that the time was divided into. */
    readonly steps: number;
  };
}

/** Terms of a step may grow by this factor over its start before they cancel: what rounding costs at most. */
const GROWTH = 64;

/**
 * The product `exp(t A) X` for a block `X` `[n, p]`, without the exponential itself: Taylor polynomials over steps of
 * time (Al-Mohy and Higham, Computing the Action of the Matrix Exponential).
 *
 * A step is as long as the growth of its terms allows, so no bound on the norm of `A` is asked for; the number of
 * products is near 6 ‖t A‖. `A` need not be symmetric. Runs on CPU backends, with float64 sums whatever the operator's
 * dtype.
 *
 * @throws ArgumentError for an `X` that does not fit or is not finite, or a time that is not finite.
 * @throws NumericalError when `maxApplications` is not enough or the result overflows.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 * import { diagonal, expmMultiply } from '@sntk/linalg/operators';
 *
 * const backend = ndarrayBackend();
 * const A = diagonal(tensor([0, -1], { backend }));
 * const { x } = expmMultiply(A, tensor([[1], [1]], { backend }), { time: Math.LN2 });
 * console.log(toArray(x).map((y) => Number(y.toFixed(12)))); // Float64Array [1, 0.5]
 * ```
 */
export function expmMultiply(
  A: LinearOperator,
  X: Tensor,
  options: ExpmMultiplyOptions = {},
): ExpmMultiplyResult {
  const where = 'expmMultiply';
  const { time = 1, maxApplications = 10_000 } = options;
  if (!Number.isFinite(time)) {
    throw new ArgumentError({ where, argument: 'options.time', wanted: 'a finite number', got: time });
  }
  checkInteger(where, 'options.maxApplications', maxApplications, 1);
  checkBlock(where, 'X', X, A);
  const n = A.size;
  const p = X.shape[1];

  const unit = A.dtype === 'float64' ? 2 ** -53 : 2 ** -24;
  let applications = 0;
  const apply = (x: Float64Array): Float64Array => {
    if (applications === maxApplications) {
      throw new NumericalError({
        where,
        found: `${(100 * done).toPrecision(3)} % of the time is done after ${applications} products`,
        fix: 'raise maxApplications; for a large norm of t A use expm, or eigh when A is symmetric',
        details: { applications, done },
      });
    }
    applications++;
    const image = toFloat64(A.apply(tensor(x, { backend: A.backend, dtype: A.dtype, shape: [n, p] })));
    if (image.some((value) => !Number.isFinite(value))) {
      throw new NumericalError({
        where,
        found: 'a product with the operator is not finite',
        fix: 'when the result overflows, subtract a multiple of the identity from A',
      });
    }
    return image;
  };

  let x: Float64Array = new Float64Array(toArray(X));
  /** The part of the time that is behind, and the part that the next step tries. */
  let done = 0;
  let step = 1;
  let steps = 0;
  while (done < 1 && time !== 0 && n * p > 0) {
    const last = done + step >= 1;
    const h = last ? 1 - done : step;
    const { sum, rate } = taylor(apply, x, time * h, p, unit);
    if (!sum) {
      // Terms h‖A‖/k of about 4 at k = 1 stay below the growth that is accepted.
      step = h * Math.min(0.5, 4 / rate);
      continue;
    }
    x = sum;
    done = last ? 1 : done + h;
    steps++;
    // A step whose terms hardly grew was too short.
    if (rate < 2) step = 2 * h;
  }
  return {
    x: tensor(x, { backend: A.backend, dtype: A.dtype, shape: [n, p] }),
    info: { applications, steps },
  };
}

/**
 * `Σ_k (h A)^k x / k!`, or nothing when a column's terms outgrow it; with the largest h‖A‖ that shows in the ratios of
 * successive terms.
 */
function taylor(
  apply: (x: Float64Array) => Float64Array,
  x: Float64Array,
  h: number,
  p: number,
  unit: number,
): { sum?: Float64Array; rate: number } {
  const sum = x.slice();
  const start = columnMaxima(x, p);
  let term: Float64Array = x;
  let before = start;
  let rate = 0;
  for (let k = 1; ; k++) {
    // The image may be the operator's own storage.
    term = apply(term).map((value) => value * (h / k));
    const now = columnMaxima(term, p);
    for (let q = 0; q < p; q++) {
      if (before[q] > 0) rate = Math.max(rate, (k * now[q]) / before[q]);
      if (!(now[q] <= GROWTH * start[q])) return { rate };
    }
    for (let i = 0; i < sum.length; i++) sum[i] += term[i];
    const total = columnMaxima(sum, p);
    // Two terms in a row, because odd or even ones may vanish.
    if (now.every((size, q) => size + before[q] <= unit * total[q])) return { sum, rate };
    before = now;
  }
}
