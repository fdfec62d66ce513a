import { powerOfTwoNear } from '@sntk/linalg/extending';
import { roundUp } from './cut.ts';
import { panelPieces } from './factor.ts';
import type { Runtime } from './runtime.ts';

/** Reflectors that the matrix is brought up to date with at a time. */
const BLOCK = 32;
/** Rows of a matrix whose product with a vector is worth cutting into parts, and how many: the cut decides rounding. */
const CUT_FROM = 256;
const PARTS = 4;

/** A symmetric matrix `[n, n]` in WASM memory, its lower triangle in rows of `width` numbers, a multiple of 8. */
export interface PlacedMatrix {
  readonly n: number;
  readonly width: number;
  readonly at: number;
}

/** A power of two that brings the largest entry of the lower triangle near 1: squares neither overflow nor underflow. */
export function powerOfTwo(n: number, a: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < n; i++) {
    for (let at = i * n; at <= i * n + i; at++) largest = Math.max(largest, Math.abs(a[at]));
  }
  return 1 / powerOfTwoNear(largest);
}

/** Copies the lower triangle of a row-major `a` `[n, n]` times `scale` into its place. */
export function placeLower(
  memory: Float64Array,
  { n, width, at }: PlacedMatrix,
  a: Float64Array,
  scale: number,
): void {
  for (let i = 0; i < n; i++) {
    const row = at / 8 + i * width;
    for (let j = 0; j <= i; j++) memory[row + j] = a[i * n + j] * scale;
    memory.fill(0, row + i + 1, row + width);
  }
}

/** Bytes of work space that `tridiagonalize` needs. */
export function tridiagonalBytes({ width }: Pick<PlacedMatrix, 'width'>): number {
  return (BLOCK + PARTS + 2 * 2 * BLOCK) * width * 8;
}

/**
 * Reduces a matrix to tridiagonal form on the kernels in `assembly/tridiagonal.ts`. Leaves the diagonal at `d`, the couplings
 * of i and i + 1 at `e`, and for i > 0 a reflector I − τ v vᵀ on the coordinates below i: v in row i of the matrix, the
 * rest of the row 0. Gives τ.
 */
export function tridiagonalize(
  { kernels, heap, team }: Runtime,
  { n, width, at }: PlacedMatrix,
  d: number,
  e: number,
  work: number,
): Float64Array {
  const stride = width * 8;
  const products = work + BLOCK * stride;
  const panels = products + PARTS * stride;
  const tau = new Float64Array(n);
  for (let last = n - 1; last > 0; ) {
    const size = Math.min(BLOCK, last);
    const row = at + last * stride;
    for (let index = 0; index < size; index++) {
      const i = last - index;
      tau[i] = kernels.reflectRow(last, index, row, stride, d, e, work);
      if (tau[i] === 0) {
        const w = (work + index * stride) / 8;
        heap.f64().fill(0, w, w + width);
        continue;
      }
      const ends = symmetricParts(i);
      team.run({
        kernel: 'multiplySymmetric',
        calls: ends.map((end, part) => [
          ...[i, part === 0 ? 0 : ends[part - 1], end, at, stride],
          ...[row - index * stride, products + part * stride],
        ]),
      });
      kernels.finishRow(last, index, row, stride, work, tau[i], products, ends.length);
    }
    const rest = last + 1 - size;
    kernels.gatherPanels(rest, size, row, stride, work, panels);
    const others = panels + roundUp(rest, 8) * size * 16;
    team.run({
      kernel: 'subtractLower',
      calls: panelPieces(rest, team.threads).map(([from, to]) => [
        ...[rest, at, stride, 2 * size, panels, others],
        ...[from, to],
      ]),
    });
    last -= size;
  }
  const memory = heap.f64();
  memory[d / 8] = memory[at / 8];
  memory.fill(0, at / 8, at / 8 + width);
  return tau;
}

/** Ends of parts of a triangle's rows with about as many entries each, multiples of 4 but the last. */
function symmetricParts(n: number): readonly number[] {
  if (n < CUT_FROM) return [n];
  const ends = Array.from(
    { length: PARTS },
    (_, part) => 4 * Math.round((n * Math.sqrt((part + 1) / PARTS)) / 4),
  );
  ends[PARTS - 1] = n;
  return ends;
}
