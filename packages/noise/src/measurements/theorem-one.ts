import { ArgumentError, checkFinite, checkLength } from '@sntk/errors';
import { showShape, type Tensor, toArray } from '@sntk/linalg';
import { functionNoise } from '../function-noise.ts';

/** A number that a theorem bounds, measured; `holds` is whether it is at most the bound. */
export interface Measurement {
  readonly measured: number;
  readonly bound: number;
  readonly holds: boolean;
}

/** A bound on every entry of a matrix: the worst entry, by its ratio to its bound. */
export interface EntryMeasurement extends Measurement {
  /** Row and column of the worst entry. */
  readonly at: readonly [number, number];
}

/** The error of Theorem 1 with the bounds there are for it. */
export interface NoiseError {
  /** `E = Σ − K_S` at the training points, `[N, N]` row-major, MATH (26). */
  readonly error: Float64Array;
  /** `R_cross` at the training points, `[N, N]` row-major: the terms of two different members. */
  readonly cross: Float64Array;
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

/** Rounding allowed in the comparison with a bound that is reached. */
const ROUNDING = 1e-12;

/**
 * The separation `δ` of Assumption 2: the largest `K(x_i, x_j)²/(K(x_i, x_i) K(x_j, x_j))` over pairs of different points.
 *
 * It is near 1 for smooth data (0.996 on two moons of a hundred points), where the assumption says almost nothing.
 *
 * Source: Assumption 2 of "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD".
 *
 * @param K kernel on the training points, `[N, N]`
 * @throws ArgumentError when `K` is not square or its diagonal is not positive.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { separation } from '@sntk/noise/measurements';
 *
 * console.log(separation(tensor([[2, 1], [1, 2]], { backend: ndarrayBackend() }))); // 0.25
 * ```
 */
export function separation(K: Tensor): number {
  const N = checkSquare('separation', K);
  const k = toArray(K);
  let delta = 0;
  for (let i = 0; i < N; i++) {
    for (let j = 0; j < i; j++) {
      delta = Math.max(delta, k[i * N + j] ** 2 / k[i * N + i] / k[j * N + j]);
    }
  }
  return delta;
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
 * @throws ArgumentError for members that are not different examples, or sizes that do not fit.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { measureTheoremOne } from '@sntk/noise/measurements';
 *
 * const N = 64;
 * const ones = tensor(new Float64Array(N * N).fill(1), { backend: ndarrayBackend(), shape: [N, N] });
 * const all = Array.from({ length: N }, (_, i) => i);
 * const { printed, sharp } = measureTheoremOne(ones, new Float64Array(N).fill(1), all);
 * console.log(printed); // { measured: 1, bound: 0.140625, holds: false }
 * console.log(sharp.holds); // true
 * ```
 */
export function measureTheoremOne(K: Tensor, residual: Float64Array, members: ArrayLike<number>): NoiseError {
  const where = 'measureTheoremOne';
  const N = checkSquare(where, K);
  checkLength(where, 'residual', residual, N, 'one per training point');
  checkFinite(where, 'residual', residual);
  const B = checkMembers(where, members, N);
  const b = B.length;
  const k = toArray(K);

  let largest = 0;
  for (let i = 0; i < N; i++) largest = Math.max(largest, k[i * N + i]);
  const root = Math.sqrt(separation(K));
  const meanSquare = B.reduce((sum, i) => sum + residual[i] ** 2, 0) / b;

  const within = toArray(functionNoise(K, residual, { kind: 'printed', members: B }).toDense());
  const g = new Float64Array(N);
  for (let m = 0; m < N; m++) for (const i of B) g[m] += (k[m * N + i] * residual[i]) / b;
  const error = new Float64Array(N * N);
  const cross = new Float64Array(N * N);
  const factor = (2 * (1 + root) ** 2) / b;
  let worstError = 0;
  let worst = { ratio: -1, measured: 0, bound: 0, at: [0, 0] as readonly [number, number] };
  for (let m = 0; m < N; m++) {
    for (let n = 0; n <= m; n++) {
      const [p, mirror] = [m * N + n, n * N + m];
      const leading = within[p];
      error[p] = error[mirror] = -g[m] * g[n];
      cross[p] = cross[mirror] = leading / b - g[m] * g[n];
      worstError = Math.max(worstError, Math.abs(error[p]));
      const [measured, bound] = [Math.abs(cross[p]), factor * Math.abs(leading)];
      // Entries that are zero but for rounding tell nothing.
      const ratio = measured <= ROUNDING * largest ** 2 * meanSquare ? 0 : measured / bound;
      if (ratio > worst.ratio) worst = { ratio, measured, bound, at: [m, n] };
    }
  }

  const size = largest ** 2 * meanSquare;
  const joint = (1 / Math.sqrt(b) + root) ** 2;
  const norm = B.reduce((sum, i) => sum + (residual[i] * g[i]) / b, 0);
  return {
    error,
    cross,
    meanSquare,
    printed: compare(worstError, (size * (1 + 2 * (1 + root) ** 2)) / b),
    corrected: compare(worstError, size * (joint + 2 / b)),
    sharp: compare(worstError, size * joint),
    crossPrinted: {
      measured: worst.measured,
      bound: worst.bound,
      holds: worst.ratio <= 1 + ROUNDING,
      at: worst.at,
    },
    trace: compare(norm, largest * meanSquare),
  };
}

function compare(measured: number, bound: number): Measurement {
  return { measured, bound, holds: measured <= bound * (1 + ROUNDING) };
}

function checkSquare(where: string, K: Tensor): number {
  const N = K.shape[0];
  if (K.shape.length !== 2 || K.shape[1] !== N) {
    throw new ArgumentError({ where, argument: 'K', wanted: 'a square matrix', got: showShape(K.shape) });
  }
  const k = toArray(K);
  checkFinite(where, 'K', k);
  for (let i = 0; i < N; i++) {
    if (!(k[i * N + i] > 0)) {
      throw new ArgumentError({
        where,
        argument: 'K',
        wanted: 'positive on the diagonal',
        got: `${k[i * N + i]} at position ${i}`,
      });
    }
  }
  return N;
}

function checkMembers(where: string, members: ArrayLike<number>, N: number): readonly number[] {
  const B = Array.from(members);
  const odd = B.find((i) => !Number.isInteger(i) || i < 0 || i >= N);
  if (odd === undefined && B.length > 0 && new Set(B).size === B.length) return B;
  throw new ArgumentError({
    where,
    argument: 'members',
    wanted: `at least one, all different, from 0 to ${N - 1}`,
    got: odd ?? B,
  });
}
