import { roundUp } from './cut.ts';
import { multiply, type Product, productBytes } from './product.ts';
import type { Runtime } from './runtime.ts';
import type { PlacedMatrix } from './tridiagonalize.ts';

/** Reflectors that are applied at a time. */
const BLOCK = 64;

/** What the reflectors of `tridiagonalize` are applied to. */
export interface Reflection {
  /** The reduced matrix: the vector of reflector i > 0 in row i, left of the diagonal. */
  readonly v: PlacedMatrix;
  readonly tau: Float64Array;
  /** `m` rows in WASM memory, as wide as those of `v`. */
  readonly x: { readonly m: number; readonly at: number };
  /** From the last reflector to the first instead. */
  readonly reverse?: boolean;
  /** The address of `reflectorBytes`. */
  readonly work: number;
}

/** Bytes of work space that `applyReflectors` needs for `m` rows of `n` numbers. */
export function reflectorBytes(runtime: Runtime, m: number, n: number): number {
  const rows = Math.max(m, BLOCK);
  const product = productBytes(runtime, 8, rows, n, BLOCK);
  const longest = productBytes(runtime, 8, rows, BLOCK, n);
  return (2 * BLOCK * BLOCK + BLOCK * m + BLOCK * roundUp(n, 8)) * 8 + Math.max(product, longest);
}

/** Multiplies rows from the right by H_1 H_2 … H_{n−1}, or in reverse order, a block I − Vᵀ T V of reflectors at a time. */
export function applyReflectors(runtime: Runtime, reflection: Reflection): void {
  const { heap } = runtime;
  const { v, tau, x, reverse = false } = reflection;
  const { n, width } = v;
  const gram = reflection.work;
  const triangle = gram + BLOCK * BLOCK * 8;
  const along = triangle + BLOCK * BLOCK * 8;
  const mixed = along + x.m * BLOCK * 8;
  const work = mixed + width * BLOCK * 8;
  const starts = Array.from({ length: Math.ceil((n - 1) / BLOCK) }, (_, index) => 1 + index * BLOCK);
  for (const first of reverse ? starts.reverse() : starts) {
    const count = Math.min(BLOCK, n - first);
    // Reflectors of the block act on the coordinates before its last row.
    const reach = first + count - 1;
    const block = v.at + first * width * 8;
    heap.f64().fill(0, gram / 8, work / 8);
    const add = (product: Omit<Product, 'transposeA'>, transposeA = false): void =>
      multiply(runtime, 8, { ...product, transposeA }, work);
    const V = { b: block, ldb: width };
    add({ m: count, n: count, k: reach, a: block, lda: width, ...V, transposeB: true, c: gram, ldc: count });
    writeTriangle(heap.f64(), gram / 8, triangle / 8, count, tau.subarray(first, first + count));
    add({ m: x.m, n: count, k: reach, a: x.at, lda: width, ...V, transposeB: true, c: along, ldc: count });
    // The block in reverse order is its transpose. T goes with the smaller of its neighbours.
    const V1 = { ...V, transposeB: false };
    const change = { m: x.m, n: reach, k: count, lda: count, c: x.at, ldc: width };
    if (x.m < reach) {
      const T = { b: triangle, ldb: count, transposeB: reverse };
      add({ m: x.m, n: count, k: count, a: along, lda: count, ...T, c: mixed, ldc: count });
      add({ ...change, a: mixed, ...V1 });
    } else {
      const T = { a: triangle, lda: count };
      add({ m: count, n: reach, k: count, ...T, ...V1, c: mixed, ldc: reach }, reverse);
      add({ ...change, a: along, b: mixed, ldb: reach, transposeB: false });
    }
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
