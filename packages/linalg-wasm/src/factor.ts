import { ndarrayBackend } from '@sntk/linalg';
import type { FactorKernels } from '@sntk/linalg/extending';
import { pieces, roundUp } from './cut.ts';
import { withWork } from './operands.ts';
import type { Runtime } from './runtime.ts';

/** Below this size the plain factorizations are as fast. */
const SMALL = 32;
/** Right-hand sides fewer than these are solved in JavaScript: reading `L` once bounds the time, and copying reads it too. */
const FEW = 2;
/** Numbers in a step of a panel, and the multiple that stored rows are filled up to. */
const PANEL = 8;
/** Columns of a block: its panels of 4 KB stay in the first-level cache. `assembly/cholesky.ts` knows them too. */
const BLOCK = 64;
/** Fewer rows or columns than these are not worth waking another thread. */
const SHARED = 128;
/** Right-hand sides of fewer numbers than these neither. */
const SHARED_SOLVE = 2 ** 13;

/** Cholesky factorization and triangular solves on the kernels in `assembly/cholesky.ts`. */
export function wasmFactor(runtime: Runtime): Partial<FactorKernels> {
  const plain = ndarrayBackend().factor as FactorKernels;
  return {
    cholesky: (n, a) => (n < SMALL ? plain.cholesky(n, a) : cholesky(runtime, n, a)),
    solveLower(n, p, l, b, transpose) {
      if (p <= FEW) solveFew(n, p, l, b, transpose);
      else if (n < SMALL) plain.solveLower(n, p, l, b, transpose);
      else solveMany(runtime, n, p, l, b, transpose);
    },
  };
}

function cholesky(runtime: Runtime, n: number, a: Float64Array): number {
  const { heap } = runtime;
  const width = roundUp(n, PANEL);
  let bad = -1;
  withWork(heap, 'cholesky', [width * width * 8, width * BLOCK * 8], ([at, panels]) => {
    const memory = heap.f64();
    memory.fill(0, at / 8, at / 8 + width * width);
    for (let i = 0; i < n; i++) memory.set(a.subarray(i * n, i * n + i + 1), at / 8 + i * width);
    bad = factorBlocks(runtime, n, at, width * 8, panels);
    for (let i = 0; i < n; i++) {
      const row = at / 8 + i * width;
      a.set(memory.subarray(row, row + i + 1), i * n);
      a.fill(0, i * n + i + 1, (i + 1) * n);
    }
  });
  return bad;
}

/** Factors the matrix at `at`, rows `stride` bytes apart, block by block. Returns −1 or the first bad pivot. */
function factorBlocks(
  { kernels, team }: Runtime,
  n: number,
  at: number,
  stride: number,
  panels: number,
): number {
  for (let start = 0; start < n; start += BLOCK) {
    const size = Math.min(BLOCK, n - start);
    const corner = at + start * (stride + 8);
    const bad = kernels.factorBlock(size, corner, stride);
    if (bad >= 0) return start + bad;
    const rest = n - start - size;
    if (rest === 0) break;
    const below = panelPieces(rest, team.threads);
    team.run({
      kernel: 'solveBelow',
      calls: below.map(([from, to]) => [
        to - from,
        size,
        corner,
        corner + (size + from) * stride,
        stride,
        panels + from * BLOCK * 8,
      ]),
    });
    const remaining = corner + size * (stride + 8);
    team.run({
      kernel: 'subtractLower',
      calls: below.map(([from, to]) => [rest, remaining, stride, BLOCK, panels, panels, from, to]),
    });
  }
  return -1;
}

/** Rows or columns that are handed out together, whole panels. */
export function panelPieces(extent: number, threads: number): (readonly [number, number])[] {
  return pieces(extent, extent < SHARED ? 1 : threads, PANEL);
}

