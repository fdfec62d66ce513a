import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cholesky, matmul, ndarrayBackend, qr, syrk, type Tensor, tensor, toArray } from '../src/index.ts';

const backend = ndarrayBackend();

function waves(m: number, n: number, seed = 1): Tensor {
  const entries = Float64Array.from({ length: m * n }, (_, i) => Math.sin(seed + 3.7 * i + 0.01 * i * i));
  return tensor(entries, { backend, shape: [m, n] });
}

function norm(a: ArrayLike<number>): number {
  return Math.hypot(...Array.from(a));
}

/** Backward error and loss of orthogonality of Householder QR: a modest multiple of m·n·ε (Higham, theorem 19.4). */
function check(A: Tensor): void {
  const [m, n] = A.shape;
  const { Q, R } = qr(A);
  expect(Q.shape).toEqual([m, n]);
  expect(R.shape).toEqual([n, n]);
  const a = toArray(A);
  const back = toArray(matmul(Q, R));
  const bound = 4 * Math.max(1, m * n) * 2 ** -52;
  expect(norm(back.map((x, i) => x - a[i]))).toBeLessThanOrEqual(bound * norm(a));
  const unit = toArray(syrk(Q, { transpose: true }));
  expect(norm(unit.map((x, i) => x - (i % (n + 1) === 0 ? 1 : 0)))).toBeLessThanOrEqual(bound);
  const r = toArray(R);
  for (let i = 0; i < n; i++) {
    expect(r[i * n + i]).toBeGreaterThanOrEqual(0);
    for (let j = 0; j < i; j++) expect(r[i * n + j]).toBe(0);
  }
}

describe('qr', () => {
  it('multiplies back with orthonormal columns, for any shape, rank and grading', () => {
    const cases = fc.record({
      n: fc.integer({ min: 0, max: 70 }),
      more: fc.integer({ min: 0, max: 40 }),
      rank: fc.integer({ min: 1, max: 70 }),
      decades: fc.integer({ min: -12, max: 12 }),
    });
    fc.assert(
      fc.property(cases, ({ n, more, rank, decades }) => {
        const product = toArray(matmul(waves(n + more, rank, 2), waves(rank, n, 3)));
        const graded = product.map((x, i) => x * 10 ** ((decades * (i % n)) / n));
        check(tensor(graded, { backend, shape: [n + more, n] }));
      }),
      { numRuns: 60 },
    );
  });

  it('has the Cholesky factor of the Gram matrix as R', () => {
    const A = waves(80, 37);
    const { R } = qr(A);
    const L = toArray(cholesky(syrk(A, { transpose: true })).L);
    // The Gram matrix has the square of the condition number, about 10 here.
    toArray(R).forEach((x, i) => {
      expect(Math.abs(x - L[(i % 37) * 37 + Math.floor(i / 37)])).toBeLessThan(1e-12);
    });
  });

  it('gives R = diag(3, 5) and Q = columns of a permutation with signs where columns are orthogonal', () => {
    const { Q, R } = qr(
      tensor(
        [
          [0, -5],
          [3, 0],
          [0, 0],
        ],
        { backend },
      ),
    );
    expect([...toArray(R)].map(Math.abs)).toEqual([3, 0, 0, 5]);
    expect([...toArray(Q)]).toEqual([0, -1, 1, 0, 0, 0].map((x) => expect.closeTo(x, 15)));
  });

  it('works on entries whose squares overflow or vanish', () => {
    for (const scale of [1e200, 1e-200]) {
      const A = tensor(
        toArray(waves(9, 4)).map((x) => x * scale),
        { backend, shape: [9, 4] },
      );
      const { R } = qr(A);
      const { R: plain } = qr(waves(9, 4));
      const expected = toArray(plain);
      toArray(R).forEach((x, i) => {
        expect(Math.abs(x / scale - expected[i])).toBeLessThan(1e-14);
      });
    }
  });

  it('keeps the columns of Q orthonormal where numbers lose their digits to underflow', () => {
    const n = 6;
    const ones = toArray(waves(n, n));
    for (const columnScale of [
      () => 2e-322,
      (j: number) => (j % 2 === 0 ? 1 : 1e-318),
      (j: number) => 10 ** (120 * (j - 3)),
    ]) {
      const A = tensor(
        ones.map((x, i) => x * columnScale(i % n)),
        { backend, shape: [n, n] },
      );
      const { Q } = qr(A);
      const gram = toArray(matmul(Q, Q, { transposeA: true }));
      gram.forEach((x, i) => {
        expect(Math.abs(x - (i % (n + 1) === 0 ? 1 : 0))).toBeLessThan(1e-14);
      });
    }
    // The second column is of order 1, but not what the first reflection leaves of it.
    const left = qr(
      tensor(
        [
          [1, 1],
          [0, 5e-324],
          [0, 1e-323],
        ],
        { backend },
      ),
    ).Q;
    expect(toArray(matmul(left, left, { transposeA: true }))).toEqual(Float64Array.of(1, 0, 0, 1));
  });

  it('factors zeros, one column and float32', () => {
    check(tensor(new Float64Array(12), { backend, shape: [4, 3] }));
    check(waves(5, 1));
    const single = qr(tensor(new Float32Array([3, 4]), { backend, shape: [2, 1] }));
    expect(single.info.promoted).toBe(true);
    expect(single.R.dtype).toBe('float64');
    expect(toArray(single.R)[0]).toBeCloseTo(5, 14);
  });

  it('refuses wide matrices, entries that are not finite, norms that overflow and backends without factorizations', () => {
    expect(() => qr(waves(2, 3))).toThrow('at least as many rows as columns, got "[2, 3]"');
    expect(() => qr(tensor([[Number.NaN]], { backend }))).toThrow('finite numbers');
    expect(() => qr(tensor([[1.7e308], [1.7e308]], { backend }))).toThrow('the norm of column 0 overflows');
    const { factor: _, ...device } = backend;
    expect(() => qr({ ...waves(2, 2), backend: device })).toThrow('has no factorizations');
  });
});
