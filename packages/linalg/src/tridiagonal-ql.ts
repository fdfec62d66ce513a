import { NumericalError } from '@sntk/errors';

/** More sweeps than any matrix has been seen to need; reached only by entries that are not finite. */
const MAX_SWEEPS = 60;

/**
 * Eigenvalues of a symmetric tridiagonal matrix by implicit QL with Wilkinson's shift, in place; the rotations are
 * applied to the rows of `q` (Golub and Van Loan, Matrix Computations, 8.3.3; Bowdler and others, 1968).
 */
export function tridiagonalQl(n: number, d: Float64Array, e: Float64Array, q: Float64Array): void {
  let size = 0;
  for (let low = 0; low < n; low++) {
    // What is rounding noise beside the part already passed counts as zero: in a rank-deficient matrix the noise
    // never becomes small beside its own neighbours.
    size = Math.max(size, Math.abs(d[low]) + Math.abs(e[low]));
    for (let sweep = 0; ; sweep++) {
      let m = low;
      while (
        m < n - 1 &&
        Math.abs(e[m]) > Number.EPSILON * Math.max(size, Math.abs(d[m]) + Math.abs(d[m + 1]))
      )
        m++;
      if (m === low) break;
      if (sweep === MAX_SWEEPS) {
        throw new NumericalError({ where: 'eigh', found: `no convergence after ${MAX_SWEEPS} sweeps` });
      }
      const spread = (d[low + 1] - d[low]) / (2 * e[low]);
      const root = hypotenuse(spread, 1);
      let g = d[m] - d[low] + e[low] / (spread + (spread >= 0 ? root : -root));
      let s = 1;
      let c = 1;
      let shift = 0;
      let i = m - 1;
      for (; i >= low; i--) {
        const f = s * e[i];
        const b = c * e[i];
        const r = hypotenuse(f, g);
        e[i + 1] = r;
        if (r === 0) {
          // The matrix has split by underflow: undo the shift and start again.
          d[i + 1] -= shift;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - shift;
        const t = (d[i] - g) * s + 2 * c * b;
        shift = s * t;
        d[i + 1] = g + shift;
        g = c * t - b;
        rotateRows(n, q, i, s, c);
      }
      if (i >= low) continue;
      d[low] -= shift;
      e[low] = g;
      e[m] = 0;
    }
  }
}

/** `√(x² + y²)`; not `Math.hypot`, whose last digit differs from engine to engine. */
function hypotenuse(x: number, y: number): number {
  const size = Math.max(Math.abs(x), Math.abs(y));
  if (size === 0) return 0;
  const a = x / size;
  const b = y / size;
  return size * Math.sqrt(a * a + b * b);
}

function rotateRows(n: number, q: Float64Array, i: number, s: number, c: number): void {
  const upper = i * n;
  const lower = upper + n;
  for (let k = 0; k < n; k++) {
    const f = q[lower + k];
    const g = q[upper + k];
    q[lower + k] = s * g + c * f;
    q[upper + k] = c * g - s * f;
  }
}
