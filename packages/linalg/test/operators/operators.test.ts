import { describe, expect, it } from 'vitest';
import { eye, matmul, ndarrayBackend, type Tensor, tensor, toArray, toFloat64 } from '../../src/index.ts';
import {
  conjugateGradient,
  dense,
  diagonal,
  kroneckerIdentity,
  type LinearOperator,
  lanczosEigenvalues,
  lowRank,
} from '../../src/operators.ts';

const backend = ndarrayBackend();

/** Scattered numbers in (−1, 1): the fractional parts of multiples of the golden ratio's square root. */
function scattered(shape: number[], seed: number): Tensor {
  const size = shape.reduce((p, q) => p * q, 1);
  const entries = Float64Array.from({ length: size }, (_, i) => {
    const x = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    return 2 * (x - Math.floor(x)) - 1;
  });
  return tensor(entries, { backend, shape });
}

/** Tridiagonal (−1, 2, −1), with eigenvalues 2 − 2cos(πk/(n+1)). */
function secondDifference(n: number): Tensor {
  const rows = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0)),
  );
  return tensor(rows, { backend });
}

function expectNear(a: Tensor, b: Tensor, tolerance: number): void {
  expect(a.shape).toEqual(b.shape);
  const q = toFloat64(b);
  toFloat64(a).forEach((x, i) => {
    expect(Math.abs(x - q[i])).toBeLessThanOrEqual(tolerance);
  });
}

describe('linear operators', () => {
  const A = secondDifference(4);
  const U = scattered([5, 2], 1);
  const s = tensor([3, -2], { backend });
  const all: [string, LinearOperator][] = [
    ['dense', dense(A)],
    ['diagonal', diagonal(tensor([1, -2, 3], { backend }))],
    ['lowRank', lowRank(U, s)],
    ['kroneckerIdentity', kroneckerIdentity(dense(A), 3)],
    ['kroneckerIdentity of lowRank', kroneckerIdentity(lowRank(U, s), 2)],
  ];
  for (const [name, operator] of all) {
    it(`${name}: products are those of the dense form`, () => {
      const x = scattered([operator.size, 3], 2);
      expectNear(operator.apply(x), matmul(operator.toDense(), x), 1e-14);
      expectNear(operator.apply(eye(operator.size, { backend })), operator.toDense(), 1e-15);
    });
  }

  it('lowRank is Σ s_r u_r u_rᵀ', () => {
    const u = toArray(U);
    const d = toArray(lowRank(U, s).toDense());
    for (let i = 0; i < 5; i++) {
      for (let j = 0; j < 5; j++) {
        expect(d[i * 5 + j]).toBeCloseTo(3 * u[2 * i] * u[2 * j] - 2 * u[2 * i + 1] * u[2 * j + 1], 14);
      }
    }
  });

  it('kroneckerIdentity orders entries example by example', () => {
    const d = toArray(kroneckerIdentity(dense(A), 3).toDense());
    for (let i = 0; i < 12; i++) {
      for (let j = 0; j < 12; j++) {
        const inner = toArray(A)[Math.floor(i / 3) * 4 + Math.floor(j / 3)];
        expect(d[i * 12 + j]).toBe(i % 3 === j % 3 ? inner : 0);
      }
    }
  });

  it('refuse what does not fit', () => {
    expect(() => dense(U)).toThrow('dense: A must be a square matrix, got "[5, 2]"');
    expect(() => diagonal(A)).toThrow('diagonal: d must be of 1 dimensions, got "[4, 4]"');
    expect(() => lowRank(U, tensor([1], { backend }))).toThrow(
      's must be of shape [2], one entry for each column',
    );
    expect(() => kroneckerIdentity(dense(A), 0)).toThrow('outputs must be an integer of at least 1');
    expect(() => dense(A).apply(U)).toThrow(
      'x must be of 4 rows on backend ndarray (float64), got "[5, 2] on ndarray',
    );
  });
});

