import { ndarrayBackend } from '@sntk/linalg';
import { type EighArrays, type FactorKernels, transposeLoop } from '@sntk/linalg/extending';
import { type Eigenpairs, tridiagonalEigenpairs } from './divide-and-conquer.ts';
import { wasmGemm } from './gemm.ts';
import { withWork } from './operands.ts';
import { multiply, type Product, productBytes, roundUp } from './product.ts';
import type { Runtime } from './runtime.ts';
import { tridiagonalBytes, tridiagonalize } from './tridiagonalize.ts';

/** Below this size the plain eigensolver is as fast. */
const SMALL = 48;
/** Reflectors that are applied to eigenvectors at a time. */
const BLOCK = 64;

/**
 * Symmetric eigendecomposition: reduction to tridiagonal form in `assembly/tridiagonal.ts`, divide and conquer, and the
 * reflectors applied in blocks to the eigenvectors.
 */
export function wasmEigh(runtime: Runtime): FactorKernels['eigh'] {
  const { heap } = runtime;
  const plain = ndarrayBackend().factor as FactorKernels;
  const tools = { gemm: wasmGemm(runtime), eigh: plain.eigh };
  return (n, a) => {
    if (n < SMALL) return plain.eigh(n, a);
    const scale = powerOfTwo(a);
    const width = roundUp(n, 8);
    const square = n * width * 8;
    const line = width * 8;
    const work = Math.max(tridiagonalBytes({ width }), backBytes(runtime, n));
    let result: EighArrays | undefined;
    withWork(heap, 'eigh', [square, square, line, line, work], ([at, rows, d, e, spare]) => {
      const memory = heap.f64();
      for (let i = 0; i < n; i++) {
        const row = at / 8 + i * width;
        for (let j = 0; j <= i; j++) memory[row + j] = a[i * n + j] * scale;
        memory.fill(0, row + i + 1, row + width);
      }
      const tau = tridiagonalize(runtime, { n, width, at }, d, e, spare);
      const read = (address: number): Float64Array => heap.f64().slice(address / 8, address / 8 + n);
      const pairs = tridiagonalEigenpairs(read(d), read(e), tools);
      writeRows(heap.f64(), rows / 8, n, width, pairs);
      applyReflectors(runtime, { n, width, v: at, rows, work: spare }, tau);
      result = readPairs(heap.f64(), rows / 8, n, width, pairs, scale);
    });
    return result as EighArrays;
  };
}

/** A power of two that brings the largest entry near 1, so that squares neither overflow nor underflow. */
function powerOfTwo(a: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]));
  return largest > 0 ? 2 ** -Math.floor(Math.log2(largest)) : 1;
}

function writeRows(memory: Float64Array, start: number, n: number, width: number, pairs: Eigenpairs): void {
  pairs.order.forEach((from, to) => {
    memory.set(pairs.vectors.subarray(from * n, (from + 1) * n), start + to * width);
  });
}

function readPairs(
  memory: Float64Array,
  start: number,
  n: number,
  width: number,
  pairs: Eigenpairs,
  scale: number,
): EighArrays {
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rows.set(memory.subarray(start + i * width, start + i * width + n), i * n);
  const values = Float64Array.from(pairs.order, (from) => pairs.values[from] / scale);
  return { values, vectors: transposeLoop(rows, n, n) as Float64Array };
}

/** Addresses of the reflectors `v` and the eigenvectors in `rows`, both with rows of `width` numbers. */
interface Placed {
  readonly n: number;
  readonly width: number;
  readonly v: number;
  readonly rows: number;
  readonly work: number;
}

function backBytes(runtime: Runtime, n: number): number {
  const product = productBytes(runtime, 8, n, Math.max(n, BLOCK), Math.max(n, BLOCK));
  return 2 * BLOCK * BLOCK * 8 + 2 * n * BLOCK * 8 + product;
}

/** Multiplies eigenvectors in rows from the right by H_1 H_2 … H_{n−1}, a block I − Vᵀ T V of reflectors at a time. */
function applyReflectors(runtime: Runtime, placed: Placed, tau: Float64Array): void {
  const { heap } = runtime;
  const { n, width, v, rows } = placed;
  const gram = placed.work;
  const triangle = gram + BLOCK * BLOCK * 8;
  const along = triangle + BLOCK * BLOCK * 8;
  const mixed = along + n * BLOCK * 8;
  const work = mixed + n * BLOCK * 8;
  for (let first = 1; first < n; first += BLOCK) {
    const count = Math.min(BLOCK, n - first);
    // Reflectors of the block act on the coordinates before its last row.
    const reach = first + count - 1;
    const block = v + first * width * 8;
    heap.f64().fill(0, gram / 8, (mixed + n * BLOCK * 8) / 8);
    const add = (product: Omit<Product, 'transposeA'>): void =>
      multiply(runtime, 8, { ...product, transposeA: false }, work);
    const V = { b: block, ldb: width };
    add({ m: count, n: count, k: reach, a: block, lda: width, ...V, transposeB: true, c: gram, ldc: count });
    writeTriangle(heap.f64(), gram / 8, triangle / 8, count, tau.subarray(first, first + count));
    add({ m: n, n: count, k: reach, a: rows, lda: width, ...V, transposeB: true, c: along, ldc: count });
    const T = { b: triangle, ldb: count, transposeB: false };
    add({ m: n, n: count, k: count, a: along, lda: count, ...T, c: mixed, ldc: count });
    add({ m: n, n: reach, k: count, a: mixed, lda: count, ...V, transposeB: false, c: rows, ldc: width });
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
