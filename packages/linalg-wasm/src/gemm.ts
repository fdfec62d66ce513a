import type { FloatArray } from '@sntk/linalg';
import type { CpuKernels, GemmKernel, SyrkKernel } from '@sntk/linalg/extending';
import { pieces, roundUp } from './cut.ts';
import { type Block, clear, copyIn, copyOut, disposed, withWork } from './operands.ts';
import { multiply, packRight, productBytes, rightBytes, SHARED, type Width } from './product.ts';
import type { Runtime } from './runtime.ts';
import { matrixVector, smallGemm } from './small-gemm.ts';

/** Products of fewer multiplications than this are done in JavaScript: copying in and out would cost more. */
const SMALL = 1000;

/** Longest edge of the blocks that a product is cut into, so that what is in WASM memory for it stays below 80 MB. */
const EDGE = 1536;

type Prepare = NonNullable<CpuKernels['prepare']>;

/** General matrix product on the kernels in `assembly/gemm.ts`. */
export function wasmGemm(runtime: Runtime): GemmKernel {
  return (m, n, k, a, transposeA, b, transposeB, c) => {
    if (m * n * k <= SMALL) return smallGemm(m, n, k, a, transposeA, b, transposeB, c);
    if (n === 1) return matrixVector(m, k, a, transposeA, b, c);
    if (m === 1) return matrixVector(n, k, b, !transposeB, a, c);
    multiplyBlocks(runtime, 'matmul', { m, n, k, a, transposeA, b, transposeB, c, lower: false });
  };
}

/** The lower triangle of the product of a matrix with its own transpose. */
export function wasmSyrk(runtime: Runtime): SyrkKernel {
  return (n, k, a, transposed, c) => {
    const factors = { a, transposeA: transposed, b: a, transposeB: !transposed, c };
    if (n * n * k <= SMALL) smallGemm(n, n, k, a, transposed, a, !transposed, c);
    else multiplyBlocks(runtime, 'syrk', { m: n, n, k, ...factors, lower: true });
  };
}

interface Factors {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: FloatArray;
  readonly transposeA: boolean;
  readonly b: FloatArray;
  readonly transposeB: boolean;
  readonly c: FloatArray;
  /** Leave out what is above the diagonal. */
  readonly lower: boolean;
}

/** `C = op(A) op(B)`, a block of each in WASM memory at a time. */
function multiplyBlocks(runtime: Runtime, where: string, factors: Factors): void {
  const { heap } = runtime;
  const { m, n, k, a, transposeA, b, transposeB, c, lower } = factors;
  const width = c.BYTES_PER_ELEMENT as Width;
  const [mEdge, nEdge, kEdge] = [m, n, k].map(blockEdge);
  const workspace = productBytes(runtime, width, mEdge, nEdge, kEdge);
  const bytes = [mEdge * kEdge * width, kEdge * nEdge * width, mEdge * nEdge * width, workspace];
  withWork(heap, where, bytes, ([atA, atB, atC, work]) => {
    for (let i = 0; i < m; i += mEdge) {
      const rows = Math.min(mEdge, m - i);
      for (let j = 0; j < (lower ? i + rows : n); j += nEdge) {
        const columns = Math.min(nEdge, n - j);
        clear(heap, c, atC, rows * columns);
        for (let p = 0; p < k; p += kEdge) {
          const depth = Math.min(kEdge, k - p);
          copyIn(heap, atA, a, block(transposeA, k, m, i, rows, p, depth));
          copyIn(heap, atB, b, block(transposeB, n, k, p, depth, j, columns));
          const stored = { lda: transposeA ? rows : depth, ldb: transposeB ? depth : columns, ldc: columns };
          const placed = { a: atA, transposeA, b: atB, transposeB, c: atC, ...stored };
          multiply(
            runtime,
            width,
            { m: rows, n: columns, k: depth, ...placed, lower: lower && i === j },
            work,
          );
        }
        copyOut(heap, atC, c, { stride: n, row: i, rows, column: j, columns });
      }
    }
  });
}

/** Rows of a prepared factor for a call: even, as it is packed. */
const PREPARED_ROWS = 2;

/** A left factor that stays packed in WASM memory. */
export function wasmPrepare(runtime: Runtime): Prepare {
  const { kernels, heap, team } = runtime;
  return (m, k, a) => {
    const double = a instanceof Float64Array;
    const size = a.BYTES_PER_ELEMENT as Width;
    let resident: number | undefined = heap.allocate('prepare', (m + (m % 2)) * k * size);
    try {
      const edge = blockEdge(m);
      const pack = double ? kernels.prepareLeft64 : kernels.prepareLeft32;
      withWork(heap, 'prepare', [edge * k * size], ([at]) => {
        for (let i = 0; i < m; i += edge) {
          const rows = Math.min(edge, m - i);
          copyIn(heap, at, a, { stride: k, row: i, rows, column: 0, columns: k });
          pack(m, k, i, rows, at, resident as number);
        }
      });
    } catch (error) {
      heap.free(resident);
      throw error;
    }

    return {
      times(b, p, c) {
        if (resident === undefined) throw disposed('PreparedMatrix.times', 'prepared matrix');
        const left = resident;
        const edge = blockEdge(p);
        const bytes = [k * edge * size, m * edge * size, rightBytes(runtime, size, edge, k)];
        const slabs = pieces(m, m * k * edge < SHARED ? 1 : team.threads, PREPARED_ROWS);
        withWork(heap, 'PreparedMatrix.times', bytes, ([atB, atC, packed]) => {
          for (let j = 0; j < p; j += edge) {
            const columns = Math.min(edge, p - j);
            copyIn(heap, atB, b, { stride: p, row: 0, rows: k, column: j, columns });
            clear(heap, c, atC, m * columns);
            packRight(runtime, size, { n: columns, k, b: atB, ldb: columns, transposeB: false }, packed);
            const calls = slabs.map(([from, end]) => [
              ...[m, columns, k, from, end - from],
              ...[left, packed, atC],
            ]);
            team.run({ kernel: double ? 'multiplyPrepared64' : 'multiplyPrepared32', calls });
            copyOut(heap, atC, c, { stride: p, row: 0, rows: m, column: j, columns });
          }
        });
      },
      dispose() {
        if (resident !== undefined) heap.free(resident);
        resident = undefined;
      },
    };
  };
}

/** Length of the equal blocks that an extent is cut into; a multiple of every tile's width. */
function blockEdge(extent: number): number {
  if (extent <= EDGE) return extent;
  return roundUp(Math.ceil(extent / Math.ceil(extent / EDGE)), 16);
}

/** A block of `op(X)` as a block of the stored `X`, whose rows have `plain` entries, or `turned` when transposed. */
function block(
  transposed: boolean,
  plain: number,
  turned: number,
  row: number,
  rows: number,
  column: number,
  columns: number,
): Block {
  return transposed
    ? { stride: turned, row: column, rows: columns, column: row, columns: rows }
    : { stride: plain, row, rows, column, columns };
}
