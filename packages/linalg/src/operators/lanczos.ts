import { ArgumentError, checkInteger, checkPositive, NumericalError } from '@sntk/errors';
import { tensor } from '../create.ts';
import { eigh } from '../factor.ts';
import { toFloat64 } from '../ops.ts';
import { columnMaxima, powerOfTwoNear } from '../scaling.ts';
import { showShape, type Tensor } from '../tensor.ts';
import { checkBlock, type LinearOperator } from './linear-operator.ts';

export interface LanczosOptions {
  /** How many of the largest eigenvalues. */
  readonly count: number;
  /** Largest `‖A v − λ v‖ / max|λ|` that is accepted, 1e-10 unless told (float32: 1e-5). */
  readonly tolerance?: number;
  /** The largest Krylov basis, `10 · count + 100` unless told, and never above the size. */
  readonly maxDimension?: number;
}

export interface LanczosResult {
  /** The `count` largest eigenvalues in ascending order, as `eigh` gives them. */
  readonly values: Float64Array;
  /** Their eigenvectors in the columns, `[n, count]`, of the operator's dtype. */
  readonly vectors: Tensor;
  readonly info: {
    /** Size of the Krylov basis. */
    readonly dimension: number;
    /** The largest `‖A v − λ v‖ / max|λ|`, computed from the vectors. */
    readonly residual: number;
  };
}

/** A direction that keeps less than this part of its length after orthogonalization is rounding noise. */
const DEFLATION = 1e-12;

/**
 * The largest eigenvalues of a symmetric operator with their eigenvectors, by block Lanczos with full
 * reorthogonalization (Golub and Van Loan, Matrix Computations, 10.3).
 *
 * `start` `[n, s]` is the first block: fill it with random normals. An eigenvalue is found as many times as it is
 * repeated, up to s. Runs on CPU backends.
 *
 * @throws ArgumentError for a `start` that does not fit or is not finite, or a count that the size does not have.
 * @throws NumericalError when the basis reaches `maxDimension` first, the start block lies in an invariant subspace, or an
 * eigenvalue is repeated so often that the next lower one cannot be told.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { diagonal, lanczosEigenvalues } from '@sntk/linalg/operators';
 *
 * const backend = ndarrayBackend();
 * const D = diagonal(tensor([1, 2, 3, 4], { backend }));
 * const start = tensor([[1], [1], [1], [1]], { backend });
 * console.log(lanczosEigenvalues(D, start, { count: 2 }).values.map(Math.round)); // Float64Array [3, 4]
 * ```
 */
export function lanczosEigenvalues(A: LinearOperator, start: Tensor, options: LanczosOptions): LanczosResult {
  const where = 'lanczosEigenvalues';
  const n = A.size;
  const count = checkCount(where, n, options.count);
  const tolerance = checkPositive(
    where,
    'options.tolerance',
    options.tolerance ?? (A.dtype === 'float64' ? 1e-10 : 1e-5),
  );
  const limit = checkInteger(where, 'options.maxDimension', options.maxDimension ?? 10 * count + 100, count);
  checkBlock(where, 'start', start, A);

  const basis: Float64Array[] = [];
  const first = columns(toFloat64(start), n, start.shape[1]);
  for (const column of first) {
    const unit = powerOfTwoNear(columnMaxima(column, 1)[0]);
    for (let i = 0; i < n; i++) column[i] /= unit;
  }
  let block = extend(basis, first, 0);
  const width = block.length;
  if (block.length === 0) {
    throw new ArgumentError({
      where,
      argument: 'start',
      wanted: 'a column that is not zero',
      got: showShape(start.shape),
    });
  }
  // projected[j] holds the coefficients of A v_j in the basis: the column j of Vᵀ A V, which is symmetric.
  const projected: number[][] = [];
  let nextCheck = count;
  for (;;) {
    const images = columns(toFloat64(A.apply(pack(A, block))), n, block.length);
    const scale = Math.max(...images.map(norm));
    if (!Number.isFinite(scale)) {
      throw new NumericalError({ where, found: 'a product with the operator is not finite' });
    }
    const rest = images.map((image) => {
      const coefficients = new Array<number>(basis.length).fill(0);
      // Twice is enough (Giraud, Langou, Rozložník: the loss of orthogonality of Gram-Schmidt).
      for (let pass = 0; pass < 2; pass++) {
        basis.forEach((v, i) => {
          const h = dot(v, image);
          coefficients[i] += h;
          axpy(-h, v, image);
        });
      }
      projected.push(coefficients);
      return image;
    });
    const m = projected.length;
    const remainders = rest.map((vector) => vector.slice());
    const grown = basis.length < limit ? extend(basis, rest, DEFLATION * scale) : [];
    const ended = grown.length === 0;
    if (m >= nextCheck || ended) {
      nextCheck = Math.ceil(m * 1.1) + 1;
      const { found, largest } = ritz(A, projected, basis.slice(0, m), remainders, Math.min(count, m));
      let { residual } = found.info;
      if (residual <= tolerance && m >= count) {
        // The estimate rests on symmetry, which only the products themselves can confirm.
        residual = trueResidual(A, found, largest);
        if (residual <= tolerance) {
          if (ended && m < Math.min(n, limit)) checkRepeated(found.values, width, tolerance * largest);
          return { ...found, info: { dimension: m, residual } };
        }
      }
      if (ended) {
        const details = { dimension: m, residual };
        throw m < count
          ? new NumericalError({
              where,
              found: `the start block spans only ${m} dimensions`,
              fix: 'fill start with random normals, in more columns if eigenvalues repeat',
              details,
            })
          : new NumericalError({
              where,
              found: `residual ${details.residual.toExponential(2)} with a basis of ${m}, above ${tolerance}`,
              fix: 'raise maxDimension or tolerance, or use eigh; the operator must be symmetric',
              details,
            });
      }
    }
    block = grown;
  }
}

