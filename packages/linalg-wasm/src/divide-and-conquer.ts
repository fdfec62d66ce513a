import type { FactorKernels } from '@sntk/linalg/extending';
import { roundUp } from './cut.ts';
import { multiply, productBytes } from './product.ts';
import type { Runtime } from './runtime.ts';
import { type RankOneUpdate, secularRoots, secularVectors } from './secular.ts';
import type { PlacedMatrix } from './tridiagonalize.ts';

/** Matrices up to this size are left to the plain eigensolver. */
const LEAF = 32;

/** Eigenvalue `i` belongs to row `i` of the vectors; `order` lists rows by ascending value. */
export interface Eigenvalues {
  readonly values: Float64Array;
  readonly order: Int32Array;
}

/** A symmetric tridiagonal matrix with `coupling[i]` between `i` and `i + 1`. */
export interface Tridiagonal {
  readonly diagonal: Float64Array;
  readonly coupling: Float64Array;
}

/** Bytes of work space that `tridiagonalEigenpairs` needs. */
export function divideBytes(runtime: Runtime, n: number): number {
  const half = Math.ceil(n / 2);
  const lines = (5 + runtime.team.places) * roundUp(n, 8) * 8;
  return lines + n * n * 8 + roundUp(n * half, 8) * 8 + productBytes(runtime, 8, n, half, n);
}

/**
 * Eigenpairs of a symmetric tridiagonal matrix; vectors go to the rows of `vectors`.
 *
 * Divide and conquer (Cuppen 1981; Gu and Eisenstat, A divide-and-conquer algorithm for the symmetric tridiagonal
 * eigenproblem, 1995): the matrix is two halves plus one of rank one, whose eigenvectors cost one matrix product. All of it
 * happens in place: a part of the matrix has its vectors in the same rows and columns.
 */
export function tridiagonalEigenpairs(
  runtime: Runtime,
  { diagonal, coupling }: Tridiagonal,
  vectors: PlacedMatrix,
  work: number,
  eigh: FactorKernels['eigh'],
): Eigenvalues {
  const { n, at, width } = vectors;
  runtime.heap.f64().fill(0, at / 8, at / 8 + n * width);
  const values = diagonal.slice();
  const solve = (low: number, high: number): void => {
    if (high - low <= LEAF) {
      solveLeaf(runtime, vectors, values, coupling, low, high, eigh);
      return;
    }
    const middle = (low + high) >> 1;
    // The tie of the halves is |tie| u uᵀ with u = (…, 0, 1, ±1, 0, …), taken off both of them.
    const tie = coupling[middle - 1];
    values[middle - 1] -= Math.abs(tie);
    values[middle] -= Math.abs(tie);
    solve(low, middle);
    solve(middle, high);
    merge(runtime, { vectors, work, values, low, middle, high, tie });
  };
  solve(0, n);
  return { values, order: ascending(values, 0, n) };
}

/** The part `low … high` of a matrix whose diagonal is in `values`, by the plain eigensolver. */
function solveLeaf(
  { heap }: Runtime,
  { at, width }: PlacedMatrix,
  values: Float64Array,
  coupling: Float64Array,
  low: number,
  high: number,
  eigh: FactorKernels['eigh'],
): void {
  const n = high - low;
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    a[i * n + i] = values[low + i];
    if (i > 0) {
      a[i * n + i - 1] = coupling[low + i - 1];
      a[(i - 1) * n + i] = coupling[low + i - 1];
    }
  }
  const pairs = eigh(n, a);
  values.set(pairs.values, low);
  const memory = heap.f64();
  for (let j = 0; j < n; j++) {
    const row = at / 8 + (low + j) * width + low;
    for (let i = 0; i < n; i++) memory[row + i] = pairs.vectors[i * n + j];
  }
}

/** Rows `low … high`, ordered by ascending value. */
function ascending(values: Float64Array, low: number, high: number): Int32Array {
  return Int32Array.from({ length: high - low }, (_, i) => low + i).sort((i, j) => values[i] - values[j]);
}

/** A vector that has entries in the first half, in the second, or in both. */
const FIRST = 1;
const SECOND = 2;
const BOTH = 3;

/** Both halves' eigenpairs, `low … middle` and `middle … high`, which a tie couples. */
interface Halves {
  readonly vectors: PlacedMatrix;
  readonly work: number;
  readonly values: Float64Array;
  readonly low: number;
  readonly middle: number;
  readonly high: number;
  readonly tie: number;
}

/** The same with what deflation needs: the tie is `ρ z zᵀ` in the halves' vectors. Positions start at `low`. */
interface Joined extends Halves {
  readonly z: Float64Array;
  /** FIRST, SECOND or BOTH. */
  readonly sides: Uint8Array;
  readonly rho: number;
}

function merge(runtime: Runtime, halves: Halves): void {
  const { values, low, middle, high, tie } = halves;
  const { at, width } = halves.vectors;
  const memory = runtime.heap.f64();
  const z = new Float64Array(high - low);
  for (let row = low; row < high; row++) {
    const start = at / 8 + row * width;
    const entry = row < middle ? memory[start + middle - 1] : memory[start + middle];
    z[row - low] = (row >= middle && tie < 0 ? -entry : entry) * Math.SQRT1_2;
  }
  const sides = new Uint8Array(high - low).fill(SECOND).fill(FIRST, 0, middle - low);
  const joined = { ...halves, z, sides, rho: 2 * Math.abs(tie) };
  const { kept, settled } = deflate(memory, joined);
  if (kept.length === 0) return;
  rotateKept(runtime, joined, kept, settled);
  // Rows of settled vectors have moved behind the others, and their values with them.
  const own = Float64Array.from(settled, (row) => values[row]);
  values.set(memory.subarray(halves.work / 8, halves.work / 8 + kept.length), low);
  values.set(own, low + kept.length);
}

