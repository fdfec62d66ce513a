import { describe, expect, it } from 'vitest';
import { createCpuBackend } from '../../src/extending.ts';
import { eigh, ndarrayBackend, tensor, toArray, toFloat64 } from '../../src/index.ts';
import { conjugateGradient, dense, type LinearOperator, tiled, topEigenpairs } from '../../src/operators.ts';

const backend = ndarrayBackend();

/** Eigenvalues fall off geometrically: a Gaussian kernel on a line. */
const kernel = (i: number, j: number): number => Math.exp(-((i - j) ** 2) / 18) + (i === j ? 0.5 : 0);
const skew = (i: number, j: number): number => Math.sin(1 + i * 0.7 + j * 1.3);

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

function whole(n: number, entry: (i: number, j: number) => number): LinearOperator {
  return dense(
    tensor(
      Float64Array.from({ length: n * n }, (_, at) => entry(Math.floor(at / n), at % n)),
      { backend, shape: [n, n] },
    ),
  );
}

function inBlocks(
  n: number,
  blockSize: number,
  entry: (i: number, j: number) => number,
  symmetric: boolean,
  asked: string[] = [],
  dtype: 'float64' | 'float32' = 'float64',
): LinearOperator {
  return tiled({
    size: n,
    backend,
    blockSize,
    symmetric,
    dtype,
    block(rows, columns) {
      asked.push(`${rows} ${columns}`);
      const entries = range(...rows).flatMap((i) => range(...columns).map((j) => entry(i, j)));
      return tensor(entries, { backend, dtype, shape: [rows[1] - rows[0], columns[1] - columns[0]] });
    },
  });
}

/** A small generator for tests: sums of twelve uniform numbers. */
function rng(seed: number): { normal(): number } {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return { normal: () => range(0, 12).reduce((sum) => sum + uniform(), -6) };
}

describe('tiled', () => {
  it('multiplies as the whole matrix does, for blocks that divide the size and blocks that do not', () => {
    for (const [n, blockSize] of [
      [7, 3],
      [8, 4],
      [5, 100],
      [1, 1],
      [0, 4],
    ]) {
      for (const symmetric of [false, true]) {
        const entry = symmetric ? kernel : skew;
        const A = inBlocks(n, blockSize, entry, symmetric);
        const x = tensor(
          Float64Array.from({ length: 2 * n }, (_, i) => Math.cos(i)),
          { backend, shape: [n, 2] },
        );
        const expected = toFloat64(whole(n, entry).apply(x));
        toFloat64(A.apply(x)).forEach((value, i) => {
          expect(Math.abs(value - expected[i])).toBeLessThan(n * 2 ** -50);
        });
        expect([...toArray(A.toDense())]).toEqual([...toArray(whole(n, entry).toDense())]);
      }
    }
  });

  it('asks for a block once a product, and for none above the diagonal of a symmetric matrix', () => {
    const asked: string[] = [];
    inBlocks(5, 2, kernel, true, asked).apply(tensor(new Float64Array(5), { backend, shape: [5, 1] }));
    expect(asked).toEqual(['0,2 0,2', '2,4 0,2', '2,4 2,4', '4,5 0,2', '4,5 2,4', '4,5 4,5']);
  });

  it('is solved and diagonalized without being stored', () => {
    const n = 300;
    const A = inBlocks(n, 64, kernel, true);
    const B = tensor(new Float64Array(n).fill(1), { backend, shape: [n, 1] });
    const { x } = conjugateGradient(A, B, { tolerance: 1e-12 });
    toFloat64(whole(n, kernel).apply(x)).forEach((value) => {
      expect(Math.abs(value - 1)).toBeLessThan(1e-12 * Math.sqrt(n) * 2);
    });
    const top = topEigenpairs(A, { count: 3, rng: rng(3) });
    const all = eigh(whole(n, kernel).toDense()).values;
    top.values.forEach((value, q) => {
      expect(value).toBeCloseTo(all[n - 3 + q], 9);
    });
    expect(top.info.dimension).toBeLessThan(n);
  });

  it('keeps float32', () => {
    const A = inBlocks(4, 3, kernel, true, [], 'float32');
    const x = tensor(new Float32Array([1, 0, 0, 0]), { backend, shape: [4, 1] });
    expect(A.apply(x).dtype).toBe('float32');
    expect(A.toDense().dtype).toBe('float32');
    expect(toArray(A.apply(x))[1]).toBe(Math.fround(kernel(1, 0)));
  });

  it('refuses sizes that are none, wrong blocks, other backends, and dense forms that no memory holds', () => {
    const block = () => tensor([[1]], { backend });
    const x = tensor([[1], [2]], { backend });
    expect(() => tiled({ size: 2.5, backend, block })).toThrow('tiled: options.size must be an integer');
    expect(() => tiled({ size: 2, backend, block }).apply(x)).toThrow(
      'options.block([0,2], [0,2]) must be [2, 2] on backend ndarray (float64), got "[1, 1] on ndarray',
    );
    const other = createCpuBackend({ name: 'other', gemm: () => {}, tolerance: backend.tolerance as never });
    expect(() => tiled({ size: 2, backend: other, block }).apply(x)).toThrow(
      'x must be of 2 rows on backend other',
    );
    let asked = 0;
    const huge = tiled({
      size: 100_000,
      backend,
      block() {
        asked++;
        return block();
      },
    });
    expect(() => huge.toDense()).toThrow('at most 8 GiB, got "[100000, 100000], which is 74.5 GiB"');
    expect(asked).toBe(0);
    expect(() => tiled({ size: 1, backend: { ...backend, dtypes: ['float32'] }, block })).toThrow(
      'options.dtype must be a dtype of backend ndarray (float32)',
    );
  });
});

describe('topEigenpairs', () => {
  it('takes the largest from all when the matrix is small or most are wanted, and from Lanczos otherwise', () => {
    for (const [n, count] of [
      [20, 3],
      [150, 80],
      [150, 4],
    ]) {
      const A = whole(n, kernel);
      const { values, vectors, info } = topEigenpairs(A, { count, rng: rng(1) });
      const all = eigh(A.toDense()).values;
      expect(values).toHaveLength(count);
      values.forEach((value, q) => {
        expect(value).toBeCloseTo(all[n - count + q], 9);
      });
      const images = toFloat64(A.apply(vectors));
      const v = toFloat64(vectors);
      images.forEach((image, i) => {
        expect(Math.abs(image - values[i % count] * v[i])).toBeLessThan(1e-9 * all[n - 1]);
      });
      expect(info.residual).toBeLessThan(1e-10);
      expect(info.dimension === n).toBe(n === 20 || count === 80);
    }
  });

  it('finds an eigenvalue as often as it is repeated, up to the width', () => {
    const n = 200;
    const A = whole(n, (i, j) => (i === j ? (i < 6 ? 7 : 1 / (i + 1)) : 0));
    const { values } = topEigenpairs(A, { count: 6, rng: rng(2), width: 6 });
    expect([...values].map((x) => Math.round(x * 1e9) / 1e9)).toEqual([7, 7, 7, 7, 7, 7]);
  });

  it('gives the same for the same generator, and needs none it does not have', () => {
    const A = whole(140, kernel);
    const first = topEigenpairs(A, { count: 2, rng: rng(4) });
    const second = topEigenpairs(A, { count: 2, rng: rng(4) });
    expect(toFloat64(second.vectors)).toEqual(toFloat64(first.vectors));
    expect(() => topEigenpairs(A, { count: 141, rng: rng(4) })).toThrow('options.count must be at most 140');
  });
});
