import { ndarrayBackend } from '@sntk/linalg';
import { type EighArrays, type FactorKernels, powerOfTwoNear } from '@sntk/linalg/extending';
import { roundUp } from './cut.ts';
import { divideBytes, type Eigenvalues, tridiagonalEigenpairs } from './divide-and-conquer.ts';
import { withWork } from './operands.ts';
import { multiply, type Product, productBytes } from './product.ts';
import type { Runtime } from './runtime.ts';
import { type PlacedMatrix, tridiagonalBytes, tridiagonalize } from './tridiagonalize.ts';

/** Below this size the plain eigensolver is as fast. */
const SMALL = 48;
/** Reflectors that are applied to eigenvectors at a time. */
const BLOCK = 64;
/** Rows and columns of what is transposed at a time, so that both sides stay in the cache. */
const TILE = 32;

/**
 * Symmetric eigendecomposition: reduction to tridiagonal form in `assembly/tridiagonal.ts`, divide and conquer, and the
 * reflectors applied in blocks to the eigenvectors.
 */
export function wasmEigh(runtime: Runtime): FactorKernels['eigh'] {
  const { heap } = runtime;
  const plain = ndarrayBackend().factor as FactorKernels;
  return (n, a) => {
    if (n < SMALL) return plain.eigh(n, a);
    const scale = powerOfTwo(n, a);
    const width = roundUp(n, 8);
    const line = width * 8;
    const work = Math.max(tridiagonalBytes({ width }), divideBytes(runtime, n), backBytes(runtime, n, width));
    let result: EighArrays | undefined;
    withWork(heap, 'eigh', [n * line, n * line, line, line, work], ([at, rows, d, e, spare]) => {
      const memory = heap.f64();
      for (let i = 0; i < n; i++) {
        const row = at / 8 + i * width;
        for (let j = 0; j <= i; j++) memory[row + j] = a[i * n + j] * scale;
        memory.fill(0, row + i + 1, row + width);
      }
      const tau = tridiagonalize(runtime, { n, width, at }, d, e, spare);
      const diagonal = memory.slice(d / 8, d / 8 + n);
      const coupling = memory.slice(e / 8, e / 8 + n);
      const vectors = { n, width, at: rows };
      const pairs = tridiagonalEigenpairs(runtime, { diagonal, coupling }, vectors, spare, plain.eigh);
      applyReflectors(runtime, { n, width, v: at, rows, work: spare }, tau);
      // Fresh memory for the vectors would cost more than writing them.
      result = readPairs(memory, vectors, pairs, scale, a);
    });
    return result as EighArrays;
  };
}

/** A power of two that brings the largest entry of the lower triangle near 1. */
function powerOfTwo(n: number, a: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < n; i++) {
    for (let at = i * n; at <= i * n + i; at++) largest = Math.max(largest, Math.abs(a[at]));
  }
  return 1 / powerOfTwoNear(largest);
}

/** Eigenvalues in ascending order, and the rows of the placed vectors in the same order as columns of `vectors`. */
function readPairs(
  memory: Float64Array,
  { n, width, at }: PlacedMatrix,
  { values, order }: Eigenvalues,
  scale: number,
  vectors: Float64Array,
): EighArrays {
  const starts = order.map((row) => at / 8 + row * width);
  for (let i0 = 0; i0 < n; i0 += TILE) {
    const i1 = Math.min(n, i0 + TILE);
    for (let j0 = 0; j0 < n; j0 += TILE) {
      const j1 = Math.min(n, j0 + TILE);
      for (let i = i0; i < i1; i++) {
        for (let j = j0; j < j1; j++) vectors[i * n + j] = memory[starts[j] + i];
      }
    }
  }
  return { values: Float64Array.from(order, (row) => values[row] / scale), vectors };
}

/** Addresses of the reflectors `v` and the eigenvectors in `rows`, both with rows of `width` numbers. */
interface Placed {
  readonly n: number;
  readonly width: number;
  readonly v: number;
  readonly rows: number;
  readonly work: number;
}

function backBytes(runtime: Runtime, n: number, width: number): number {
  const product = productBytes(runtime, 8, n, n, BLOCK);
  const longest = productBytes(runtime, 8, n, BLOCK, n);
  return (2 * BLOCK * BLOCK + BLOCK * n + BLOCK * width) * 8 + Math.max(product, longest);
}

/** Multiplies eigenvectors in rows from the right by H_1 H_2 … H_{n−1}, a block I − Vᵀ T V of reflectors at a time. */
function applyReflectors(runtime: Runtime, placed: Placed, tau: Float64Array): void {
  const { heap } = runtime;
  const { n, width, v, rows } = placed;
  const gram = placed.work;
  const triangle = gram + BLOCK * BLOCK * 8;
  const along = triangle + BLOCK * BLOCK * 8;
  const mixed = along + n * BLOCK * 8;
  const work = mixed + width * BLOCK * 8;
  for (let first = 1; first < n; first += BLOCK) {
    const count = Math.min(BLOCK, n - first);
    // Reflectors of the block act on the coordinates before its last row.
    const reach = first + count - 1;
    const block = v + first * width * 8;
    heap.f64().fill(0, gram / 8, work / 8);
    const add = (product: Omit<Product, 'transposeA'>): void =>
      multiply(runtime, 8, { ...product, transposeA: false }, work);
    const V = { b: block, ldb: width };
    add({ m: count, n: count, k: reach, a: block, lda: width, ...V, transposeB: true, c: gram, ldc: count });
    writeTriangle(heap.f64(), gram / 8, triangle / 8, count, tau.subarray(first, first + count));
    const T = { a: triangle, lda: count };
    add({ m: count, n: reach, k: count, ...T, ...V, transposeB: false, c: mixed, ldc: reach });
    add({ m: n, n: count, k: reach, a: rows, lda: width, ...V, transposeB: true, c: along, ldc: count });
    const TV = { b: mixed, ldb: reach, transposeB: false };
    add({ m: n, n: reach, k: count, a: along, lda: count, ...TV, c: rows, ldc: width });
  }
}

/**
 * The upper triangle −T of H_1 … H_k = I − Vᵀ T V from the products of the reflectors' vectors (Schreiber and Van Loan, A
 * storage-efficient WY representation for products of Householder transformations, 1989).
 */
function writeTriangle(memory: Float64Array, gram: number, to: number, k: number, tau: Float64Array): void {
  for (let j = 0; j < k; j++) {
    memory[to + j * k + j] = -tau[j];
    for (let i = 0; i < j; i++) {
      let sum = 0;
      for (let p = i; p < j; p++) sum += memory[to + i * k + p] * memory[gram + p * k + j];
      memory[to + i * k + j] = -tau[j] * sum;
    }
  }
}
