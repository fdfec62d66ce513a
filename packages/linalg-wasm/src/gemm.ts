import type { CpuKernels } from '@sntk/linalg/extending';
import { type Block, clear, copyIn, copyOut, disposed, withWork } from './operands.ts';
import type { Runtime } from './runtime.ts';
import { matrixVector, smallGemm } from './small-gemm.ts';

/** Products of fewer multiplications than this are done in JavaScript: copying in and out would cost more. */
const SMALL = 1000;

/** Longest edge of the blocks that a product is cut into, so that its operands in WASM memory stay below 60 MB. */
const EDGE = 1536;

type Gemm = CpuKernels['gemm'];
type Prepare = NonNullable<CpuKernels['prepare']>;

/** General matrix product on the kernels in `assembly/gemm.ts`. */
export function wasmGemm({ kernels, heap }: Runtime): Gemm {
  return (m, n, k, a, transposeA, b, transposeB, c) => {
    if (m * n * k <= SMALL) return smallGemm(m, n, k, a, transposeA, b, transposeB, c);
    if (n === 1) return matrixVector(m, k, a, transposeA, b, c);
    if (m === 1) return matrixVector(n, k, b, !transposeB, a, c);

    const double = c instanceof Float64Array;
    const size = c.BYTES_PER_ELEMENT;
    const [mEdge, nEdge, kEdge] = [m, n, k].map(blockEdge);
    const workspace = (double ? kernels.gemmWorkspace64 : kernels.gemmWorkspace32)(mEdge, nEdge, kEdge);
    const bytes = [mEdge * kEdge * size, kEdge * nEdge * size, mEdge * nEdge * size, workspace];
    const multiply = double ? kernels.gemm64 : kernels.gemm32;
    withWork(heap, 'matmul', bytes, ([atA, atB, atC, work]) => {
      for (let i = 0; i < m; i += mEdge) {
        const rows = Math.min(mEdge, m - i);
        for (let j = 0; j < n; j += nEdge) {
          const columns = Math.min(nEdge, n - j);
          clear(heap, c, atC, rows * columns);
          for (let p = 0; p < k; p += kEdge) {
            const depth = Math.min(kEdge, k - p);
            copyIn(heap, atA, a, block(transposeA, k, m, i, rows, p, depth));
            copyIn(heap, atB, b, block(transposeB, n, k, p, depth, j, columns));
            const lda = transposeA ? rows : depth;
            const ldb = transposeB ? depth : columns;
            multiply(rows, columns, depth, atA, lda, transposeA, atB, ldb, transposeB, atC, columns, work);
          }
          copyOut(heap, atC, c, { stride: n, row: i, rows, column: j, columns });
        }
      }
    });
  };
}

/** A left factor that stays packed in WASM memory. */
export function wasmPrepare({ kernels, heap }: Runtime): Prepare {
  return (m, k, a) => {
    const double = a instanceof Float64Array;
    const size = a.BYTES_PER_ELEMENT;
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
    const multiply = double ? kernels.gemmPrepared64 : kernels.gemmPrepared32;

    return {
      times(b, p, c) {
        if (resident === undefined) throw disposed('PreparedMatrix.times', 'prepared matrix');
        const left = resident;
        const edge = blockEdge(p);
        const workspace = (double ? kernels.gemmWorkspace64 : kernels.gemmWorkspace32)(0, edge, k);
        const bytes = [k * edge * size, m * edge * size, workspace];
        withWork(heap, 'PreparedMatrix.times', bytes, ([atB, atC, work]) => {
          for (let j = 0; j < p; j += edge) {
            const columns = Math.min(edge, p - j);
            copyIn(heap, atB, b, { stride: p, row: 0, rows: k, column: j, columns });
            clear(heap, c, atC, m * columns);
            multiply(m, columns, k, left, atB, atC, work);
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
  return Math.ceil(extent / Math.ceil(extent / EDGE) / 16) * 16;
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
