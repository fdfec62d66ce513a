import { NumericalError } from '@sntk/errors';
import { ndarrayBackend } from '@sntk/linalg';
import type { EighArrays, FactorKernels, TridiagonalArrays } from '@sntk/linalg/extending';
import { LEFT, LOWER, NO_TRANSPOSE, NON_UNIT, ROW_MAJOR, TRANSPOSE } from './constants.ts';
import type { BlasLibrary, Foreign } from './library.ts';

/** Factorizations by LAPACK, as far as the library has it. */
export function lapackFactorKernels(library: BlasLibrary): Partial<FactorKernels> {
  const { dtrsm, dpotrf, dsyevd, dsytrd, dormtr } = library;
  const plain = ndarrayBackend().factor as FactorKernels;
  return {
    solveLower(n, p, l, b, transpose): void {
      if (n * p === 0) return;
      if (hasSubnormalPivot(n, l)) {
        plain.solveLower(n, p, l, b, transpose);
        return;
      }
      const flag = transpose ? TRANSPOSE : NO_TRANSPOSE;
      dtrsm(ROW_MAJOR, LEFT, LOWER, flag, NON_UNIT, n, p, 1, l, n, b, p);
    },
    ...(dpotrf ? { cholesky: (n, a) => cholesky(dpotrf, n, a) } : {}),
    ...(dsyevd ? { eigh: (n, a) => eigh(dsyevd, n, a) } : {}),
    ...(dsytrd && dormtr ? { tridiagonalize: (n, a) => tridiagonalize({ dsytrd, dormtr }, n, a) } : {}),
  };
}

/** Libraries multiply by reciprocals of pivots, and those of subnormal numbers overflow. */
function hasSubnormalPivot(n: number, l: Float64Array): boolean {
  for (let i = 0; i < n; i++) if (Math.abs(l[i * n + i]) < 2 ** -1022) return true;
  return false;
}

function cholesky(dpotrf: NonNullable<BlasLibrary['dpotrf']>, n: number, a: Float64Array): number {
  if (n === 0) return -1;
  const size = Int32Array.of(n);
  const info = new Int32Array(1);
  // Fortran sees the transpose of a row-major array: its upper triangle is our lower one, and L Lᵀ its Uᵀ U.
  dpotrf('U', size, a, size, info, 1);
  if (info[0] > 0) return info[0] - 1;
  for (let i = 0; i < n; i++) a.fill(0, i * n + i + 1, (i + 1) * n);
  return -1;
}

function eigh(dsyevd: NonNullable<BlasLibrary['dsyevd']>, n: number, a: Float64Array): EighArrays {
  const values = new Float64Array(n);
  if (n === 0) return { values, vectors: a };
  const size = Int32Array.of(n);
  const info = new Int32Array(1);
  const work = workSpace(1 + 6 * n + 2 * n * n);
  const integers = new Int32Array(3 + 5 * n);
  dsyevd(
    'V',
    'L',
    size,
    a,
    size,
    values,
    work,
    Int32Array.of(work.length),
    integers,
    Int32Array.of(integers.length),
    info,
    1,
    1,
  );
  if (info[0] !== 0) {
    throw new NumericalError({ where: 'eigh', found: `LAPACK's dsyevd did not converge (info ${info[0]})` });
  }
  // Eigenvectors come in the columns of a column-major array, that is in our rows.
  transposeInPlace(n, a);
  return { values, vectors: a };
}

/** The most columns that LAPACK's blocks of reflectors have; each block comes with a triangle of as many rows and one more. */
const BLOCK = 64;

function tridiagonalize(
  { dsytrd, dormtr }: { readonly dsytrd: Foreign; readonly dormtr: Foreign },
  n: number,
  a: Float64Array,
): TridiagonalArrays {
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(Math.max(0, n - 1));
  const tau = new Float64Array(Math.max(1, n - 1));
  const size = Int32Array.of(n);
  const info = new Int32Array(1);
  if (n > 0) {
    const work = workSpace(BLOCK * n);
    dsytrd('L', size, a, size, diagonal, offDiagonal, tau, work, Int32Array.of(work.length), info, 1);
  }
  return {
    diagonal,
    offDiagonal,
    multiply(p, b, transpose): void {
      if (n * p === 0) return;
      const columns = Int32Array.of(p);
      const work = workSpace(BLOCK * (p + BLOCK + 1));
      const length = Int32Array.of(work.length);
      // Fortran sees Bᵀ, and Q B is the transpose of Bᵀ Qᵀ.
      const flag = transpose ? 'N' : 'T';
      dormtr('R', 'L', flag, columns, size, a, size, tau, b, columns, work, length, info, 1, 1, 1);
    },
  };
}

let lastWork = new WeakRef(new Float64Array(0));

/** Numbers of no particular value. The last array is used again if it is still there: fresh memory costs a tenth of `eigh`. */
function workSpace(length: number): Float64Array {
  const last = lastWork.deref();
  if (last !== undefined && last.length >= length) return last;
  const fresh = new Float64Array(length);
  lastWork = new WeakRef(fresh);
  return fresh;
}

/** In blocks, so that both sides of the diagonal stay in the cache. */
function transposeInPlace(n: number, a: Float64Array): void {
  const block = 32;
  for (let i0 = 0; i0 < n; i0 += block) {
    for (let j0 = 0; j0 <= i0; j0 += block) {
      for (let i = i0; i < Math.min(n, i0 + block); i++) {
        for (let j = j0; j < Math.min(i, j0 + block); j++) {
          const below = a[i * n + j];
          a[i * n + j] = a[j * n + i];
          a[j * n + i] = below;
        }
      }
    }
  }
}
