import { UnavailableError } from '@sntk/errors';
import {
  type DType,
  type FloatArray,
  prepare,
  syrk,
  type Tensor,
  tensor,
  matmul as times,
  toArray,
} from '@sntk/linalg';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wasmBackend, wasmMemoryInUse } from '../src/index.ts';
import { numbers } from './support.ts';

const backend = wasmBackend();
const EPS: Record<DType, number> = { float64: 2 ** -52, float32: 2 ** -23 };
const DTYPES: readonly DType[] = ['float64', 'float32'];

function matrix(rows: number, columns: number, dtype: DType, seed: number): Tensor {
  const data = numbers(rows * columns, seed);
  return tensor(dtype === 'float64' ? data : Float32Array.from(data), { backend, shape: [rows, columns] });
}

function transposed(a: Tensor): FloatArray {
  const [rows, columns] = a.shape;
  const from = toArray(a);
  return from.map((_, i) => from[(i % rows) * columns + Math.floor(i / rows)]);
}

/** How far a product is from three float64 loops, in units of the bound k ε |A| |B| of Higham, Accuracy and Stability, (3.13). */
function errorInBounds(
  c: FloatArray,
  a: FloatArray,
  b: FloatArray,
  m: number,
  n: number,
  k: number,
  eps: number,
): number {
  if (c.length !== m * n) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      let size = 0;
      for (let p = 0; p < k; p++) {
        const product = a[i * k + p] * b[p * n + j];
        sum += product;
        size += Math.abs(product);
      }
      const error = Math.abs(c[i * n + j] - sum);
      // One bound for our sum and one for the reference's own rounding.
      if (!(error <= 2 * k * eps * size)) worst = Math.max(worst, error / (k * eps * size));
    }
  }
  return worst;
}

function check(
  m: number,
  n: number,
  k: number,
  dtype: DType,
  transposeA: boolean,
  transposeB: boolean,
): void {
  const a = transposeA ? matrix(k, m, dtype, 1) : matrix(m, k, dtype, 1);
  const b = transposeB ? matrix(n, k, dtype, 2) : matrix(k, n, dtype, 2);
  const c = toArray(times(a, b, { transposeA, transposeB }));
  const plainA = transposeA ? transposed(a) : toArray(a);
  const plainB = transposeB ? transposed(b) : toArray(b);
  expect(errorInBounds(c, plainA, plainB, m, n, k, EPS[dtype])).toBe(0);
}

describe('matrix products', () => {
  test('are within k ε |A| |B| of three plain loops, for all sizes, flags and formats', () => {
    const size = fc.integer({ min: 0, max: 70 });
    fc.assert(fc.property(size, size, size, fc.constantFrom(...DTYPES), fc.boolean(), fc.boolean(), check), {
      numRuns: 250,
    });
  });

  // Around 192 rows and 256 steps of depth, where packed blocks end, and 1536, where operands are cut.
  test.each([
    [193, 17, 30],
    [191, 9, 513],
    [2, 33, 257],
    [5, 7, 3100],
    [1540, 9, 5],
    [3, 1601, 10],
    [1, 400, 300],
    [400, 1, 300],
  ])('reach over blocks: %i × %i from depth %i', (m, n, k) => {
    for (const dtype of DTYPES) {
      for (const transposeA of [false, true]) {
        for (const transposeB of [false, true]) check(m, n, k, dtype, transposeA, transposeB);
      }
    }
  });

  test('with the identity are exact', () => {
    for (const dtype of DTYPES) {
      for (const n of [3, 40, 129]) {
        const a = matrix(n, n, dtype, 3);
        const one = tensor(
          toArray(a).map((_, i) => (i % (n + 1) === 0 ? 1 : 0)),
          { backend, shape: [n, n] },
        );
        expect(toArray(times(a, one))).toEqual(toArray(a));
        expect(toArray(times(one, a, { transposeA: true }))).toEqual(toArray(a));
      }
    }
  });

  test('give the same bits whatever was computed before and wherever operands lie', () => {
    const a = matrix(50, 300, 'float64', 4);
    const b = matrix(300, 21, 'float64', 5);
    const first = toArray(times(a, b));
    const resident = prepare(matrix(33, 65, 'float64', 6));
    times(matrix(200, 200, 'float32', 7), matrix(200, 200, 'float32', 8));
    expect(toArray(times(a, b))).toEqual(first);
    resident.dispose();
  });

  test('pass NaN on to the entries it belongs to', () => {
    const a = numbers(40 * 40, 9);
    a[7 * 40 + 3] = Number.NaN;
    const c = toArray(times(tensor(a, { backend, shape: [40, 40] }), matrix(40, 40, 'float64', 10)));
    expect(c.every((x, i) => Number.isNaN(x) === (Math.floor(i / 40) === 7))).toBe(true);
  });

  test('leave no WASM memory in use', () => {
    const before = wasmMemoryInUse();
    times(matrix(90, 80, 'float64', 11), matrix(80, 70, 'float64', 12));
    times(matrix(90, 80, 'float32', 11), matrix(80, 70, 'float32', 12));
    expect(wasmMemoryInUse()).toBe(before);
  });
});

