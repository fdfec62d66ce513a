import type { FactorKernels, GemmKernel } from '@sntk/linalg/extending';
import { type RankOneUpdate, secularRoots } from './secular.ts';

/** Matrices up to this size are left to the plain eigensolver. */
const LEAF = 32;

/** Eigenpairs: row `j` of `vectors` `[n, n]` belongs to `values[j]`; `order` lists them by ascending value. */
export interface Eigenpairs {
  readonly values: Float64Array;
  readonly vectors: Float64Array;
  readonly order: Int32Array;
}

export interface TridiagonalTools {
  readonly gemm: GemmKernel;
  readonly eigh: FactorKernels['eigh'];
}

/**
 * Eigenpairs of the symmetric tridiagonal matrix with `diagonal` and couplings `coupling[i]` of `i` and `i + 1`.
 *
 * Divide and conquer (Cuppen 1981; Gu and Eisenstat, A divide-and-conquer algorithm for the symmetric tridiagonal
 * eigenproblem, 1995): the matrix is two halves plus one of rank one, whose eigenvectors cost one matrix product.
 */
export function tridiagonalEigenpairs(
  diagonal: Float64Array,
  coupling: Float64Array,
  tools: TridiagonalTools,
): Eigenpairs {
  const n = diagonal.length;
  if (n <= LEAF) return leaf(diagonal, coupling, tools);
  const half = n >> 1;
  const tie = coupling[half - 1];
  // The tie of the halves is |tie| u uᵀ with u = (…, 0, 1, ±1, 0, …), taken off both of them.
  const upper = diagonal.slice(0, half);
  const lower = diagonal.slice(half);
  upper[half - 1] -= Math.abs(tie);
  lower[0] -= Math.abs(tie);
  const first = tridiagonalEigenpairs(upper, coupling.subarray(0, half), tools);
  const second = tridiagonalEigenpairs(lower, coupling.subarray(half), tools);
  return merge(first, second, tie, tools);
}

function leaf(diagonal: Float64Array, coupling: Float64Array, { eigh }: TridiagonalTools): Eigenpairs {
  const n = diagonal.length;
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    a[i * n + i] = diagonal[i];
    if (i > 0) {
      a[i * n + i - 1] = coupling[i - 1];
      a[(i - 1) * n + i] = coupling[i - 1];
    }
  }
  const { values, vectors } = eigh(n, a);
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) rows[j * n + i] = vectors[i * n + j];
  return { values, vectors: rows, order: Int32Array.from(values.keys()) };
}

/** A basis vector that has entries in the first half, in the second, or in both. */
const FIRST = 1;
const SECOND = 2;

/** Both halves' eigenpairs side by side, in which the tie of the halves is `ρ z zᵀ`. Changed by deflation. */
interface Joined {
  readonly n: number;
  readonly n1: number;
  readonly values: Float64Array;
  readonly vectors: Float64Array;
  /** FIRST, SECOND or their sum. */
  readonly sides: Uint8Array;
  readonly z: Float64Array;
  readonly rho: number;
  readonly order: Int32Array;
}

function merge(first: Eigenpairs, second: Eigenpairs, tie: number, tools: TridiagonalTools): Eigenpairs {
  const joined = join(first, second, tie);
  const { kept, settled } = deflate(joined);
  const { n, values, vectors } = joined;
  const out = { values: new Float64Array(n), vectors: new Float64Array(n * n) };
  settled.forEach((from, at) => {
    const to = kept.length + at;
    out.values[to] = values[from];
    out.vectors.set(vectors.subarray(from * n, (from + 1) * n), to * n);
  });
  if (kept.length > 0) rotateKept(joined, kept, out, tools);
  const order = Int32Array.from(out.values.keys()).sort((i, j) => out.values[i] - out.values[j]);
  return { ...out, order };
}

function join(first: Eigenpairs, second: Eigenpairs, tie: number): Joined {
  const n1 = first.values.length;
  const n2 = second.values.length;
  const n = n1 + n2;
  const vectors = new Float64Array(n * n);
  const z = new Float64Array(n);
  for (let j = 0; j < n1; j++) {
    const row = first.vectors.subarray(j * n1, (j + 1) * n1);
    vectors.set(row, j * n);
    z[j] = row[n1 - 1] * Math.SQRT1_2;
  }
  for (let j = 0; j < n2; j++) {
    const row = second.vectors.subarray(j * n2, (j + 1) * n2);
    vectors.set(row, (n1 + j) * n + n1);
    z[n1 + j] = (tie < 0 ? -row[0] : row[0]) * Math.SQRT1_2;
  }
  const values = new Float64Array(n);
  values.set(first.values);
  values.set(second.values, n1);
  const sides = new Uint8Array(n).fill(SECOND).fill(FIRST, 0, n1);
  const order = Int32Array.from(values.keys()).sort((i, j) => values[i] - values[j]);
  return { n, n1, values, vectors, sides, z, rho: 2 * Math.abs(tie), order };
}

