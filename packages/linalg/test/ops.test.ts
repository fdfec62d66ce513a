import fc from 'fast-check';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import { BINARY_OPS, createCpuBackend, REDUCE_OPS, UNARY_OPS } from '../src/extending.ts';
import {
  add,
  binary,
  matmul,
  mul,
  ndarrayBackend,
  prepare,
  reduce,
  reshape,
  sub,
  type Tensor,
  tensor,
  toArray,
  toFloat64,
  transpose,
  unary,
  zeros,
} from '../src/index.ts';

const backend = ndarrayBackend();
const other = createCpuBackend({
  name: 'other',
  gemm: () => {},
  tolerance: { float64: 1, float32: 1 },
});

/** Entries that are exact in float64 sums: integers. */
function integers(shape: number[], seed: number): Tensor {
  const size = shape.reduce((p, q) => p * q, 1);
  return tensor(
    Float64Array.from({ length: size }, (_, i) => ((i * 7919 + seed * 104729) % 41) - 20),
    { backend, shape },
  );
}

function naiveMatmul(a: Tensor, b: Tensor, ta: boolean, tb: boolean): number[] {
  const A = toArray(a);
  const B = toArray(b);
  const [m, k] = ta ? [a.shape[1], a.shape[0]] : a.shape;
  const n = tb ? b.shape[0] : b.shape[1];
  const out: number[] = [];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) {
        sum += (ta ? A[p * m + i] : A[i * k + p]) * (tb ? B[j * k + p] : B[p * n + j]);
      }
      out.push(sum);
    }
  }
  return out;
}

describe('matmul', () => {
  // Tiles are 4 and 64 long: one below, at and above them.
  const sizes = [0, 1, 3, 4, 5, 63, 64, 65];

  it('is exact on integers for all flags and for sizes around the tiles', () => {
    for (const m of [0, 1, 5]) {
      for (const k of sizes) {
        for (const n of [0, 1, 4, 7]) {
          for (const transposeA of [false, true]) {
            for (const transposeB of [false, true]) {
              const a = integers(transposeA ? [k, m] : [m, k], 1);
              const b = integers(transposeB ? [n, k] : [k, n], 2);
              const c = matmul(a, b, { transposeA, transposeB });
              expect(c.shape).toEqual([m, n]);
              expect(toArray(c)).toEqual(Float64Array.from(naiveMatmul(a, b, transposeA, transposeB)));
            }
          }
        }
      }
    }
  });

  it('keeps float32 and stays within its rounding', () => {
    const a = tensor(
      Float32Array.from({ length: 70 * 65 }, (_, i) => Math.sin(i)),
      { backend, shape: [70, 65] },
    );
    const b = tensor(
      Float32Array.from({ length: 65 * 9 }, (_, i) => Math.cos(i)),
      { backend, shape: [65, 9] },
    );
    const c = matmul(a, b);
    expect(c.dtype).toBe('float32');
    const truth = naiveMatmul(a, b, false, false);
    // Sum of k products: error at most k·u·Σ|a||b| ≤ k²·u.
    toArray(c).forEach((x: number, i: number) => {
      expect(Math.abs(x - truth[i])).toBeLessThan(65 * 65 * 2 ** -24);
    });
  });

  it('names both shapes when they do not fit', () => {
    const a = zeros([2, 3], { backend });
    expect(() => matmul(a, a)).toThrow(
      'matmul: b must be a matrix that [2, 3] can be multiplied by, got "[2, 3]"',
    );
    expect(() => matmul(a, zeros([3, 4], { backend }), { transposeA: true, transposeB: true })).toThrow(
      'b must be a matrix that [2, 3]ᵀ can be multiplied by, got "[3, 4]ᵀ"',
    );
    expect(() => matmul(a, zeros([3], { backend }))).toThrow('matmul: b must be a matrix, got "[3]"');
  });

  it('names both backends and dtypes when they differ', () => {
    const a = zeros([2, 2], { backend });
    expect(() => matmul(a, zeros([2, 2], { backend: other }))).toThrow(
      'matmul: b must be on backend ndarray (float64) like a, got "other (float64)"',
    );
    expect(() => add(a, zeros([2, 2], { backend, dtype: 'float32' }))).toThrow('got "ndarray (float32)"');
    // Two instances of one name, as threaded backends are.
    const twin = createCpuBackend({ name: 'ndarray', gemm: () => {}, tolerance: { float64: 1, float32: 1 } });
    expect(() => add(a, zeros([2, 2], { backend: twin }))).toThrow('got "another ndarray (float64)"');
  });

  it('asks for a tensor where it gets numbers', () => {
    const a = zeros([2, 2], { backend });
    const rows = [[1, 2]] as unknown as Tensor;
    expect(() => matmul(rows, a)).toThrow(
      'matmul: a must be a tensor, got [[1, 2]]; make one with tensor(data, { backend })',
    );
    expect(() => matmul(a, ndarray([1], [1, 1]) as unknown as Tensor)).toThrow(
      'matmul: b must be a tensor, got an object with keys data, shape, stride, offset',
    );
    expect(() => add(a, undefined as unknown as Tensor)).toThrow('add: b must be a tensor, got undefined');
    expect(() => add(rows, 1)).toThrow('add: a must be a tensor');
    expect(() => unary('exp', rows)).toThrow('unary: a must be a tensor');
    expect(() => reduce('sum', rows, 0)).toThrow('reduce: a must be a tensor');
    expect(() => reshape(rows, [2])).toThrow('reshape: a must be a tensor');
    expect(() => transpose(rows)).toThrow('transpose: a must be a tensor');
    expect(() => toArray(rows)).toThrow('toArray: a must be a tensor');
  });

  it('refuses a product of over 8 GiB', () => {
    const column = zeros([50_000, 1], { backend });
    expect(() => matmul(column, column, { transposeB: true })).toThrow('at most 8 GiB, got "[50000, 50000]');
    expect(() => add(column, reshape(column, [1, 50_000]))).toThrow('add: the result must be at most 8 GiB');
    expect(() => prepare(column).times(reshape(column, [1, 50_000]))).toThrow('at most 8 GiB');
  });
});