/** Throws unless an operator of size `n` has `count` eigenvalues. Returns the count. */
export function checkCount(where: string, n: number, count: unknown): number {
  const own = checkInteger(where, 'options.count', count, 1);
  if (own <= n) return own;
  throw new ArgumentError({
    where,
    argument: 'options.count',
    wanted: `at most ${n}, the size of A`,
    got: own,
  });
}

/**
 * Throws when a value is found as often as an invariant subspace from `width` columns can have it, and lower ones count as
 * the next: it may be repeated beyond them. With one column all values are found once.
 */
function checkRepeated(values: Float64Array, width: number, tolerance: number): void {
  if (width === 1) return;
  for (let i = 1; i + width <= values.length; i++) {
    const top = i + width - 1;
    if (values[top] - values[i] > tolerance || values[i] - values[i - 1] <= tolerance) continue;
    throw new NumericalError({
      where: 'lanczosEigenvalues',
      found: `the eigenvalue ${values[i]} comes ${width} times, as often as the start block has columns`,
      fix: 'it may be repeated more often than the lower ones show: start with more columns, or use eigh',
      details: { value: values[i], columns: width },
    });
  }
}

/** Orthonormalizes `vectors` against the basis and one another, adds those that are longer than `least`. */
function extend(basis: Float64Array[], vectors: Float64Array[], least: number): Float64Array[] {
  const added: Float64Array[] = [];
  for (const vector of vectors) {
    if (basis.length === vector.length) break;
    const before = norm(vector);
    for (let pass = 0; pass < 2; pass++) for (const v of basis) axpy(-dot(v, vector), v, vector);
    const length = norm(vector);
    if (length <= Math.max(least, DEFLATION * before)) continue;
    for (let i = 0; i < vector.length; i++) vector[i] /= length;
    basis.push(vector);
    added.push(vector);
  }
  return added;
}

/** The best eigenpairs in the span of the basis, with the norms of what they miss. */
function ritz(
  A: LinearOperator,
  projected: readonly number[][],
  basis: readonly Float64Array[],
  remainders: readonly Float64Array[],
  count: number,
): { found: LanczosResult; largest: number } {
  const m = projected.length;
  const n = A.size;
  // Coefficients of later vectors came from the remainder; symmetry gives them from the other side.
  const T = new Float64Array(m * m);
  for (let j = 0; j < m; j++) {
    for (let i = 0; i <= j; i++) {
      T[i * m + j] = projected[j][i];
      T[j * m + i] = projected[j][i];
    }
  }
  const { values, vectors } = eigh(tensor(T, { backend: A.backend, shape: [m, m] }));
  const s = toFloat64(vectors);
  const largest = Math.max(...values.map(Math.abs)) || 1;
  const out = new Float64Array(n * count);
  let residual = 0;
  for (let q = 0; q < count; q++) {
    const column = m - count + q;
    const missed = new Float64Array(n);
    remainders.forEach((rest, b) => {
      axpy(s[(m - remainders.length + b) * m + column], rest, missed);
    });
    residual = Math.max(residual, norm(missed) / largest);
    basis.forEach((v, i) => {
      const weight = s[i * m + column];
      for (let k = 0; k < n; k++) out[k * count + q] += weight * v[k];
    });
  }
  const found = {
    values: values.slice(m - count),
    vectors: tensor(out, { backend: A.backend, dtype: A.dtype, shape: [n, count] }),
    info: { dimension: m, residual },
  };
  return { found, largest };
}

/** The largest `‖A v − λ v‖ / largest`. */
export function trueResidual(
  A: LinearOperator,
  { values, vectors }: Pick<LanczosResult, 'values' | 'vectors'>,
  largest: number,
): number {
  const count = values.length;
  const v = columns(toFloat64(vectors), A.size, count);
  const images = columns(toFloat64(A.apply(vectors)), A.size, count);
  images.forEach((image, q) => {
    axpy(-values[q], v[q], image);
  });
  return Math.max(...images.map(norm)) / largest;
}

function columns(entries: Float64Array, n: number, p: number): Float64Array[] {
  return Array.from({ length: p }, (_, q) => Float64Array.from({ length: n }, (_, i) => entries[i * p + q]));
}

function pack(A: LinearOperator, block: readonly Float64Array[]): Tensor {
  const p = block.length;
  const out = new Float64Array(A.size * p);
  block.forEach((v, q) => {
    for (let i = 0; i < v.length; i++) out[i * p + q] = v[i];
  });
  return tensor(out, { backend: A.backend, dtype: A.dtype, shape: [A.size, p] });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function norm(a: Float64Array): number {
  const size = Math.sqrt(dot(a, a));
  if (size > 1e-140 && size < 1e150) return size;
  // Squares have vanished or overflowed, or the vector is zero.
  const unit = powerOfTwoNear(columnMaxima(a, 1)[0]);
  const scaled = a.map((x) => x / unit);
  return unit * Math.sqrt(dot(scaled, scaled));
}

function axpy(weight: number, from: Float64Array, to: Float64Array): void {
  for (let i = 0; i < to.length; i++) to[i] += weight * from[i];
}
