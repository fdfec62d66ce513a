import { ndarrayBackend } from '@sntk/linalg';
import type { FactorKernels, TridiagonalArrays } from '@sntk/linalg/extending';
import { roundUp } from './cut.ts';
import { type Block, copyIn, copyOut, withWork } from './operands.ts';
import { applyReflectors, reflectorBytes } from './reflectors.ts';
import type { Runtime } from './runtime.ts';
import { placeLower, powerOfTwo, tridiagonalBytes, tridiagonalize } from './tridiagonalize.ts';

/** Below this size the plain reduction is as fast. */
const SMALL = 48;

/** Reduction to tridiagonal form in `assembly/tridiagonal.ts`, its reflectors kept in the array that the matrix came in. */
export function wasmTridiagonalize(runtime: Runtime): FactorKernels['tridiagonalize'] {
  const { heap } = runtime;
  const plain = ndarrayBackend().factor as FactorKernels;
  return (n, a) => {
    if (n < SMALL) return plain.tridiagonalize(n, a);
    const scale = powerOfTwo(n, a);
    const width = roundUp(n, 8);
    const line = width * 8;
    let result: TridiagonalArrays | undefined;
    withWork(heap, 'tridiagonalize', [n * line, line, line, tridiagonalBytes({ width })], (addresses) => {
      const [at, d, e, work] = addresses;
      const memory = heap.f64();
      placeLower(memory, { n, width, at }, a, scale);
      const tau = tridiagonalize(runtime, { n, width, at }, d, e, work);
      const diagonal = memory.slice(d / 8, d / 8 + n).map((entry) => entry / scale);
      const offDiagonal = memory.slice(e / 8, e / 8 + n - 1).map((entry) => entry / scale);
      // Fresh memory for the reflectors would cost more than writing them.
      copyOut(heap, at, a, wholeRows(n, width));
      result = {
        diagonal,
        offDiagonal,
        multiply: (p, b, transpose) => applyTo(runtime, { n, reflectors: a, tau }, p, b, transpose),
      };
    });
    return result as TridiagonalArrays;
  };
}

/** A row-major matrix `[n, n]` whose rows are `width` numbers apart in WASM memory. */
function wholeRows(n: number, width: number): Block {
  return { stride: n, row: 0, rows: n, column: 0, columns: n, width };
}

/** `A = Q T Qᵀ` with `Qᵀ = H_1 H_2 … H_{n−1}`, the vectors in rows. */
interface Reflectors {
  readonly n: number;
  readonly reflectors: Float64Array;
  readonly tau: Float64Array;
}

/** `b ← Q b` for `b` `[n, p]`, or `Qᵀ b`, by its columns as rows: `Bᵀ Qᵀ`. */
function applyTo(
  runtime: Runtime,
  { n, reflectors, tau }: Reflectors,
  p: number,
  b: Float64Array,
  transpose: boolean,
): void {
  const { heap } = runtime;
  const width = roundUp(n, 8);
  const sizes = [n * width * 8, p * width * 8, reflectorBytes(runtime, p, n)];
  withWork(heap, 'tridiagonalize(A).apply', sizes, ([v, rows, work]) => {
    const memory = heap.f64();
    copyIn(heap, v, reflectors, wholeRows(n, width));
    for (let q = 0; q < p; q++) {
      const row = rows / 8 + q * width;
      for (let i = 0; i < n; i++) memory[row + i] = b[i * p + q];
    }
    applyReflectors(runtime, {
      v: { n, width, at: v },
      tau,
      x: { m: p, at: rows },
      reverse: transpose,
      work,
    });
    for (let i = 0; i < n; i++) {
      for (let q = 0; q < p; q++) b[i * p + q] = memory[rows / 8 + q * width + i];
    }
  });
}