describe('binary', () => {
  const functions: Record<(typeof BINARY_OPS)[number], (x: number, y: number) => number> = {
    add: (x, y) => x + y,
    sub: (x, y) => x - y,
    mul: (x, y) => x * y,
    div: (x, y) => x / y,
    maximum: (x, y) => Math.max(x, y),
    minimum: (x, y) => Math.min(x, y),
  };

  /** Entry of `a` at an index of the broadcast shape. */
  const entry = (a: Tensor, index: number[]): number => {
    const own = index.slice(index.length - a.shape.length);
    let at = 0;
    a.shape.forEach((extent, axis) => {
      at = at * extent + (extent === 1 ? 0 : own[axis]);
    });
    return toArray(a)[at];
  };

  it('broadcasts extents of 1 and missing leading ones as NumPy does', () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 0, maxLength: 4 }).chain((full) =>
      fc.record({
        full: fc.constant(full),
        dropA: fc.integer({ min: 0, max: full.length }),
        onesA: fc.array(fc.boolean(), { minLength: full.length, maxLength: full.length }),
        onesB: fc.array(fc.boolean(), { minLength: full.length, maxLength: full.length }),
        op: fc.constantFrom(...BINARY_OPS),
      }),
    );
    fc.assert(
      fc.property(shapes, ({ full, dropA, onesA, onesB, op }) => {
        const a = integers(full.map((e, i) => (onesA[i] ? 1 : e)).slice(dropA), 3);
        const b = integers(
          full.map((e, i) => (onesB[i] ? 1 : e)),
          4,
        );
        const c = binary(op, a, b);
        const shape = full.map((_, i) => {
          const p = i < dropA ? 1 : a.shape[i - dropA];
          return p === 1 ? b.shape[i] : p;
        });
        expect(c.shape).toEqual(shape);
        const out = toArray(c);
        out.forEach((value: number, flat: number) => {
          const index: number[] = [];
          let rest = flat;
          for (let axis = shape.length - 1; axis >= 0; axis--) {
            index.unshift(rest % shape[axis]);
            rest = Math.floor(rest / shape[axis]);
          }
          expect(value).toBe(functions[op](entry(a, index), entry(b, index)));
        });
      }),
      { numRuns: 300 },
    );
  });

  it('takes numbers in add, sub and mul', () => {
    const a = tensor([[1, 2]], { backend, dtype: 'float32' });
    expect([...toArray(sub(mul(add(a, 1), 3), 0.5))]).toEqual([5.5, 8.5]);
  });

  it('names both shapes when they do not broadcast', () => {
    expect(() => add(zeros([2, 3], { backend }), zeros([2], { backend }))).toThrow(
      'add: b must be a shape that broadcasts with [2, 3], got "[2]"',
    );
  });

  it('refuses an operation it does not know', () => {
    const a = zeros([1], { backend });
    expect(() => binary('pow' as 'add', a, a)).toThrow('binary: op must be one of add, sub');
    expect(() => unary('acos' as 'exp', a)).toThrow('unary: op must be one of neg');
    expect(() => reduce('mean' as 'sum', a, 0)).toThrow('reduce: op must be one of sum');
  });
});

describe('unary', () => {
  it('has a true value at 2 and 1/4 for each name', () => {
    const truth: Record<(typeof UNARY_OPS)[number], [number, number]> = {
      neg: [-2, -0.25],
      abs: [2, 0.25],
      exp: [7.38905609893065, 1.2840254166877414],
      expm1: [6.38905609893065, 0.2840254166877415],
      log: [Math.LN2, -1.3862943611198906],
      sqrt: [Math.SQRT2, 0.5],
      square: [4, 0.0625],
      reciprocal: [0.5, 4],
    };
    for (const op of UNARY_OPS) {
      const [two, quarter] = toArray(unary(op, tensor([2, 0.25], { backend })));
      expect(two).toBeCloseTo(truth[op][0], 14);
      expect(quarter).toBeCloseTo(truth[op][1], 14);
    }
    expect(toArray(unary('expm1', tensor([1e-20], { backend })))[0]).toBe(1e-20);
  });
});

