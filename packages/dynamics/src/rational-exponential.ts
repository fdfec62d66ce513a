/** A symmetric tridiagonal matrix `T`. */
export interface TridiagonalMatrix {
  /** `[n]` */
  readonly diagonal: Float64Array;
  /** `[n − 1]`; entry `i` couples `i` and `i + 1`. */
  readonly offDiagonal: Float64Array;
}

/**
 * The best approximation of `e^z` on `z ≤ 0` by a quotient of polynomials of degree 16, off by at most 2.2e-16, in partial
 * fractions: `CONSTANT + 2 Re Σ_k w_k/(z − z_k)` over the poles above the real axis. Rows are `z_k` and `w_k`, real and
 * imaginary parts; `scripts/reference/rational_exponential.py` computes them.
 *
 * Sources: Cody, Meinardus and Varga, "Chebyshev Rational Approximations to e^{−x} in [0, +∞) and Applications to
 * Heat-Conduction Problems"; Trefethen, Weideman and Schmelzer, "Talbot Quadratures and Rational Approximations".
 */
export const CONSTANT: number = 2.1248537104952236e-16;
export const POLES: readonly (readonly [number, number, number, number])[] = [
  [6.416177699099435, 1.1941223933701386, -64.50087802553965, -224.59440762652096],
  [5.948152268951177, 3.587457362018322, 113.3977517848393, 101.94721704215857],
  [4.993174737717997, 5.996881713603942, -62.51839246320792, -11.190391094283228],
  [3.509103608414918, 8.436198985884374, 15.059585270023467, -5.751405277642182],
  [1.419375897185666, 10.925363484496723, -1.4793007113558, 1.7686588323782937],
  [-1.4139284624888862, 13.497725698892745, 0.04102313683541002, -0.15743466173455467],
  [-5.264971343442647, 16.22022147316793, 0.0002115174218246603, 0.004389296964738067],
  [-10.843917078696988, 19.27744616718165, -5.090152186522493e-7, -2.422001765285229e-5],
];

/**
 * `kept = e^{−tT} c` and `averaged = φ₁(−tT) c`, `φ₁(z) = (e^z − 1)/z`, the mean of `e^{−sT} c` over `0 ≤ s ≤ t`, for a positive
 * semidefinite tridiagonal `T` and `c` `[n, O]`: what `flowOfMode` is for one eigenvalue, without eigenvectors, in `O(n)`.
 *
 * With `R(z) = w_∞ + Σ w_k/(z − z_k)`, `(R(z) − R(0))/z = Σ (w_k/z_k)/(z − z_k)` approximates `φ₁` on the same poles. Each is a
 * solve with `tT + z_k`, by elimination without pivoting. A pivot is `t T_ii + z_k − Σ_j β_j²/(λ_j + z_k)` with eigenvalues `λ_j`
 * of the rows above it; as none is negative, `Σ β_j²/λ_j ≤ t T_ii` and `λ_j ≤ 1.15 |λ_j + z_k|` for all poles, so pivots stay
 * between `|Im z_k|` and `|z_k| + 2.15 t T_ii`: nothing grows, and graded rows keep their digits.
 *
 * Errors are a few 1e-14 of `|c|`, relative ones in each mode of `averaged`, and what a rounding of the entries of `tT` by a
 * few units in the last place does.
 */
export function tridiagonalFlow(
  { diagonal, offDiagonal }: TridiagonalMatrix,
  c: Float64Array,
  time: number,
): { readonly kept: Float64Array; readonly averaged: Float64Array } {
  const n = diagonal.length;
  const a = new Float64Array(n);
  const b = new Float64Array(n);
  for (let i = 0; i < n; i++) a[i] = time * diagonal[i];
  for (let i = 0; i < n - 1; i++) b[i] = time * offDiagonal[i];
  const kept = new Float64Array(c.length);
  for (let q = 0; q < c.length; q++) kept[q] = CONSTANT * c[q];
  const averaged = new Float64Array(c.length);
  const work = new Float64Array(4 * n);
  for (const pole of POLES) {
    for (let o = 0; o < c.length / n; o++) addPole(a, b, c, { pole, o, work, kept, averaged });
  }
  return { kept, averaged };
}

/** A pole's share of column `o`: `(z − z_k)⁻¹` at `z = −tT` is `−(tT + z_k)⁻¹`, with `tT` in `a` and `b`. */
function addPole(
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  at: {
    readonly pole: readonly [number, number, number, number];
    readonly o: number;
    readonly work: Float64Array;
    readonly kept: Float64Array;
    readonly averaged: Float64Array;
  },
): void {
  const { pole, o, work, kept, averaged } = at;
  const [zRe, zIm, wRe, wIm] = pole;
  const n = a.length;
  const outputs = c.length / n;
  // Downwards: reciprocals p of the pivots, and u = p (c − b u) with what is above. One loop for both, which bounds the time.
  let pRe = 0;
  let pIm = 0;
  let uRe = 0;
  let uIm = 0;
  let above = 0;
  for (let i = 0; i < n; i++) {
    const dRe = a[i] + zRe - above * above * pRe;
    const dIm = zIm - above * above * pIm;
    const inverse = 1 / (dRe * dRe + dIm * dIm);
    pRe = dRe * inverse;
    pIm = -dIm * inverse;
    const yRe = c[i * outputs + o] - above * uRe;
    const yIm = -above * uIm;
    uRe = pRe * yRe - pIm * yIm;
    uIm = pRe * yIm + pIm * yRe;
    work[4 * i] = pRe;
    work[4 * i + 1] = pIm;
    work[4 * i + 2] = uRe;
    work[4 * i + 3] = uIm;
    above = b[i];
  }
  // Upwards: x = u − p b x with what is below; 2 Re w_k x to one sum, 2 Re (w_k/z_k) x to the other.
  const size = zRe * zRe + zIm * zIm;
  const vRe = (wRe * zRe + wIm * zIm) / size;
  const vIm = (wIm * zRe - wRe * zIm) / size;
  let xRe = 0;
  let xIm = 0;
  for (let i = n - 1; i >= 0; i--) {
    const fRe = b[i] * work[4 * i];
    const fIm = b[i] * work[4 * i + 1];
    const real = work[4 * i + 2] - (fRe * xRe - fIm * xIm);
    xIm = work[4 * i + 3] - (fRe * xIm + fIm * xRe);
    xRe = real;
    kept[i * outputs + o] -= 2 * (wRe * xRe - wIm * xIm);
    averaged[i * outputs + o] -= 2 * (vRe * xRe - vIm * xIm);
  }
}
