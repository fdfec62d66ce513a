import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCpuBackend } from '../src/extending.ts';
import { type Backend, matmul, ndarrayBackend, syrk, tensor, toArray, toFloat64 } from '../src/index.ts';
import { plainGemm } from '../src/plain-gemm.ts';

const backend = ndarrayBackend();

function waves(length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => Math.sin(1 + 3.7 * i + 0.01 * i * i));
}

describe('syrk', () => {
  it('is the definition to rounding and its own transpose to the last bit, for all shapes and dtypes', () => {
    const cases = fc.record({
      m: fc.integer({ min: 0, max: 20 }),
      k: fc.integer({ min: 0, max: 20 }),
      transpose: fc.boolean(),
      dtype: fc.constantFrom('float64' as const, 'float32' as const),
    });
    fc.assert(
      fc.property(cases, ({ m, k, transpose, dtype }) => {
        const X = tensor(waves(m * k), { backend, dtype, shape: [m, k] });
        const [n, inner] = transpose ? [k, m] : [m, k];
        const C = syrk(X, { transpose });
        expect(C.shape).toEqual([n, n]);
        expect(C.dtype).toBe(dtype);
        const x = toArray(X);
        const c = toArray(C);
        const eps = dtype === 'float64' ? 2 ** -52 : 2 ** -23;
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) {
            let sum = 0;
            for (let p = 0; p < inner; p++) {
              sum += transpose ? x[p * k + i] * x[p * k + j] : x[i * k + p] * x[j * k + p];
            }
            // Entries are at most 1: n terms round by at most n·n·ε together.
            expect(Math.abs(c[i * n + j] - sum)).toBeLessThanOrEqual(inner * inner * eps);
            expect(c[i * n + j]).toBe(c[j * n + i]);
          }
        }
      }),
      { numRuns: 80 },
    );
  });

  it('joins slabs without a seam and multiplies about half as much as matmul', () => {
    let work = 0;
    const counting = createCpuBackend({
      name: 'counting',
      tolerance: { float64: 1e-13, float32: 1e-5 },
      gemm: (m, n, k, ...rest) => {
        work += m * n * k;
        plainGemm(m, n, k, ...rest);
      },
    });
    const [n, k] = [1000, 5];
    const X = tensor(waves(n * k), { backend: counting, shape: [n, k] });
    const c = toArray(syrk(X));
    expect(work).toBeLessThan(0.62 * n * n * k);
    const full = toFloat64(matmul(X, X, { transposeB: true }));
    const worst = full.reduce((most, x, i) => Math.max(most, Math.abs(x - c[i])), 0);
    expect(worst).toBeLessThanOrEqual(k * k * 2 ** -52);
    expect(c.every((x, i) => x === c[(i % n) * n + Math.floor(i / n)])).toBe(true);
  });

  it('has the same lower triangle when only that is asked for', () => {
    const X = tensor(waves(60), { backend, shape: [12, 5] });
    const [whole, lower] = [toArray(syrk(X)), toArray(syrk(X, { triangle: 'lower' }))];
    for (let i = 0; i < 12; i++) {
      for (let j = 0; j <= i; j++) expect(lower[i * 12 + j]).toBe(whole[i * 12 + j]);
    }
  });

  it('is symmetric to the last bit on a backend that rounds the two triangles differently', () => {
    const { syrk: _, ...lopsided } = {
      ...createCpuBackend({
        name: 'lopsided',
        tolerance: { float64: 1e-13, float32: 1e-5 },
        gemm(m, n, k, a, tA, b, tB, c) {
          plainGemm(m, n, k, a, tA, b, tB, c);
          c.forEach((x, i) => {
            if (Math.floor(i / n) < i % n) c[i] = x * (1 + 2 ** -50);
          });
        },
      }),
    };
    const device: Backend = lopsided;
    const X = { ...tensor(waves(12), { backend, shape: [4, 3] }), backend: device };
    const c = syrk(X).storage as Float64Array;
    for (let i = 0; i < 4; i++) for (let j = 0; j < i; j++) expect(c[i * 4 + j]).toBe(c[j * 4 + i]);
  });

  it('refuses vectors, and results that no memory holds before it allocates', () => {
    expect(() => syrk(tensor([1, 2], { backend }))).toThrow('syrk: X must be a matrix, got "[2]"');
    const tall = tensor(new Float32Array(50_000), { backend, shape: [50_000, 1] });
    expect(() => syrk(tall)).toThrow('at most 8 GiB, got "[50000, 50000], which is 9.3 GiB"');
  });
});
