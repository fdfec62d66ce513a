import { ArgumentError, NumericalError } from '@sntk/errors';
import type { Backend } from './backend.ts';
import { adopt, tensor } from './create.ts';
import { type FactorInfo, factorable } from './factor.ts';
import { checkRank, matmul, toFloat64 } from './ops.ts';
import { columnMaxima, NEGLIGIBLE, powerOfTwoNear } from './scaling.ts';
import { showShape, type Tensor } from './tensor.ts';

export interface QrResult {
  /** Orthonormal columns, `[m, n]`, float64. */
  readonly Q: Tensor;
  /** Upper triangular with a diagonal that is not negative, `[n, n]`, float64. */
  readonly R: Tensor;
  readonly info: FactorInfo;
}

/** Columns whose reflectors are applied to the others together, by matrix products. */
const PANEL = 32;

/**
 * The thin QR factorization `A = Q R` of a matrix `[m, n]` with m ≥ n, by Householder reflections in blocks (Schreiber
 * and Van Loan, A Storage-Efficient WY Representation for Products of Householder Transformations).
 *
 * The diagonal of `R` is not negative, so a matrix of full rank has one answer on all backends. Dependent columns are no
 * error: they show as diagonal entries of `R` near 0, and the columns of `Q` stay orthonormal. Runs on CPU backends.
 *
 * @throws ArgumentError for fewer rows than columns or entries that are not finite.
 * @throws NumericalError for entries so large that the norm of a column overflows.
 * @throws UnavailableError on a backend without factorizations.
 * @example
 * ```ts
 * import { ndarrayBackend, qr, tensor, toArray } from '@sntk/linalg';
 *
 * const A = tensor([[3, 1], [4, 3]], { backend: ndarrayBackend() });
 * const { R } = qr(A);
 * console.log(toArray(R).map((x) => Number(x.toFixed(12)))); // Float64Array [5, 3, 0, 1]
 * ```
 */
export function qr(A: Tensor): QrResult {
  checkRank('qr', 'A', A, 2);
  const { backend } = A;
  const [m, n] = A.shape;
  if (m < n) {
    throw new ArgumentError({
      where: 'qr',
      argument: 'A',
      wanted: 'a matrix with at least as many rows as columns',
      got: showShape(A.shape),
      fix: 'factor its transpose',
    });
  }
  const a = new Float64Array(factorable('qr', 'A', A).entries);
  const units = scaleColumns(m, n, a);
  const panels: Panel[] = [];
  for (let j = 0; j < n; j += PANEL) {
    const panel = factorPanel(m, n, a, j, Math.min(PANEL, n - j));
    apply(backend, panel, true, m, n, a, j + panel.width);
    panels.push(panel);
  }

  const r = new Float64Array(n * n);
  const q = new Float64Array(m * n);
  for (let i = 0; i < n; i++) {
    const sign = a[i * n + i] < 0 ? -1 : 1;
    // Adding 0 turns −0 into 0.
    for (let j = i; j < n; j++) r[i * n + j] = sign * a[i * n + j] * units[j] + 0;
    q[i * n + i] = sign;
  }
  const overflow = r.findIndex((x) => !Number.isFinite(x));
  if (overflow >= 0) {
    throw new NumericalError({
      where: 'qr',
      found: `the norm of column ${overflow % n} overflows`,
      fix: 'scale the matrix down',
    });
  }
  for (const panel of panels.reverse()) apply(backend, panel, false, m, n, q, panel.first);
  return {
    Q: adopt(q, backend, [m, n]),
    R: adopt(r, backend, [n, n]),
    info: { jitter: 0, promoted: A.dtype === 'float32' },
  };
}

/** Divides each column by a power of two near its largest entry, which changes R alone; gives the divisors. */
function scaleColumns(m: number, n: number, a: Float64Array): Float64Array {
  const units = columnMaxima(a, n).map(powerOfTwoNear);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) a[i * n + j] /= units[j];
  return units;
}