describe('conjugateGradient', () => {
  it('solves the second-difference matrix: x_i = i(n+1−i)/2 for a right side of ones', () => {
    const n = 50;
    const B = tensor(new Float64Array(n).fill(1), { backend, shape: [n, 1] });
    const { x, info } = conjugateGradient(dense(secondDifference(n)), B, { tolerance: 1e-12 });
    toArray(x).forEach((value: number, i: number) => {
      // ‖x − x*‖ ≤ ‖A⁻¹‖·‖r‖ with ‖A⁻¹‖ < (n+1)²/π² and ‖b‖ = √n.
      expect(Math.abs(value - ((i + 1) * (n - i)) / 2)).toBeLessThan(
        (51 ** 2 / Math.PI ** 2) * 1e-12 * Math.sqrt(n),
      );
    });
    expect(info.residual).toBeLessThanOrEqual(1e-12);
    // The right side is symmetric, so the Krylov space has n/2 dimensions; a few products verify and repair rounding.
    expect(info.applications).toBeLessThanOrEqual(n);
  });

  it('needs as many products as there are distinct eigenvalues, and one to verify', () => {
    const D = diagonal(tensor([1, 1, 5, 5, 5, 9], { backend }));
    const B = scattered([6, 1], 3);
    const { x, info } = conjugateGradient(D, B);
    expect(info.applications).toBe(4);
    expectNear(D.apply(x), B, 1e-10);
  });

  it('solves every column on its own, zero columns too', () => {
    const A = dense(secondDifference(8));
    const B = tensor(
      Float64Array.from({ length: 24 }, (_, i) =>
        i % 3 === 0 ? 0 : i % 3 === 1 ? 1e-8 * (i + 1) : 1e6 * Math.cos(i),
      ),
      { backend, shape: [8, 3] },
    );
    const { x } = conjugateGradient(A, B, { tolerance: 1e-13 });
    const back = toArray(A.apply(x));
    const b = toArray(B);
    for (let q = 0; q < 3; q++) {
      let error = 0;
      let norm = 0;
      for (let i = 0; i < 8; i++) {
        error += (back[i * 3 + q] - b[i * 3 + q]) ** 2;
        norm += b[i * 3 + q] ** 2;
      }
      expect(Math.sqrt(error)).toBeLessThanOrEqual(1.01e-13 * Math.sqrt(norm));
    }
    expect(conjugateGradient(A, B, { tolerance: 1e-13 }).info.residual).toBeLessThanOrEqual(1e-13);
  });

  it('says so when the operator is not positive definite or the budget is too small', () => {
    const indefinite = diagonal(tensor([1, -1], { backend }));
    const ones = tensor([[1], [1]], { backend });
    expect(() => conjugateGradient(indefinite, ones)).toThrow('a direction of product 1 has curvature 0');
    const B = scattered([40, 1], 4);
    expect(() => conjugateGradient(dense(secondDifference(40)), B, { maxIterations: 5 })).toThrow(
      /after 5 products the residual is .* of ‖B‖, above 1e-10/,
    );
    expect(() => conjugateGradient(indefinite, tensor([[1]], { backend }))).toThrow(
      'B must be 2 rows, as A has',
    );
    expect(() => conjugateGradient(indefinite, tensor([[1], [Number.NaN]], { backend }))).toThrow(
      'finite numbers',
    );
  });

  it('scales with the right side to both ends of the number range, and says when the solution overflows', () => {
    const A = dense(
      tensor(
        [
          [4, 1],
          [1, 3],
        ],
        { backend },
      ),
    );
    for (const scale of [1e-310, 1e-200, 1e-160, 1e160, 1e200, 1e305]) {
      const { x, info } = conjugateGradient(A, tensor([[scale], [2 * scale]], { backend }));
      expect(toArray(x)[0] / scale).toBeCloseTo(1 / 11, 11);
      expect(toArray(x)[1] / scale).toBeCloseTo(7 / 11, 11);
      expect(info.residual).toBeLessThanOrEqual(1e-10);
    }
    const small = diagonal(tensor([1e-200, 1e-200], { backend }));
    expect(() => conjugateGradient(small, tensor([[1], [1e200]], { backend }))).toThrow(
      'conjugateGradient: the solution overflows at position 1',
    );
  });

  it('works in float32 to its precision, and on size 0', () => {
    const A = dense(
      tensor(
        [
          [4, 1],
          [1, 3],
        ],
        { backend, dtype: 'float32' },
      ),
    );
    const { x } = conjugateGradient(A, tensor([[1], [2]], { backend, dtype: 'float32' }));
    expect(x.dtype).toBe('float32');
    expect(toArray(x)[0]).toBeCloseTo(1 / 11, 5);
    const empty = tensor(new Float64Array(0), { backend, shape: [0, 0] });
    expect(conjugateGradient(dense(empty), empty).x.shape).toEqual([0, 0]);
  });
});

