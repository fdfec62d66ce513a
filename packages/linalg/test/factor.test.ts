import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCpuBackend } from '../src/extending.ts';
import {
  cholesky,
  eigh,
  logDeterminant,
  matmul,
  ndarrayBackend,
  solveCholesky,
  solveTriangular,
  type Tensor,
  tensor,
  toArray,
  toFloat64,
} from '../src/index.ts';

const backend = ndarrayBackend();

/** Hilbert's matrix, condition number about exp(3.5 n). */
function hilbert(n: number): Tensor {
  const rows = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => 1 / (i + j + 1)));
  return tensor(rows, { backend });
}

function maxAbsDiff(a: Tensor, b: Tensor): number {
  const p = toFloat64(a);
  const q = toFloat64(b);
  return p.reduce((worst, x, i) => Math.max(worst, Math.abs(x - q[i])), 0);
}

const square = fc
  .integer({ min: 0, max: 24 })
  .chain((n) =>
    fc
      .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: n * n, maxLength: n * n })
      .map((x) => ({ n, x: Float64Array.from(x) })),
  );

describe('eigh', () => {
  it('gives eigenpairs that multiply back and orthogonal vectors, for any symmetric matrix', () => {
    fc.assert(
      fc.property(square, ({ n, x }) => {
        const B = tensor(x, { backend, shape: [n, n] });
        const A = matmul(B, B, { transposeB: true });
        const { values, vectors } = eigh(A);
        const scaled = tensor(
          toFloat64(vectors).map((v, i) => v * values[i % n]),
          { backend, shape: [n, n] },
        );
        const back = matmul(scaled, vectors, { transposeB: true });
        const unit = toArray(matmul(vectors, vectors, { transposeA: true }));
        // Backward error of a stable eigensolver: a modest multiple of n·eps·‖A‖.
        const norm = Math.max(1e-300, ...values.map(Math.abs));
        expect(maxAbsDiff(back, A)).toBeLessThanOrEqual(20 * Math.max(n, 1) * 2.3e-16 * norm);
        unit.forEach((u, i) => {
          expect(Math.abs(u - (Math.floor(i / n) === i % n ? 1 : 0))).toBeLessThan(1e-13);
        });
        for (let i = 1; i < n; i++) expect(values[i]).toBeGreaterThanOrEqual(values[i - 1]);
      }),
      { numRuns: 60 },
    );
  });

  it('converges for any rank and any grading of the rows', () => {
    const graded = fc.record({
      n: fc.integer({ min: 1, max: 60 }),
      rank: fc.integer({ min: 1, max: 60 }),
      decades: fc.double({ min: -20, max: 20, noNaN: true }),
      seed: fc.integer({ min: 0, max: 1e6 }),
    });
    fc.assert(
      fc.property(graded, ({ n, rank, decades, seed }) => {
        const entries = Float64Array.from({ length: n * rank }, (_, i) => {
          return Math.sin(seed + 3 * i + 0.01 * i * i) * 10 ** ((decades * Math.floor(i / rank)) / n);
        });
        const B = tensor(entries, { backend, shape: [n, rank] });
        const A = matmul(B, B, { transposeB: true });
        const { values, vectors } = eigh(A);
        const scaled = tensor(
          toFloat64(vectors).map((v, i) => v * values[i % n]),
          { backend, shape: [n, n] },
        );
        const norm = Math.max(...values.map(Math.abs));
        const back = matmul(scaled, vectors, { transposeB: true });
        expect(maxAbsDiff(back, A)).toBeLessThanOrEqual(20 * n * 2.3e-16 * norm);
      }),
      { numRuns: 100 },
    );
  });

  it('keeps vectors orthogonal when entries are subnormal or huge', () => {
    for (const size of [1, 1e-300, 1e300]) {
      const tiny = 2e-323;
      const A = tensor(
        [
          [0.14 * size, tiny, 0],
          [tiny, 0, tiny],
          [0, tiny, 0.1 * size],
        ],
        { backend },
      );
      const { values, vectors } = eigh(A);
      const unit = toArray(matmul(vectors, vectors, { transposeA: true }));
      unit.forEach((u, i) => {
        expect(Math.abs(u - (i % 4 === 0 ? 1 : 0))).toBeLessThan(1e-14);
      });
      expect(values[2] / (0.14 * size)).toBeCloseTo(1, 14);
    }
  });

  it('finds the eigenvalues of the second-difference matrix, 2 − 2cos(πk/(n+1))', () => {
    const n = 40;
    const rows = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0)),
    );
    const { values } = eigh(tensor(rows, { backend }));
    values.forEach((value, k) => {
      expect(value).toBeCloseTo(2 - 2 * Math.cos((Math.PI * (k + 1)) / (n + 1)), 13);
    });
  });

  it('handles sizes 0 and 1, repeated and zero eigenvalues', () => {
    expect(eigh(tensor(new Float64Array(0), { backend, shape: [0, 0] })).values).toHaveLength(0);
    expect([...eigh(tensor([[7]], { backend })).values]).toEqual([7]);
    expect([...eigh(tensor(new Float64Array(9), { backend, shape: [3, 3] })).values]).toEqual([0, 0, 0]);
  });

  it('refuses what is not square, not symmetric or not finite', () => {
    expect(() => eigh(tensor([[1, 2, 3]], { backend }))).toThrow('a must be a square matrix, got "[1, 3]"');
    expect(() =>
      eigh(
        tensor(
          [
            [1, 2],
            [2.1, 1],
          ],
          { backend },
        ),
      ),
    ).toThrow('by up to 1.00e-1');
    expect(() => eigh(tensor([[Number.NaN]], { backend }))).toThrow('finite numbers');
  });
});