/**
 * Finds the vectors that the tie does not change: those it hardly touches, and, after a rotation, one of each two with nearly
 * equal values. What is kept has values well apart, ascending.
 */
function deflate(joined: Joined): { kept: number[]; settled: number[] } {
  const { values, z, rho, order } = joined;
  let size = 0;
  for (let j = 0; j < values.length; j++) size = Math.max(size, Math.abs(values[j]), Math.abs(z[j]));
  const tolerance = 8 * Number.EPSILON * size;
  const kept: number[] = [];
  const settled: number[] = [];
  let previous = -1;
  for (const j of order) {
    if (rho * Math.abs(z[j]) <= tolerance) {
      settled.push(j);
      continue;
    }
    if (previous >= 0) {
      // Not hypot, whose last digit differs from engine to engine.
      const length = Math.sqrt(z[previous] ** 2 + z[j] ** 2);
      const c = z[j] / length;
      const s = -z[previous] / length;
      if (Math.abs((values[j] - values[previous]) * c * s) <= tolerance) {
        rotate(joined, previous, j, c, s);
        z[j] = length;
        settled.push(previous);
      } else {
        kept.push(previous);
      }
    }
    previous = j;
  }
  if (previous >= 0) kept.push(previous);
  return { kept, settled };
}

/** Rotates vectors `i` and `j` so that all of the tie falls on `j`. */
function rotate({ n, values, vectors, sides }: Joined, i: number, j: number, c: number, s: number): void {
  const [low, high] = [values[i], values[j]];
  values[i] = low * c * c + high * s * s;
  values[j] = low * s * s + high * c * c;
  for (let k = 0; k < n; k++) {
    const x = vectors[i * n + k];
    const y = vectors[j * n + k];
    vectors[i * n + k] = c * x + s * y;
    vectors[j * n + k] = c * y - s * x;
  }
  sides[i] |= sides[j];
  sides[j] = sides[i];
}

/** Eigenpairs of the kept values plus the tie, and their vectors in the halves' coordinates: a product for each half. */
function rotateKept(
  { n, n1, values, vectors, sides, z, rho }: Joined,
  kept: readonly number[],
  out: { readonly values: Float64Array; readonly vectors: Float64Array },
  { gemm }: TridiagonalTools,
): void {
  const k = kept.length;
  const update: RankOneUpdate = {
    poles: Float64Array.from(kept, (j) => values[j]),
    z: Float64Array.from(kept, (j) => z[j]),
    rho,
  };
  const roots = secularRoots(update);
  out.values.set(roots.values);
  const weights = eigenvectorsOf(update, roots.gaps);
  for (const [side, start, length] of [
    [FIRST, 0, n1],
    [SECOND, n1, n - n1],
  ]) {
    const columns = [...kept.keys()].filter((at) => (sides[kept[at]] & side) !== 0);
    const basis = new Float64Array(columns.length * length);
    columns.forEach((at, row) => {
      const from = kept[at] * n + start;
      basis.set(vectors.subarray(from, from + length), row * length);
    });
    const mixing = new Float64Array(k * columns.length);
    for (let i = 0; i < k; i++) {
      for (let j = 0; j < columns.length; j++) mixing[i * columns.length + j] = weights[i * k + columns[j]];
    }
    const product = new Float64Array(k * length);
    if (columns.length > 0) gemm(k, length, columns.length, mixing, false, basis, false, product);
    for (let i = 0; i < k; i++) {
      out.vectors.set(product.subarray(i * length, (i + 1) * length), i * n + start);
    }
  }
}

/**
 * Eigenvectors of the update, in rows, from the distances of its poles to its roots, which are overwritten. They belong to the
 * `z` for which the computed roots are exact, and so are orthogonal however close the roots are (Gu and Eisenstat).
 */
function eigenvectorsOf({ poles, z }: RankOneUpdate, gaps: Float64Array): Float64Array {
  const k = poles.length;
  const squares = new Float64Array(k).fill(-1);
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++)
      squares[j] *= i === j ? gaps[i * k + j] : gaps[i * k + j] / (poles[j] - poles[i]);
  }
  const exact = squares.map((square, j) => Math.sign(z[j]) * Math.sqrt(square));
  for (let i = 0; i < k; i++) {
    let sum = 0;
    for (let j = 0; j < k; j++) {
      const entry = exact[j] / gaps[i * k + j];
      gaps[i * k + j] = entry;
      sum += entry * entry;
    }
    const scale = 1 / Math.sqrt(sum);
    for (let j = 0; j < k; j++) gaps[i * k + j] *= scale;
  }
  return gaps;
}