describe('a prepared matrix', () => {
  test('gives the bits of the plain product, for any number of columns', () => {
    for (const dtype of DTYPES) {
      for (const [m, k] of [
        [50, 50],
        [195, 300],
        [33, 7],
      ]) {
        const a = matrix(m, k, dtype, 13);
        const prepared = prepare(a);
        expect(prepared.shape).toEqual([m, k]);
        for (const p of [2, 3, 7, 16, 64, 65]) {
          const x = matrix(k, p, dtype, 14 + p);
          if (m * k * p > 1000) expect(toArray(prepared.times(x))).toEqual(toArray(times(a, x)));
        }
        const x = matrix(k, 1, dtype, 99);
        expect(errorInBounds(toArray(prepared.times(x)), toArray(a), toArray(x), m, 1, k, EPS[dtype])).toBe(
          0,
        );
        prepared.dispose();
      }
    }
  });

  test('takes more rows and columns than are copied at once', () => {
    const a = matrix(1600, 3, 'float64', 15);
    const prepared = prepare(a);
    const x = matrix(3, 1601, 'float64', 16);
    const c = toArray(prepared.times(x));
    prepared.dispose();
    expect(errorInBounds(c, toArray(a), toArray(x), 1600, 1601, 3, EPS.float64)).toBe(0);
  });

  test('stays valid when its source changes, others come and go, and memory grows', () => {
    const data = numbers(60 * 60, 17);
    const x = matrix(60, 20, 'float64', 18);
    const prepared = prepare(tensor(data, { backend, shape: [60, 60] }));
    const before = toArray(prepared.times(x));
    const other = prepare(matrix(500, 500, 'float64', 19));
    times(matrix(1000, 1200, 'float32', 20), matrix(1200, 30, 'float32', 21));
    other.dispose();
    expect(toArray(prepared.times(x))).toEqual(before);
    prepared.dispose();
  });

  test('gives its memory back once, and refuses to be used afterwards', () => {
    const before = wasmMemoryInUse();
    const prepared = prepare(matrix(30, 40, 'float64', 22));
    expect(wasmMemoryInUse()).toBeGreaterThanOrEqual(before + 30 * 40 * 8);
    prepared.times(matrix(40, 5, 'float64', 23));
    prepared.dispose();
    prepared.dispose();
    expect(wasmMemoryInUse()).toBe(before);
    expect(() => prepared.times(matrix(40, 5, 'float64', 23))).toThrow(UnavailableError);
  });
});

test('a Gram matrix of more rows than are copied at once is whole and symmetric', () => {
  for (const transpose of [false, true]) {
    const n = 3100;
    const X = matrix(transpose ? 2 : n, transpose ? n : 2, 'float64', 24);
    const x = transpose ? transposed(X) : toArray(X);
    const C = toArray(syrk(X, { transpose }));
    let off = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const [p, q] = [x[2 * i] * x[2 * j], x[2 * i + 1] * x[2 * j + 1]];
        if (!(Math.abs(C[i * n + j] - (p + q)) <= 4 * EPS.float64 * (Math.abs(p) + Math.abs(q)))) off++;
        if (C[i * n + j] !== C[j * n + i]) off++;
      }
    }
    expect(off).toBe(0);
  }
});
