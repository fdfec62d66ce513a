import { ndarrayBackend } from '@sntk/linalg';
import type { EighArrays, FactorKernels } from '@sntk/linalg/extending';
import { roundUp } from './cut.ts';
import { divideBytes, type Eigenvalues, tridiagonalEigenpairs } from './divide-and-conquer.ts';
import { withWork } from './operands.ts';
import { applyReflectors, reflectorBytes } from './reflectors.ts';
import type { Runtime } from './runtime.ts';
import {
  type PlacedMatrix,
  placeLower,
  powerOfTwo,
  tridiagonalBytes,
  tridiagonalize,
} from './tridiagonalize.ts';

/** Below this size the plain eigensolver is as fast. */
const SMALL = 48;
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
    const work = Math.max(
      tridiagonalBytes({ width }),
      divideBytes(runtime, n),
      reflectorBytes(runtime, n, n),
    );
    let result: EighArrays | undefined;
    withWork(heap, 'eigh', [n * line, n * line, line, line, work], ([at, rows, d, e, spare]) => {
      const memory = heap.f64();
      placeLower(memory, { n, width, at }, a, scale);
      const tau = tridiagonalize(runtime, { n, width, at }, d, e, spare);
      const diagonal = memory.slice(d / 8, d / 8 + n);
      const coupling = memory.slice(e / 8, e / 8 + n);
      const vectors = { n, width, at: rows };
      const pairs = tridiagonalEigenpairs(runtime, { diagonal, coupling }, vectors, spare, plain.eigh);
      applyReflectors(runtime, { v: { n, width, at }, tau, x: { m: n, at: rows }, work: spare });
      // Fresh memory for the vectors would cost more than writing them.
      result = readPairs(memory, vectors, pairs, scale, a);
    });
    return result as EighArrays;
  };
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