describe('lanczosEigenvalues', () => {
  it('finds the top of the second-difference spectrum, 2 + 2cos(πk/(n+1)), and its sine vectors', () => {
    const n = 120;
    const count = 5;
    const A = dense(secondDifference(n));
    const { values, vectors, info } = lanczosEigenvalues(A, scattered([n, 1], 5), { count });
    const v = toArray(vectors);
    for (let q = 0; q < count; q++) {
      const k = n - count + q + 1;
      expect(values[q]).toBeCloseTo(2 - 2 * Math.cos((Math.PI * k) / (n + 1)), 9);
      let overlap = 0;
      for (let i = 0; i < n; i++) {
        overlap += v[i * count + q] * Math.sqrt(2 / (n + 1)) * Math.sin((Math.PI * k * (i + 1)) / (n + 1));
      }
      expect(Math.abs(overlap)).toBeCloseTo(1, 9);
    }
    expect(info.residual).toBeLessThanOrEqual(1e-10);
  });

  it('finds repeated eigenvalues up to the width of the start block', () => {
    const A = kroneckerIdentity(diagonal(tensor([1, 2, 3, 4, 10], { backend })), 3);
    const { values, vectors } = lanczosEigenvalues(A, scattered([15, 3], 6), { count: 4 });
    [4, 10, 10, 10].forEach((value, q) => {
      expect(values[q]).toBeCloseTo(value, 10);
    });
    expectNear(matmul(vectors, vectors, { transposeA: true }), eye(4, { backend }), 1e-12);
  });

  it('gives all of a small spectrum, and zeros of a low-rank operator', () => {
    const U = scattered([6, 2], 7);
    const A = lowRank(U, tensor([2, 1], { backend }));
    const { values, info } = lanczosEigenvalues(A, scattered([6, 6], 8), { count: 6 });
    const trace = toFloat64(A.toDense()).reduce(
      (sum: number, x: number, i: number) => sum + (i % 7 === 0 ? x : 0),
      0,
    );
    expect(values[4] + values[5]).toBeCloseTo(trace, 12);
    for (let q = 0; q < 4; q++) expect(Math.abs(values[q])).toBeLessThan(1e-13);
    expect(info.dimension).toBe(6);
  });

  it('takes the algebraically largest when negative ones dominate', () => {
    const A = diagonal(tensor([-100, -50, 1, 2], { backend }));
    const { values } = lanczosEigenvalues(A, scattered([4, 1], 9), { count: 2 });
    expect(values[0]).toBeCloseTo(1, 9);
    expect(values[1]).toBeCloseTo(2, 9);
  });

  it('scales with the operator and the start block to both ends of the number range', () => {
    for (const scale of [1e-300, 1e-170, 1, 1e160, 1e300]) {
      const A = diagonal(
        tensor(
          [1, 2, 3, 4].map((x) => x * scale),
          { backend },
        ),
      );
      for (const size of [1e-310, 1e-200, 1, 1e200]) {
        const start = tensor([[size], [size], [size], [size]], { backend });
        const { values } = lanczosEigenvalues(A, start, { count: 1 });
        expect(values[0] / scale).toBeCloseTo(4, 9);
      }
    }
  });

  it('does not take a lower eigenvalue for the next where one may be repeated more often than it can tell', () => {
    const A = kroneckerIdentity(diagonal(tensor([-1, 1], { backend })), 10);
    expect(() => lanczosEigenvalues(A, scattered([20, 3], 12), { count: 4 })).toThrow(
      /^lanczosEigenvalues: the eigenvalue (1|1\.0+\d|0\.9+\d*) comes 3 times, as often as the start block has columns; .*start with more columns/,
    );
    const { values } = lanczosEigenvalues(A, scattered([20, 5], 12), { count: 4 });
    values.forEach((value: number) => {
      expect(value).toBeCloseTo(1, 12);
    });
  });

  it('says why when it cannot', () => {
    const D = diagonal(tensor([1, 2, 3, 4], { backend }));
    const lame = tensor([[1], [1], [0], [0]], { backend });
    expect(() => lanczosEigenvalues(D, lame, { count: 3 })).toThrow(
      'the start block spans only 2 dimensions',
    );
    expect(() => lanczosEigenvalues(D, lame, { count: 5 })).toThrow(
      'options.count must be at most 4, the size of A',
    );
    expect(() => lanczosEigenvalues(D, tensor([[0], [0], [0], [0]], { backend }), { count: 1 })).toThrow(
      'start must be a column that is not zero',
    );
    const big = dense(secondDifference(200));
    expect(() => lanczosEigenvalues(big, scattered([200, 1], 10), { count: 2, maxDimension: 12 })).toThrow(
      /residual .* with a basis of 12, above 1e-10/,
    );
    const skew = dense(
      tensor(
        [
          [1, 2],
          [-2, 1],
        ],
        { backend },
      ),
    );
    expect(() => lanczosEigenvalues(skew, tensor([[1], [0.3]], { backend }), { count: 1 })).toThrow(
      'the operator must be symmetric',
    );
  });
});