/** The product `I − V T Vᵀ` of a few reflections that act on the rows from `first` on. */
interface Panel {
  readonly first: number;
  readonly width: number;
  /** `[m − first, width]`, unit lower trapezoidal. */
  readonly V: Float64Array;
  /** `[width, width]`, upper triangular. */
  readonly T: Float64Array;
}

/** Reduces the columns `first … first + width` of `a` and leaves their part of `R` there. */
function factorPanel(m: number, n: number, a: Float64Array, first: number, width: number): Panel {
  const height = m - first;
  const V = new Float64Array(height * width);
  const T = new Float64Array(width * width);
  const w = new Float64Array(width);
  for (let c = 0; c < width; c++) {
    const column = first + c;
    const tau = reflector(m, n, a, column, (i, x) => {
      V[(i - first) * width + c] = x;
    });
    // The other columns of the panel: a ← a − τ v (vᵀ a).
    w.fill(0);
    for (let i = column; i < m; i++) {
      const v = V[(i - first) * width + c];
      for (let d = c + 1; d < width; d++) w[d] += v * a[i * n + first + d];
    }
    for (let i = column; i < m; i++) {
      const v = tau * V[(i - first) * width + c];
      for (let d = c + 1; d < width; d++) a[i * n + first + d] -= v * w[d];
    }
    // The new column of T is −τ T (Vᵀ v), with τ on the diagonal.
    w.fill(0);
    for (let i = c; i < height; i++) {
      const v = V[i * width + c];
      for (let d = 0; d < c; d++) w[d] += V[i * width + d] * v;
    }
    for (let d = 0; d < c; d++) {
      let sum = 0;
      for (let e = d; e < c; e++) sum += T[d * width + e] * w[e];
      T[d * width + c] = -tau * sum;
    }
    T[c * width + c] = tau;
  }
  return { first, width, V, T };
}

/** The reflection `I − τ v vᵀ` with v₀ = 1 that clears a column below its diagonal entry, which becomes ∓ its norm. */
function reflector(
  m: number,
  n: number,
  a: Float64Array,
  column: number,
  put: (row: number, v: number) => void,
): number {
  // Entries are scaled by the largest, so that squares do not vanish.
  let scale = 0;
  for (let i = column; i < m; i++) scale = Math.max(scale, Math.abs(a[i * n + column]));
  const head = a[column * n + column];
  put(column, 1);
  if (scale < NEGLIGIBLE) return 0;
  let below = 0;
  for (let i = column + 1; i < m; i++) below += (a[i * n + column] / scale) ** 2;
  if (below === 0) return 0;
  const size = scale * Math.sqrt((head / scale) ** 2 + below);
  const diagonal = head > 0 ? -size : size;
  const pivot = head - diagonal;
  for (let i = column + 1; i < m; i++) put(i, a[i * n + column] / pivot);
  a[column * n + column] = diagonal;
  return -pivot / diagonal;
}

/** `(I − V T Vᵀ) B`, or its transpose times `B`, on the columns of `b` `[m, n]` from `from` on. */
function apply(
  backend: Backend,
  { first, width, V, T }: Panel,
  transposed: boolean,
  m: number,
  n: number,
  b: Float64Array,
  from: number,
): void {
  const columns = n - from;
  if (columns <= 0) return;
  const height = m - first;
  const block = new Float64Array(height * columns);
  for (let i = 0; i < height; i++) {
    const row = (first + i) * n;
    block.set(b.subarray(row + from, row + n), i * columns);
  }
  const v = tensor(V, { backend, shape: [height, width] });
  const t = tensor(T, { backend, shape: [width, width] });
  const inner = matmul(v, adopt(block, backend, [height, columns]), { transposeA: true });
  const change = toFloat64(matmul(v, matmul(t, inner, { transposeA: transposed })));
  for (let i = 0; i < height; i++) {
    const row = (first + i) * n + from;
    for (let j = 0; j < columns; j++) b[row + j] -= change[i * columns + j];
  }
}