describe('cholesky', () => {
  it('multiplies back for Hilbert matrices and solves them to their condition', () => {
    for (const n of [1, 2, 5, 8]) {
      const A = hilbert(n);
      const { L } = cholesky(A);
      expect(maxAbsDiff(matmul(L, L, { transposeB: true }), A)).toBeLessThan(1e-15);
      const ones = tensor(new Float64Array(n).fill(1), { backend, shape: [n, 1] });
      const x = solveCholesky(cholesky(A), matmul(A, ones));
      expect(maxAbsDiff(x, ones)).toBeLessThan(2.3e-16 * Math.exp(3.5 * n) * 10);
    }
  });

  it('knows the log-determinant of a Hilbert matrix: det H₃ = 1/2160', () => {
    expect(logDeterminant(cholesky(hilbert(3)))).toBeCloseTo(-Math.log(2160), 11);
  });

  it('refuses a jitter that is negative or not finite', () => {
    expect(() => cholesky(hilbert(2), { jitter: -1 })).toThrow(
      'options.jitter must be a finite number of at least 0',
    );
    expect(() => cholesky(hilbert(2), { jitter: Number.NaN })).toThrow('options.jitter');
  });

  it('names the pivot of an indefinite matrix and takes a jitter', () => {
    const A = tensor(
      [
        [1, 2],
        [2, 1],
      ],
      { backend },
    );
    expect(() => cholesky(A)).toThrow(
      'cholesky: pivot 1 is -3; the matrix is not positive definite: pass { jitter }',
    );
    expect(cholesky(A, { jitter: 4 }).info.jitter).toBe(4);
  });
});

describe('solveTriangular', () => {
  const L = tensor(
    [
      [2, 0],
      [1, 4],
    ],
    { backend },
  );

  it('solves with L and with its transpose', () => {
    const B = tensor([[4], [10]], { backend });
    expect([...toArray(solveTriangular(L, B))]).toEqual([2, 2]);
    expect([...toArray(solveTriangular(L, B, { transpose: true }))]).toEqual([0.75, 2.5]);
  });

  it('takes a float32 right side and gives float64', () => {
    const x = solveTriangular(L, tensor([[4], [10]], { backend, dtype: 'float32' }));
    expect([x.dtype, ...toArray(x)]).toEqual(['float64', 2, 2]);
  });

  it('names both shapes, both backends, a zero pivot, and a solution that overflows', () => {
    expect(() => solveTriangular(L, tensor([[1]], { backend }))).toThrow(
      'B must be 2 rows, as many as L [2, 2] has, got "[1, 1]"',
    );
    const other = createCpuBackend({
      name: 'other',
      gemm: () => {},
      tolerance: { float64: 1, float32: 1 },
    });
    expect(() => solveTriangular(L, tensor([[1], [2]], { backend: other }))).toThrow(
      'B must be on backend ndarray like L, got "other"; move it with await toBackend(B, L.backend)',
    );
    const singular = tensor(
      [
        [1, 0],
        [1, 0],
      ],
      { backend },
    );
    const ones = tensor([[1], [1]], { backend });
    expect(() => solveTriangular(singular, ones)).toThrow('solveTriangular: pivot 1 is 0; L is singular');
    const tiny = tensor(
      [
        [1e-300, 0],
        [1, 1e-300],
      ],
      { backend },
    );
    expect(() => solveTriangular(tiny, ones)).toThrow('the solution overflows at position 1');
  });
});

describe('a device', () => {
  it('without factorizations is told how to move the tensor', () => {
    const { factor: _, ...bare } = backend;
    const a = { ...hilbert(2), backend: { ...bare, name: 'device' } };
    expect(() => eigh(a)).toThrow(
      'eigh: backend device has no factorizations; move the tensor with await toBackend(a, ndarrayBackend())',
    );
  });
});

describe('float32 matrices', () => {
  it('are factored in float64, which info tells, and may be symmetric to float32 only', () => {
    const a = tensor(
      [
        [2, 1],
        [1 + 1e-6, 2],
      ],
      { backend, dtype: 'float32' },
    );
    const { values, vectors, info } = eigh(a);
    expect([info.promoted, vectors.dtype]).toEqual([true, 'float64']);
    expect(values[1]).toBeCloseTo(3, 5);
    expect(() =>
      eigh(
        tensor(
          [
            [2, 1],
            [1 + 1e-6, 2],
          ],
          { backend },
        ),
      ),
    ).toThrow('a symmetric matrix');
  });
});