describe('reduce', () => {
  it('agrees with plain sums and extremes over each axis of a 3-dimensional tensor', () => {
    const a = integers([3, 4, 5], 5);
    const at = (i: number, j: number, k: number) => toArray(a)[(i * 4 + j) * 5 + k];
    const fold = {
      sum: (x: number[]) => x.reduce((p, q) => p + q, 0),
      max: (x: number[]) => Math.max(...x),
      min: (x: number[]) => Math.min(...x),
    };
    const range = (n: number) => Array.from({ length: n }, (_, i) => i);
    for (const op of REDUCE_OPS) {
      const f = fold[op];
      const first = range(4).flatMap((j) => range(5).map((k) => f(range(3).map((i) => at(i, j, k)))));
      const second = range(3).flatMap((i) => range(5).map((k) => f(range(4).map((j) => at(i, j, k)))));
      const third = range(3).flatMap((i) => range(4).map((j) => f(range(5).map((k) => at(i, j, k)))));
      expect([...toArray(reduce(op, a, 0))]).toEqual(first);
      expect([...toArray(reduce(op, a, 1))]).toEqual(second);
      expect([...toArray(reduce(op, a, 2))]).toEqual(third);
      expect(reduce(op, a, 1).shape).toEqual([3, 1, 5]);
    }
  });

  it('sums nothing to 0, and refuses the maximum of nothing', () => {
    const a = zeros([2, 0], { backend });
    expect([...toArray(reduce('sum', a, 1))]).toEqual([0, 0]);
    expect(() => reduce('max', a, 1)).toThrow('a must be an axis 1 that is not empty, for max, got "[2, 0]"');
    expect(reduce('max', a, 0).shape).toEqual([1, 0]);
    expect(() => reduce('sum', a, 2)).toThrow('reduce: axis must be an axis of [2, 0], got 2');
  });

  it('accumulates float32 sums in float64', () => {
    const n = 100_000;
    const a = tensor(new Float32Array(n).fill(0.1), { backend });
    expect(toArray(reduce('sum', a, 0))[0]).toBe(Math.fround(n * Math.fround(0.1)));
  });
});

describe('transpose and reshape', () => {
  it('transposes across its blocks of 32', () => {
    for (const [m, n] of [
      [0, 3],
      [1, 1],
      [31, 33],
      [64, 40],
    ]) {
      const a = integers([m, n], 6);
      const t = transpose(a);
      expect(t.shape).toEqual([n, m]);
      toArray(t).forEach((x: number, i: number) => {
        expect(x).toBe(toArray(a)[(i % m) * n + Math.floor(i / m)]);
      });
    }
  });

  it('reshapes row-major and refuses what does not hold the entries', () => {
    const a = integers([2, 6], 7);
    expect(toArray(reshape(a, [3, 4]))).toEqual(toArray(a));
    expect(() => reshape(a, [5])).toThrow('a shape of as many entries as [2, 6], got "[5]"');
    expect(() => reshape(a, [-2, -6])).toThrow('reshape: shape must be integers of at least 0');
  });
});

describe('prepare', () => {
  it('multiplies as matmul does, and not after it was disposed of', () => {
    const a = integers([5, 3], 8);
    const x = integers([3, 4], 9);
    const prepared = prepare(a);
    expect(prepared.shape).toEqual([5, 3]);
    expect(toArray(prepared.times(x))).toEqual(toArray(matmul(a, x)));
    expect(() => prepared.times(a)).toThrow(
      'x must be a matrix that [5, 3] can be multiplied by, got "[5, 3]"',
    );
    const out = new Float64Array(20).fill(Number.NaN);
    prepared.into(toArray(x), out);
    expect(out).toEqual(toArray(matmul(a, x)));
    expect(() => prepared.into(toArray(x), new Float64Array(19))).toThrow(
      'out must be float64 entries [5, p], and x [3, p], got "19 beside x of 12',
    );
    expect(() => prepared.into(toArray(x), new Float32Array(20))).toThrow('Float32Array and Float64Array');
    prepared.dispose();
    prepared.dispose();
    expect(() => prepared.into(toArray(x), out)).toThrow('the prepared matrix has been disposed of');
    expect(() => prepared.times(x)).toThrow('the prepared matrix has been disposed of');
  });
});

describe('toArray', () => {
  it('refuses a tensor on a device, and toFloat64 widens', () => {
    const { readSync: _, ...device } = backend;
    const a = { ...zeros([1], { backend }), backend: { ...device, name: 'device' } };
    expect(() => toArray(a)).toThrow('backend device gives its entries only by await tensor.read()');
    expect(toFloat64(tensor([1 / 3], { backend, dtype: 'float32' }))).toEqual(
      new Float64Array([Math.fround(1 / 3)]),
    );
  });
});
