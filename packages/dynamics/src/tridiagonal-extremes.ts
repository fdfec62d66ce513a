import type { TridiagonalMatrix } from './rational-exponential.ts';

/**
 * The smallest and the largest eigenvalue of a symmetric tridiagonal matrix to rounding of its size, the smallest rounded down:
 * by bisection on the number of eigenvalues below a point.
 *
 * Source: Golub and Van Loan, Matrix Computations, 8.4.
 */
export function tridiagonalExtremes({ diagonal, offDiagonal }: TridiagonalMatrix): {
  readonly smallest: number;
  readonly largest: number;
} {
  const n = diagonal.length;
  let size = 0;
  for (let i = 0; i < n; i++) {
    const row = Math.abs(diagonal[i]) + Math.abs(offDiagonal[i] ?? 0) + Math.abs(offDiagonal[i - 1] ?? 0);
    size = Math.max(size, row);
  }
  if (size === 0) return { smallest: 0, largest: 0 };
  // In units of the size, so that squares neither overflow nor vanish.
  const a = diagonal.map((entry) => entry / size);
  const squares = offDiagonal.map((entry) => (entry / size) ** 2);
  return {
    smallest: size * crossing((x) => countBelow(a, squares, x) > 0).below,
    largest: size * crossing((x) => countBelow(a, squares, x) === n).above,
  };
}

/** Halvings of an interval of length 2 that leave less than rounding of 1. */
const HALVINGS = 54;

/** Where a condition that holds from some point of [−1, 1] on starts to hold. */
function crossing(holds: (x: number) => boolean): { readonly below: number; readonly above: number } {
  let [below, above] = [-1 - Number.EPSILON, 1 + Number.EPSILON];
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (below + above) / 2;
    if (holds(middle)) above = middle;
    else below = middle;
  }
  return { below, above };
}

/** Stands for a pivot of zero, which rounding has made of a tiny one; what it divides, at most 1, does not overflow. */
const TINY = 2 ** -1000;

/** How many eigenvalues are below `x`: negative pivots of `T − x` (Sylvester's law of inertia). */
function countBelow(a: Float64Array, squares: Float64Array, x: number): number {
  let count = 0;
  let pivot = 1;
  for (let i = 0; i < a.length; i++) {
    pivot = a[i] - x - (i > 0 ? squares[i - 1] / pivot : 0);
    if (Math.abs(pivot) < TINY) pivot = -TINY;
    if (pivot < 0) count++;
  }
  return count;
}
