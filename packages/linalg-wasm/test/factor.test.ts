import { ndarrayBackend } from '@sntk/linalg';
import type { FactorKernels } from '@sntk/linalg/extending';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wasmBackend, wasmMemoryInUse } from '../src/index.ts';
import { distance, numbers } from './support.ts';

const kernels = wasmBackend().factor as FactorKernels;
const plain = ndarrayBackend().factor as FactorKernels;
const EPS = 2 ** -52;

/** B Bᵀ + I. */
function positive(n: number, seed: number): Float64Array {
  const b = numbers(n * n, seed);
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let p = 0; p < n; p++) a[i * n + j] += b[i * n + p] * b[j * n + p];
    }
    a[i * n + i] += 1;
  }
  return a;
}

function factor(n: number, a: Float64Array): Float64Array {
  const l = a.slice();
  expect(kernels.cholesky(n, l)).toBe(-1);
  return l;
}

/** A well conditioned lower triangle, with numbers above the diagonal that must not be read. */
function triangle(n: number, seed: number): Float64Array {
  return numbers(n * n, seed).map((x, at) => (at % (n + 1) === 0 ? 2 + x : x / Math.sqrt(n)));
}

/** Whether a residual is within n ε of the sizes it is a difference of, entry by entry: backward stability. */
function solves(
  n: number,
  p: number,
  l: Float64Array,
  x: Float64Array,
  b: Float64Array,
  transpose: boolean,
): boolean {
  for (let i = 0; i < n; i++) {
    for (let q = 0; q < p; q++) {
      let sum = 0;
      let size = 0;
      for (let j = 0; j < n; j++) {
        const entry = transpose ? (j >= i ? l[j * n + i] : 0) : j <= i ? l[i * n + j] : 0;
        sum += entry * x[j * p + q];
        size += Math.abs(entry * x[j * p + q]);
      }
      if (!(Math.abs(sum - b[i * p + q]) <= 2 * (n + 2) * EPS * size)) return false;
    }
  }
  return true;
}

describe('the Cholesky factor', () => {
  test('multiplies back to within n ε |L| |Lᵀ|, with zeros above the diagonal', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 150 }), fc.nat(), (n, seed) => {
        const a = positive(n, seed);
        const l = factor(n, a);
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) {
            if (j > i && l[i * n + j] !== 0) return false;
            let sum = 0;
            let size = 0;
            for (let p = 0; p <= Math.min(i, j); p++) {
              sum += l[i * n + p] * l[j * n + p];
              size += Math.abs(l[i * n + p] * l[j * n + p]);
            }
            if (!(Math.abs(sum - a[i * n + j]) <= 2 * (n + 2) * EPS * size)) return false;
          }
        }
        return true;
      }),
      { numRuns: 30 },
    );
  });

  test.each([32, 63, 64, 65, 72, 127, 128, 129, 200, 264])(
    'of min(i, j) + 1 is all ones, exactly: n = %i',
    (n) => {
      const a = Float64Array.from({ length: n * n }, (_, at) => Math.min(at % n, Math.floor(at / n)) + 1);
      const l = factor(n, a);
      expect(l.every((x, at) => x === (at % n <= Math.floor(at / n) ? 1 : 0))).toBe(true);
    },
  );

  test('stops at the first pivot that is not positive and leaves its value there', () => {
    const n = 150;
    for (const bad of [0, 5, 63, 64, 100, 149]) {
      const a = positive(n, 4);
      a[bad * n + bad] = -3;
      const other = a.slice();
      expect(kernels.cholesky(n, a)).toBe(bad);
      expect(plain.cholesky(n, other)).toBe(bad);
      const pivot = other[bad * n + bad];
      expect(Math.abs(a[bad * n + bad] - pivot)).toBeLessThanOrEqual(n * EPS * Math.abs(pivot));
    }
    const nan = positive(n, 5);
    nan[90 * n + 90] = Number.NaN;
    expect(kernels.cholesky(n, nan)).toBe(90);
  });

  test('reads only the lower triangle', () => {
    const n = 90;
    const a = positive(n, 6);
    const blind = a.map((x, at) => (at % n > Math.floor(at / n) ? Number.NaN : x));
    expect(factor(n, blind)).toEqual(factor(n, a));
  });

  test('has the same bits each time', () => {
    const a = positive(130, 7);
    const first = factor(130, a);
    factor(77, positive(77, 8));
    expect(factor(130, a)).toEqual(first);
  });
});

describe('triangular solves', () => {
  test('are backward stable for all sizes, numbers of right-hand sides, and the transpose', () => {
    const size = fc.integer({ min: 1, max: 90 });
    fc.assert(
      fc.property(size, fc.integer({ min: 1, max: 20 }), fc.boolean(), fc.nat(), (n, p, transpose, seed) => {
        const l = triangle(n, seed);
        const b = numbers(n * p, seed + 1);
        const x = b.slice();
        kernels.solveLower(n, p, l, x, transpose);
        return solves(n, p, l, x, b, transpose);
      }),
      { numRuns: 120 },
    );
  });

  test('with all ones below the diagonal take differences, exactly', () => {
    for (const n of [40, 41]) {
      for (const p of [1, 2, 3, 8, 19]) {
        const ones = Float64Array.from({ length: n * n }, (_, at) => (at % n <= Math.floor(at / n) ? 1 : 7));
        const b = Float64Array.from({ length: n * p }, (_, at) => (Math.floor(at / p) + 1) ** 2 + (at % p));
        const down = b.slice();
        kernels.solveLower(n, p, ones, down, false);
        const up = b.slice();
        kernels.solveLower(n, p, ones, up, true);
        for (let i = 0; i < n; i++) {
          for (let q = 0; q < p; q++) {
            const at = i * p + q;
            expect(down[at]).toBe(i === 0 ? b[at] : b[at] - b[at - p]);
            expect(up[at]).toBe(i === n - 1 ? b[at] : b[at] - b[at + p]);
          }
        }
      }
    }
  });

  test('do not change the matrix, and give a column the same bits beside any others', () => {
    const n = 75;
    const l = triangle(n, 9);
    const kept = l.slice();
    const b = numbers(n * 11, 10);
    const all = b.slice();
    kernels.solveLower(n, 11, l, all, false);
    expect(l).toEqual(kept);
    const last = Float64Array.from({ length: n * 3 }, (_, at) => b[Math.floor(at / 3) * 11 + 8 + (at % 3)]);
    kernels.solveLower(n, 3, l, last, false);
    const same = Float64Array.from({ length: n * 3 }, (_, at) => all[Math.floor(at / 3) * 11 + 8 + (at % 3)]);
    expect(distance(last, same)).toBe(0);
  });

  test('leave no WASM memory in use', () => {
    const before = wasmMemoryInUse();
    kernels.solveLower(60, 5, triangle(60, 11), numbers(300, 12), true);
    factor(80, positive(80, 13));
    expect(wasmMemoryInUse()).toBe(before);
  });
});
