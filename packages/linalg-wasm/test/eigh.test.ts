import { ndarrayBackend } from '@sntk/linalg';
import type { FactorKernels } from '@sntk/linalg/extending';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wasmBackend, wasmMemoryInUse } from '../src/index.ts';
import { distance, largest, numbers } from './support.ts';

const backend = wasmBackend();
const { eigh } = backend.factor as FactorKernels;
const plain = ndarrayBackend().factor as FactorKernels;
const EPS = 2 ** -52;

type Entry = (i: number) => number;

function tridiagonal(n: number, diagonal: Entry, coupling: Entry): Float64Array {
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    a[i * n + i] = diagonal(i);
    if (i > 0) {
      a[i * n + i - 1] = coupling(i - 1);
      a[(i - 1) * n + i] = coupling(i - 1);
    }
  }
  return a;
}

function symmetric(n: number, seed: number): Float64Array {
  const b = numbers(n * n, seed);
  return b.map((x, at) => x + b[(at % n) * n + Math.floor(at / n)]);
}

/** Products by plain loops: `X Yᵀ` of two matrices `[n, n]`. */
function timesTransposed(n: number, x: Float64Array, y: Float64Array): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < n; p++) sum += x[i * n + p] * y[j * n + p];
      out[i * n + j] = sum;
    }
  }
  return out;
}

/** Orthonormal vectors, ascending values and Q Λ Qᵀ = A, all within n ε of the norm; gives the values. */
function decompose(n: number, a: Float64Array): Float64Array {
  const { values, vectors } = eigh(n, a.slice());
  const identity = Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0));
  expect(distance(timesTransposed(n, vectors, vectors), identity)).toBeLessThan(2 * n * EPS);
  expect(values.every((value, i) => i === 0 || value >= values[i - 1])).toBe(true);
  const size = largest(values);
  const scaled = vectors.map((x, at) => x * (values[at % n] / (size || 1)));
  const back = timesTransposed(n, scaled, vectors);
  expect(
    distance(
      back,
      a.map((x) => x / (size || 1)),
    ),
  ).toBeLessThan(2 * n * EPS);
  return values;
}

describe('the eigendecomposition', () => {
  test('is orthogonal and multiplies back for random symmetric matrices', () => {
    // From 256 on products with the matrix are cut into parts, of whole groups of four rows but the last.
    for (const n of [48, 49, 63, 64, 65, 97, 130, 200, 256, 259, 270]) decompose(n, symmetric(n, n));
  });

  test("finds Kac's matrix's eigenvalues −n, −n + 2, …, n", () => {
    const n = 120;
    const values = decompose(
      n + 1,
      tridiagonal(
        n + 1,
        () => 0,
        (i) => Math.sqrt((i + 1) * (n - i)),
      ),
    );
    const truth = Float64Array.from({ length: n + 1 }, (_, i) => 2 * i - n);
    expect(distance(values, truth)).toBeLessThan(n * n * EPS);
  });

  test('finds the repeated eigenvalues of a grid, 4 sin²(πi/2(m+1)) + 4 sin²(πj/2(m+1))', () => {
    const m = 11;
    const n = m * m;
    const a = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      a[i * n + i] = 4;
      for (const j of [i % m > 0 ? i - 1 : -1, i % m < m - 1 ? i + 1 : -1, i - m, i + m]) {
        if (j >= 0 && j < n) a[i * n + j] = -1;
      }
    }
    const line = Array.from({ length: m }, (_, i) => 4 * Math.sin((Math.PI * (i + 1)) / (2 * (m + 1))) ** 2);
    const truth = Float64Array.from(line.flatMap((x) => line.map((y) => x + y))).sort();
    expect(distance(decompose(n, a), truth)).toBeLessThan(8 * n * EPS);
  });

  test('stands what deflates: couplings of any size, equal and clustered diagonals', () => {
    const size = fc.integer({ min: 48, max: 120 });
    const kind = fc.constantFrom(
      'random',
      'tiny couplings',
      'equal',
      'clustered',
      'glued',
      'graded',
      'diagonal',
    );
    fc.assert(
      fc.property(size, kind, fc.nat(), (n, name, seed) => {
        const x = numbers(2 * n, seed);
        const small = (i: number): number => x[n + i] * 10 ** (-20 * Math.abs(x[(i * 7) % n]));
        const [diagonal, coupling]: [Entry, Entry] = {
          random: [(i: number) => x[i], (i: number) => x[n + i]] as [Entry, Entry],
          'tiny couplings': [(i: number) => x[i], small] as [Entry, Entry],
          equal: [() => 1, small] as [Entry, Entry],
          clustered: [(i: number) => Math.round(2 * x[i]), (i: number) => 1e-8 * x[n + i]] as [Entry, Entry],
          glued: [
            (i: number) => Math.abs((i % 21) - 10),
            (i: number) => (i % 21 === 20 ? 1e-8 * x[i] : 1),
          ] as [Entry, Entry],
          graded: [(i: number) => 10 ** (-0.3 * i), (i: number) => 10 ** (-0.3 * i - 0.1)] as [Entry, Entry],
          diagonal: [(i: number) => x[i], () => 0] as [Entry, Entry],
        }[name];
        decompose(n, tridiagonal(n, diagonal, coupling));
      }),
      { numRuns: 60 },
    );
  });

  test('stands low rank, ones, zero, and entries near the ends of the number range', () => {
    const n = 90;
    const b = numbers(n * 2, 1);
    const rankTwo = Float64Array.from({ length: n * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      return b[2 * i] * b[2 * j] + b[2 * i + 1] * b[2 * j + 1];
    });
    const values = decompose(n, rankTwo);
    expect(largest(values.subarray(0, n - 2))).toBeLessThan(n * EPS * values[n - 1]);
    const ones = decompose(n, new Float64Array(n * n).fill(1));
    expect(Math.abs(ones[n - 1] - n)).toBeLessThan(n * n * EPS);
    expect([...decompose(n, new Float64Array(n * n))]).toEqual(new Array(n).fill(0));
    const a = symmetric(n, 2);
    const unit = decompose(n, a);
    for (const scale of [2 ** 500, 2 ** -500]) {
      // Scaling by a power of two changes no digit.
      expect(
        decompose(
          n,
          a.map((x) => x * scale),
        ),
      ).toEqual(unit.map((x) => x * scale));
    }
  });

  test('agrees with the plain backend on eigenvalues and isolated eigenvectors', () => {
    const n = 75;
    const a = symmetric(n, 3);
    const ours = eigh(n, a.slice());
    const theirs = plain.eigh(n, a.slice());
    expect(distance(ours.values, theirs.values)).toBeLessThan(n * EPS * largest(theirs.values));
    const column = (vectors: Float64Array): number[] =>
      Array.from({ length: n }, (_, i) => vectors[i * n + n - 1]);
    const [x, y] = [column(ours.vectors), column(theirs.vectors)];
    expect(Math.abs(x.reduce((sum, value, i) => sum + value * y[i], 0))).toBeCloseTo(1, 13);
  });

  test('reads the lower triangle, has the same bits each time, and leaves no memory in use', () => {
    const before = wasmMemoryInUse();
    const n = 70;
    const a = symmetric(n, 4);
    const first = eigh(n, a.slice());
    eigh(55, symmetric(55, 5));
    const again = eigh(
      n,
      a.map((x, at) => (at % n > Math.floor(at / n) ? 99 : x)),
    );
    expect(again.values).toEqual(first.values);
    expect(again.vectors).toEqual(first.vectors);
    expect(wasmMemoryInUse()).toBe(before);
  });
});
