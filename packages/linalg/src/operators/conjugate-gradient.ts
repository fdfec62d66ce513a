import { checkInteger, checkPositive, NumericalError } from '@sntk/errors';
import { tensor } from '../create.ts';
import { toArray, toFloat64 } from '../ops.ts';
import { columnMaxima, powerOfTwoNear } from '../scaling.ts';
import type { Tensor } from '../tensor.ts';
import { checkBlock, type LinearOperator } from './linear-operator.ts';

export interface CgOptions {
  /** Largest `‖b − A x‖ / ‖b‖` that is accepted, 1e-10 unless told (float32: 1e-5). */
  readonly tolerance?: number;
  /** 10 times the size unless told. */
  readonly maxIterations?: number;
}

export interface CgResult {
  /** `[n, p]`, of the operator's dtype. */
  readonly x: Tensor;
  readonly info: {
    /** Products with the operator. */
    readonly applications: number;
    /** The largest `‖b − A x‖ / ‖b‖` over the columns, computed from `x` itself. */
    readonly residual: number;
  };
}

/**
 * Solves `A X = B` for a symmetric positive definite operator by conjugate gradients, every column of `B` `[n, p]`
 * with steps of its own (Hestenes and Stiefel, Methods of Conjugate Gradients for Solving Linear Systems).
 *
 * Runs on CPU backends, with float64 recurrences whatever the operator's dtype.
 *
 * @throws ArgumentError for a `B` that does not fit, is not finite or is on another backend.
 * @throws NumericalError when a direction shows that the operator is not positive definite, without convergence, or when
 * the solution overflows.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 * import { conjugateGradient, dense } from '@sntk/linalg/operators';
 *
 * const backend = ndarrayBackend();
 * const A = dense(tensor([[4, 0], [0, 2]], { backend }));
 * const { x } = conjugateGradient(A, tensor([[8], [2]], { backend }));
 * console.log(toArray(x)); // Float64Array [2, 1]
 * ```
 */
export function conjugateGradient(A: LinearOperator, B: Tensor, options: CgOptions = {}): CgResult {
  const where = 'conjugateGradient';
  const tolerance = checkPositive(
    where,
    'options.tolerance',
    options.tolerance ?? (A.dtype === 'float64' ? 1e-10 : 1e-5),
  );
  const limit = checkInteger(where, 'options.maxIterations', options.maxIterations ?? 10 * A.size);
  checkBlock(where, 'B', B, A);
  const n = A.size;
  const p = B.shape[1];
  const apply = (x: Float64Array): Float64Array =>
    toFloat64(A.apply(tensor(x, { backend: A.backend, dtype: A.dtype, shape: [n, p] })));

  // Columns of order 1, so that squared norms neither overflow nor vanish.
  const units = columnMaxima(toArray(B), p).map(powerOfTwoNear);
  const b = Float64Array.from(toArray(B), (value, i) => value / units[i % p]);
  const x = new Float64Array(n * p);
  const r = b.slice();
  const d = b.slice();
  const goal = columnDots(b, b, n, p).map((norm) => norm * tolerance * tolerance);
  let rr = columnDots(r, r, n, p);
  let applications = 0;
  for (;;) {
    const open = rr.map((value, q) => (value > goal[q] ? 1 : 0));
    if (!open.includes(1)) {
      // The recurrence drifts from the truth in ill-conditioned problems: believe only b − A x, and go on from it.
      const Ax = apply(x);
      applications++;
      for (let i = 0; i < r.length; i++) r[i] = b[i] - Ax[i];
      rr = columnDots(r, r, n, p);
      if (rr.every((value, q) => value <= goal[q])) break;
      d.set(r);
      continue;
    }
    if (applications >= limit) {
      const residual = relative(rr, goal, tolerance);
      throw new NumericalError({
        where,
        found: `after ${applications} products the residual is ${residual.toExponential(2)} of ‖B‖, above ${tolerance}`,
        fix: 'add a ridge to the operator, raise the tolerance, or use a factorization',
        details: { applications, residual },
      });
    }
    const Ad = apply(d);
    applications++;
    const curvature = columnDots(d, Ad, n, p);
    const step = rr.map((value, q) => (open[q] ? value / curvature[q] : 0));
    const bad = curvature.findIndex((value, q) => open[q] === 1 && !(value > 0));
    if (bad >= 0) {
      throw new NumericalError({
        where,
        found: `a direction of product ${applications} has curvature ${curvature[bad]}`,
        fix: 'the operator is not positive definite: add a ridge',
        details: { applications, column: bad, curvature: curvature[bad] },
      });
    }
    for (let i = 0, at = 0; i < n; i++) {
      for (let q = 0; q < p; q++, at++) {
        x[at] += step[q] * d[at];
        r[at] -= step[q] * Ad[at];
      }
    }
    const next = columnDots(r, r, n, p);
    for (let i = 0, at = 0; i < n; i++) {
      for (let q = 0; q < p; q++, at++) if (open[q]) d[at] = r[at] + (next[q] / rr[q]) * d[at];
    }
    rr = next;
  }
  for (let i = 0; i < x.length; i++) x[i] *= units[i % p];
  const solution = tensor(x, { backend: A.backend, dtype: A.dtype, shape: [n, p] });
  const overflow = toArray(solution).findIndex((value: number) => !Number.isFinite(value));
  if (overflow >= 0) {
    throw new NumericalError({
      where,
      found: `the solution overflows at position ${overflow}`,
      fix: 'scale B down, or the operator up',
    });
  }
  return { x: solution, info: { applications, residual: relative(rr, goal, tolerance) } };
}

/** For each column, the inner product of the columns of two row-major `[n, p]`. */
function columnDots(a: Float64Array, b: Float64Array, n: number, p: number): Float64Array {
  const sums = new Float64Array(p);
  for (let i = 0, at = 0; i < n; i++) for (let q = 0; q < p; q++, at++) sums[q] += a[at] * b[at];
  return sums;
}

function relative(rr: Float64Array, goal: Float64Array, tolerance: number): number {
  return Math.max(0, ...rr.map((value, q) => (value === 0 ? 0 : tolerance * Math.sqrt(value / goal[q]))));
}
