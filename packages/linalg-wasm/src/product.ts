import { pieces, roundUp } from './cut.ts';
import type { Runtime } from './runtime.ts';
import type { WorkSpace } from './thread.ts';

/** Rows of a call when there are several threads: a few milliseconds at most, and many enough to even out. */
const ROWS = 64;
/** Columns of a call are a multiple of these, which every tile's width divides, so that sums do not depend on the cut. */
const COLUMNS = 64;
/** Products of fewer multiplications are not worth waking another thread. */
export const SHARED: number = 2 ** 18;
/** Numbers to pack that are worth waking another thread. */
const SHARED_PACKING = 2 ** 16;

/** `C += op(A) op(B)`, row-major in WASM memory: addresses, and numbers from one stored row to the next. */
export interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: number;
  readonly lda: number;
  readonly transposeA: boolean;
  readonly b: number;
  readonly ldb: number;
  readonly transposeB: boolean;
  readonly c: number;
  readonly ldc: number;
  /** Compute at least the lower triangle of a square `C`, and not all that is above it. */
  readonly lower?: boolean;
}

export type Width = 4 | 8;

/** Bytes of work space that `multiply` needs for products up to this size. */
export function productBytes(runtime: Runtime, width: Width, m: number, n: number, k: number): number {
  return rightBytes(runtime, width, n, k) + runtime.team.places * leftBytes(runtime, width, m, k);
}

/** Bytes of a packed right factor `[k, n]`, whole cache lines. */
export function rightBytes({ kernels }: Runtime, width: Width, n: number, k: number): number {
  return roundUp((width === 8 ? kernels.rightBytes64 : kernels.rightBytes32)(n, k), 64);
}

/** Bytes in which a thread packs rows of the left factor. */
function leftBytes({ kernels }: Runtime, width: Width, rows: number, k: number): number {
  return roundUp((width === 8 ? kernels.leftBytes64 : kernels.leftBytes32)(rows, k), 64);
}

/** Carries out a product of float64 (`width` 8) or float32 numbers on all threads; same bits however many they are. */
export function multiply(runtime: Runtime, width: Width, product: Product, work: number): void {
  const { team } = runtime;
  const { m, n, k, a, lda, transposeA, c, ldc, lower } = product;
  packRight(runtime, width, product, work);
  const space: WorkSpace = {
    at: work + rightBytes(runtime, width, n, k),
    bytes: leftBytes(runtime, width, m, k),
  };
  const calls = blocks(product, team.threads).map(([i, rows, j, columns]) => [
    rows,
    n,
    k,
    a + (transposeA ? i : i * lda) * width,
    lda,
    Number(transposeA),
    work,
    j,
    lower ? Math.min(columns, roundUp(i + rows, COLUMNS)) : columns,
    c + (i * ldc + j) * width,
    ldc,
  ]);
  team.run({ kernel: width === 8 ? 'multiplyRows64' : 'multiplyRows32', calls, work: space });
}

/** Packs the right factor of a product to `to`. */
export function packRight(
  { team }: Runtime,
  width: Width,
  product: Pick<Product, 'n' | 'k' | 'b' | 'ldb' | 'transposeB'>,
  to: number,
): void {
  const { n, k, b, ldb, transposeB } = product;
  const columns = pieces(n, n * k < SHARED_PACKING ? 1 : team.threads, COLUMNS);
  const calls = columns.map(([from, end]) => [n, k, from, end - from, b, ldb, Number(transposeB), to]);
  team.run({ kernel: width === 8 ? 'packColumns64' : 'packColumns32', calls });
}

/** Blocks of `C` for calls: `[row, rows, column, columns]`. */
function blocks({ m, n, k, lower }: Product, threads: number): (readonly [number, number, number, number])[] {
  if ((threads === 1 && !lower) || m * n * k < SHARED) return [[0, m, 0, n]];
  const tall = Math.ceil(m / ROWS) >= 2 * threads || lower;
  const columns = pieces(n, tall ? 1 : threads, COLUMNS);
  const out: (readonly [number, number, number, number])[] = [];
  for (let i = 0; i < m; i += ROWS) {
    for (const [from, end] of columns) out.push([i, Math.min(ROWS, m - i), from, end - from]);
  }
  // The longest rows of a triangle come first, so that threads end together.
  return lower ? out.reverse() : out;
}