/**
 * Finds the rows that the tie does not change, ascending: those it hardly touches, and, after a rotation, one of each two with nearly
 * equal values. What is kept has values well apart, in ascending order.
 */
function deflate(memory: Float64Array, joined: Joined): { kept: number[]; settled: number[] } {
  const { values, z, rho, low, high } = joined;
  let size = 0;
  for (let j = low; j < high; j++) size = Math.max(size, Math.abs(values[j]), Math.abs(z[j - low]));
  const tolerance = 8 * Number.EPSILON * size;
  const kept: number[] = [];
  const settled: number[] = [];
  let previous = -1;
  for (const j of ascending(values, low, high)) {
    if (rho * Math.abs(z[j - low]) <= tolerance) {
      settled.push(j);
      continue;
    }
    if (previous >= 0) {
      // Not hypot, whose last digit differs from engine to engine.
      const length = Math.sqrt(z[previous - low] ** 2 + z[j - low] ** 2);
      const c = z[j - low] / length;
      const s = -z[previous - low] / length;
      if (Math.abs((values[j] - values[previous]) * c * s) <= tolerance) {
        rotate(memory, joined, previous, j, c, s);
        z[j - low] = length;
        settled.push(previous);
      } else {
        kept.push(previous);
      }
    }
    previous = j;
  }
  if (previous >= 0) kept.push(previous);
  return { kept, settled: settled.sort((i, j) => i - j) };
}

/** Rotates vectors `i` and `j` so that all of the tie falls on `j`. */
function rotate(memory: Float64Array, joined: Joined, i: number, j: number, c: number, s: number): void {
  const { values, sides, low, high } = joined;
  const { at, width } = joined.vectors;
  const [lower, upper] = [values[i], values[j]];
  values[i] = lower * c * c + upper * s * s;
  values[j] = lower * s * s + upper * c * c;
  const [rowI, rowJ] = [at / 8 + i * width, at / 8 + j * width];
  for (let column = low; column < high; column++) {
    const x = memory[rowI + column];
    const y = memory[rowJ + column];
    memory[rowI + column] = c * x + s * y;
    memory[rowJ + column] = c * y - s * x;
  }
  sides[i - low] |= sides[j - low];
  sides[j - low] = sides[i - low];
}

/**
 * Eigenpairs of the kept values plus the tie: values to the start of the work space, vectors, by a product for each half of
 * the columns, to the first rows of the part. Settled rows, given in ascending order, move to the last ones.
 */
function rotateKept(
  runtime: Runtime,
  joined: Joined,
  kept: readonly number[],
  settled: readonly number[],
): void {
  const { low, middle, high, values, z, sides, rho, work } = joined;
  const { at, width } = joined.vectors;
  const { heap } = runtime;
  const memory = heap.f64();
  const k = kept.length;
  const line = roundUp(high - low, 8) * 8;
  const [poles, weights, exact, places] = [1, 2, 3, 4].map((index) => work + index * line);
  const lines = work + 5 * line;
  const gaps = lines + runtime.team.places * line;
  const basis = gaps + k * k * 8;
  const half = Math.max(middle - low, high - middle);
  const spare = basis + roundUp(k * half, 8) * 8;
  kept.forEach((row, j) => {
    memory[poles / 8 + j] = values[row];
    memory[weights / 8 + j] = z[row - low];
  });

  // Vectors of the first half come first, those of both halves next: each half's are neighbours.
  const grouped = [FIRST, BOTH, SECOND].flatMap((side) =>
    [...kept.keys()].filter((j) => sides[kept[j] - low] === side),
  );
  const columns = new Int32Array(memory.buffer, places, k);
  grouped.forEach((j, place) => {
    columns[j] = place;
  });
  const update: RankOneUpdate = { k, rho, poles, z: weights };
  secularRoots(runtime, update, { values: work, gaps });
  secularVectors(runtime, update, gaps, { places, exact, lines });

  for (const [side, start, end] of [
    [FIRST, low, middle],
    [SECOND, middle, high],
  ]) {
    const length = end - start;
    const own = grouped.filter((j) => (sides[kept[j] - low] & side) !== 0);
    const corner = at / 8 + start;
    own.forEach((j, row) => {
      const from = corner + kept[j] * width;
      memory.copyWithin(basis / 8 + row * length, from, from + length);
    });
    // From the last on, so that none is overwritten before it has moved.
    for (let s = settled.length - 1; s >= 0; s--) {
      const from = corner + settled[s] * width;
      memory.copyWithin(corner + (low + k + s) * width, from, from + length);
    }
    for (let row = low; row < low + k; row++) {
      memory.fill(0, corner + row * width, corner + row * width + length);
    }
    const skipped = side === FIRST ? 0 : k - own.length;
    const mixing = { a: gaps + skipped * 8, lda: k, transposeA: false };
    const right = { b: basis, ldb: length, transposeB: false };
    const to = { c: (corner + low * width) * 8, ldc: width };
    if (own.length > 0) {
      multiply(runtime, 8, { m: k, n: length, k: own.length, ...mixing, ...right, ...to }, spare);
    }
  }
}
