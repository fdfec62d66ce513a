import { checkFinite, checkLength } from '@sntk/errors';
import { type Tensor, tensor, toFloat64 } from '@sntk/linalg';
import { functionNoise } from '../function-noise.ts';
import { checkMembers } from '../noise-law.ts';
import { readKernel } from './kernel-matrix.ts';
import { compare, type EntryMeasurement, inUnits, type Measurement, worstOf } from './measurement.ts';
import { separation } from './separation.ts';

/** Entries of the cross term up to this share of the largest possible one are zero but for rounding. */
const ROUNDING = 1e-12;

/** The error of Theorem 1 with the bounds there are for it. */
export interface NoiseError {
  /** `E = Σ − K_S` at the training points, `[N, N]` row-major, MATH (26). */
  readonly error: Float64Array;
  /** `R_cross` at the training points, `[N, N]` row-major: the terms of two different members. */
  readonly cross: Float64Array;
  /** `δ`, measured on `K`. */
  readonly delta: number;
  /** Squared mean of the residuals of the minibatch, `r̄² = (1/b) Σ_{i∈B} r_i²`. */
  readonly meanSquare: number;
  /** As printed: `|E_mn| ≤ (C_δ/b) r̄²`, `C_δ = K_max² (1 + 2 (1 + √δ)²)`. Not a bound in general. */
  readonly printed: Measurement;
  /** What the proof's own steps give: `K_max² r̄² [(1/√b + √δ)² + 2/b]`. */
  readonly corrected: Measurement;
  /** The sharper one, since `E = −ĝ ĝᵀ` exactly: `K_max² r̄² (1/√b + √δ)²`. */
  readonly sharp: Measurement;
  /** Lemma 3 as printed: `|R_cross| ≤ (2 (1 + √δ)²/b) |K_S|` at every pair of points. Not true in general. */
  readonly crossPrinted: EntryMeasurement;
  /** Trace of `E` over parameters, `−‖ĝ‖²`, with `K_max r̄²`, which bounds it whatever `δ` is: Lemma 4. */
  readonly trace: Measurement;
}

/**
 * Theorem 1 and Lemmas 3 and 4 as measurements: the error `E` of the SNTK against the covariance within a minibatch,
 * MATH (26), and whether each bound holds for it.
 *
 * `E = −ĝ ĝᵀ` with `ĝ = (1/b) Σ_{i∈B} r_i ∇f(x_i)`: it does not shrink with `b` unless the mean gradient does, so the printed
 * bound fails for large minibatches, MATH section 8, erratum 2. `δ` is measured on `K`; `O(n^{−1/2})` is nothing for a
 * fixed kernel.
 *
 * Source: "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD", Theorem 1, Lemmas 2–4.
 *
 * @param K kernel on the training points, `[N, N]`
 * @param residual `r` `[N]`; for other losses, `ℓ'`
 * @param members the examples of the minibatch, different ones
 * @throws ArgumentError for members that are not different examples, sizes that do not fit, or a `K` that is not symmetric.
 * @throws NumericalError as `separation`, and when a bound overflows.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { measureTheoremOne } from '@sntk/noise/measurements';
 *
 * const N = 64;
 * const ones = tensor(new Float64Array(N * N).fill(1), { backend: ndarrayBackend(), shape: [N, N] });
 * const all = Array.from({ length: N }, (_, i) => i);
 * const { printed, sharp } = measureTheoremOne(ones, new Float64Array(N).fill(1), all);
 * console.log(printed); // { measured: 1, bound: 0.140625, holds: false, ratio: 7.111111111111111 }
 * console.log(sharp.holds); // true
 * ```
 */
export function measureTheoremOne(K: Tensor, residual: Float64Array, members: ArrayLike<number>): NoiseError {
  const where = 'measureTheoremOne';
  const { N, k } = readKernel(where, K);
  checkLength(where, 'residual', residual, N, 'one per training point');
  checkFinite(where, 'residual', residual);
  const B = checkMembers(where, 'members', members, N, { different: true });
  const b = B.length;

  let largest = 0;
  for (let i = 0; i < N; i++) largest = Math.max(largest, k[i * N + i]);
  const strongest = B.reduce((most, i) => Math.max(most, Math.abs(residual[i])), 0) || 1;
  const delta = separation(K);
  // In units of the largest kernel entry and residual, where squares neither overflow nor vanish.
  const kernel = tensor(
    Float64Array.from(k, (value) => value / largest),
    { backend: K.backend, dtype: K.dtype, shape: [N, N] },
  );
  const r = new Float64Array(N);
  for (const i of B) r[i] = residual[i] / strongest;
  const square = B.reduce((sum, i) => sum + r[i] ** 2, 0) / b;
  const unit = (largest * strongest) ** 2;

  const leading = toFloat64(functionNoise(kernel, r, { kind: 'printed', members: B }).toDense());
  const g = new Float64Array(N);
  for (let m = 0; m < N; m++) for (const i of B) g[m] += ((k[m * N + i] / largest) * r[i]) / b;
  const error = leading.map((_, p) => -g[Math.floor(p / N)] * g[p % N]);
  const cross = error.map((value, p) => leading[p] / b + value);
  const worstError = error.reduce((worst, value) => Math.max(worst, Math.abs(value)), 0);
  const root = Math.sqrt(delta);
  const factor = (2 * (1 + root) ** 2) / b;
  const joint = (1 / Math.sqrt(b) + root) ** 2;
  const norm = B.reduce((sum, i) => sum + (r[i] * g[i]) / b, 0);
  return {
    error: error.map((value) => value * unit),
    cross: cross.map((value) => value * unit),
    delta,
    meanSquare: square * strongest ** 2,
    printed: inUnits(compare(worstError, (square * (1 + 2 * (1 + root) ** 2)) / b), unit),
    corrected: inUnits(compare(worstError, square * (joint + 2 / b)), unit),
    sharp: inUnits(compare(worstError, square * joint), unit),
    crossPrinted: inUnits(worstOf(crossEntries()), unit),
    trace: inUnits(compare(norm, square), largest * strongest ** 2),
  };

  function* crossEntries(): Generator<EntryMeasurement> {
    for (let m = 0; m < N; m++) {
      for (let n = 0; n <= m; n++) {
        const p = m * N + n;
        const entry = compare(Math.abs(cross[p]), factor * Math.abs(leading[p]), {
          rounding: ROUNDING * square,
        });
        yield { ...entry, at: [m, n] };
      }
    }
  }
}