function solveMany(
  { heap, team }: Runtime,
  n: number,
  p: number,
  l: Float64Array,
  b: Float64Array,
  transpose: boolean,
): void {
  // Panels are solved two rows at a time; an odd size is filled up with a row of the identity.
  const height = n + (n % 2);
  const panels = Math.ceil(p / PANEL);
  withWork(heap, 'solveTriangular', [height * height * 8, panels * height * PANEL * 8], ([at, right]) => {
    const memory = heap.f64();
    const corner = at / 8;
    memory[corner + height * height - 1] = 1;
    if (height > n) memory.fill(0, corner + n * height, corner + height * height - 1);
    if (transpose) copyReversed(memory, corner, height, n, l);
    else for (let i = 0; i < n; i++) memory.set(l.subarray(i * n, i * n + i + 1), corner + i * height);

    const start = right / 8;
    memory.fill(0, start, start + panels * height * PANEL);
    movePanels(memory, start, height, n, p, b, transpose, 'in');
    const calls = pieces(panels, n * p < SHARED_SOLVE ? 1 : team.threads, 1).map(([from, end]) => [
      ...[height, at, height * 8],
      ...[right + from * height * PANEL * 8, end - from],
    ]);
    team.run({ kernel: 'solvePanels', calls });
    movePanels(memory, start, height, n, p, b, transpose, 'out');
  });
}

/**
 * Stores `Lᵀ` with rows and columns in reverse order, which is lower triangular again: solving with it is solving with
 * `Lᵀ` from the last row up.
 */
function copyReversed(
  memory: Float64Array,
  corner: number,
  stride: number,
  n: number,
  l: Float64Array,
): void {
  const edge = 32;
  for (let i0 = 0; i0 < n; i0 += edge) {
    const i1 = Math.min(n, i0 + edge);
    for (let j0 = 0; j0 < i1; j0 += edge) {
      for (let i = i0; i < i1; i++) {
        const j1 = Math.min(i + 1, j0 + edge);
        for (let j = j0; j < j1; j++) memory[corner + (n - 1 - j) * stride + n - 1 - i] = l[i * n + j];
      }
    }
  }
}

/** Moves right-hand sides to panels `[p/8][height][8]`, their rows reversed if told, or back. */
function movePanels(
  memory: Float64Array,
  start: number,
  height: number,
  n: number,
  p: number,
  b: Float64Array,
  reverse: boolean,
  direction: 'in' | 'out',
): void {
  for (let i = 0; i < n; i++) {
    const row = (reverse ? n - 1 - i : i) * p;
    for (let j = 0; j < p; j++) {
      const at = start + ((j >> 3) * height + i) * PANEL + (j & 7);
      if (direction === 'in') memory[at] = b[row + j];
      else b[row + j] = memory[at];
    }
  }
}

/** A few right-hand sides, along the rows of `L` in either direction. */
function solveFew(n: number, p: number, l: Float64Array, b: Float64Array, transpose: boolean): void {
  const x = new Float64Array(n);
  for (let q = 0; q < p; q++) {
    for (let i = 0; i < n; i++) x[i] = b[i * p + q];
    if (transpose) solveBackward(n, l, x);
    else solveForward(n, l, x);
    for (let i = 0; i < n; i++) b[i * p + q] = x[i];
  }
}

function solveForward(n: number, l: Float64Array, x: Float64Array): void {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    let even = 0;
    let odd = 0;
    let j = 0;
    for (; j + 2 <= i; j += 2) {
      even += l[row + j] * x[j];
      odd += l[row + j + 1] * x[j + 1];
    }
    if (j < i) even += l[row + j] * x[j];
    x[i] = (x[i] - (even + odd)) / l[row + i];
  }
}

function solveBackward(n: number, l: Float64Array, x: Float64Array): void {
  for (let i = n - 1; i >= 0; i--) {
    const row = i * n;
    const xi = x[i] / l[row + i];
    x[i] = xi;
    for (let j = 0; j < i; j++) x[j] -= xi * l[row + j];
  }
}
