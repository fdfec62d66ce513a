import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { standInDevice } from '../../testing/src/stand-in-device.ts';
import { onCpu } from '../src/devices.ts';
import { eigh, matmul, ndarrayBackend, type Tensor, tensor, toArray } from '../src/index.ts';
import { tridiagonalize } from '../src/operators.ts';

const backend = ndarrayBackend();

function norm(a: ArrayLike<number>): number {
  return Math.hypot(...Array.from(a));
}

function tridiagonal(diagonal: Float64Array, offDiagonal: Float64Array): Tensor {
  const n = diagonal.length;
  const entry = (i: number, j: number): number =>
    i === j ? diagonal[i] : Math.abs(i - j) === 1 ? offDiagonal[Math.min(i, j)] : 0;
  const t = Float64Array.from({ length: n * n }, (_, p) => entry(Math.floor(p / n), p % n));
  return tensor(t, { backend, shape: [n, n] });
}

describe('tridiagonalize', () => {
  it('multiplies back, for any size, rank and grading of rows', () => {
    const cases = fc.record({
      n: fc.integer({ min: 1, max: 50 }),
      rank: fc.integer({ min: 1, max: 50 }),
      decades: fc.integer({ min: -12, max: 12 }),
    });
    fc.assert(
      fc.property(cases, ({ n, rank, decades }) => {
        const b = Float64Array.from({ length: n * rank }, (_, i) => {
          const row = Math.floor(i / rank);
          return Math.sin(3.7 * i + 0.01 * i * i) * 10 ** ((decades * row) / n);
        });
        const B = tensor(b, { backend, shape: [n, rank] });
        const A = matmul(B, B, { transposeB: true });
        const { diagonal, offDiagonal, apply } = tridiagonalize(A);
        // A = Q T Qᵀ = Q (Q T)ᵀ
        const half = toArray(apply(tridiagonal(diagonal, offDiagonal)));
        const transposed = half.map((_, p) => half[(p % n) * n + Math.floor(p / n)]);
        const back = toArray(apply(tensor(transposed, { backend, shape: [n, n] })));
        const a = toArray(A);
        // Backward error of a sequence of n reflections (Higham, lemma 19.3).
        expect(norm(back.map((x, i) => x - a[i]))).toBeLessThanOrEqual(4 * n * 2 ** -52 * norm(a));
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the eigenvalues', () => {
    const n = 40;
    const entries = Float64Array.from({ length: n * n }, (_, p) => Math.cos(Math.floor(p / n) * (p % n)));
    const A = tensor(entries, { backend, shape: [n, n] });
    const { diagonal, offDiagonal } = tridiagonalize(A);
    const { values } = eigh(tridiagonal(diagonal, offDiagonal));
    eigh(A).values.forEach((value, i) => {
      expect(Math.abs(values[i] - value)).toBeLessThan(4 * n * 2 ** -52 * norm(entries));
    });
  });

  it('reaches the end of the number range', () => {
    const most = Number.MAX_VALUE;
    const A = tensor(new Float64Array([most, 0, 0, 0, most, 0, 0, 0, 1]), { backend, shape: [3, 3] });
    expect(tridiagonalize(A).diagonal).toEqual(new Float64Array([most, most, 1]));
    expect(eigh(A).values).toEqual(new Float64Array([1, most, most]));
  });

  it('says of float32 entries that it computed in float64', () => {
    const A = tensor(new Float32Array([2, 1, 1, 2]), { backend, shape: [2, 2] });
    const { info, apply } = tridiagonalize(A);
    expect(info).toEqual({ jitter: 0, promoted: true });
    expect(apply(tensor(new Float32Array([1, 2]), { backend, shape: [2, 1] })).dtype).toBe('float64');
  });

  it('works for a matrix on a device within onCpu', async () => {
    const device = standInDevice().backend;
    const entries = [
      [2, 3, 4],
      [3, 1, 0],
      [4, 0, 1],
    ];
    const [A, B] = [entries, [[1], [2], [3]]].map((rows) => tensor(rows, { backend: device }));
    const { back } = await onCpu([A, B], (a, b) => {
      const { apply } = tridiagonalize(a);
      return { back: apply(apply(b), { transpose: true }) };
    });
    expect(back.backend).toBe(device);
    expect([...(await back.read()).data]).toEqual([1, 2, 3]);
    expect(() => tridiagonalize(A)).toThrow('onCpu of @sntk/linalg/devices');
  });

  it('refuses what it cannot reduce or multiply by, and says what overflows', () => {
    const A = tensor([[1, 2]], { backend });
    expect(() => tridiagonalize(A)).toThrow('tridiagonalize: A must be a square matrix');
    const torn = tensor(new Float64Array([1, 2, 3, 1]), { backend, shape: [2, 2] });
    expect(() => tridiagonalize(torn)).toThrow('A must be a symmetric matrix');
    const { apply } = tridiagonalize(tensor(new Float64Array([1, 2, 2, 1]), { backend, shape: [2, 2] }));
    expect(() => apply(tensor([[1]], { backend }))).toThrow('B must be 2 rows, as many as A has');
    expect(() => apply(tensor([[1], [Number.NaN]], { backend }))).toThrow('B must be finite numbers');
    const { backend: device } = standInDevice();
    expect(() => apply(tensor([[1], [1]], { backend: device }))).toThrow('on backend ndarray like A');
    const n = 9;
    const huge = tensor(new Float64Array(n * n).fill(1.7e308), { backend, shape: [n, n] });
    expect(() => tridiagonalize(huge)).toThrow('tridiagonal form overflows');
    const ones = tridiagonalize(tensor(new Float64Array(n * n).fill(1), { backend, shape: [n, n] }));
    const most = tensor(new Float64Array(n).fill(1.7e308), { backend, shape: [n, 1] });
    expect(() => ones.apply(most)).toThrow('the product overflows');
  });
});
