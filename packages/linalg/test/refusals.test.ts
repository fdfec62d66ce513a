import { describe, expect, it } from 'vitest';
import { createCpuBackend } from '../src/extending.ts';
import * as linalg from '../src/index.ts';
import * as operators from '../src/operators.ts';
import { plainGemm } from '../src/plain-gemm.ts';

const here = linalg.ndarrayBackend();
const there = createCpuBackend({
  name: 'there',
  gemm: plainGemm,
  tolerance: { float64: 1e-13, float32: 1e-5 },
});

const square = (backend: linalg.Backend): linalg.Tensor =>
  linalg.tensor(
    [
      [2, 1],
      [1, 2],
    ],
    { backend },
  );
const A = square(here);
const B = square(there);
const v = linalg.tensor([1, 2], { backend: there });
const operator = operators.dense(A);

describe('tensors of two backends', () => {
  const mixed: Record<string, () => unknown> = {
    matmul: () => linalg.matmul(A, B),
    add: () => linalg.add(A, B),
    sub: () => linalg.sub(A, B),
    mul: () => linalg.mul(A, B),
    prepare: () => linalg.prepare(A).times(B),
    solveTriangular: () => linalg.solveTriangular(A, B),
    solveCholesky: () => linalg.solveCholesky(linalg.cholesky(A), B),
    lowRank: () => operators.lowRank(A, v),
    apply: () => operator.apply(B),
    conjugateGradient: () => operators.conjugateGradient(operator, B),
    lanczosEigenvalues: () => operators.lanczosEigenvalues(operator, B, { count: 1 }),
    expmMultiply: () => operators.expmMultiply(operator, B),
  };
  for (const [name, mix] of Object.entries(mixed)) {
    it(`are refused by ${name}, which names both`, () => {
      expect(mix).toThrow(expect.objectContaining({ name: 'ArgumentError' }));
      expect(mix).toThrow(/ndarray.*there/s);
    });
  }

  it('meet by toBackend', async () => {
    const moved = await linalg.toBackend(B, here);
    expect([...linalg.toArray(linalg.matmul(A, moved))]).toEqual([5, 4, 4, 5]);
  });
});

describe('results of over 8 GiB', () => {
  /** Throws for every allocation on this backend, so nothing can have been tried. */
  const full: linalg.Backend = {
    ...here,
    upload: () => {
      throw new Error('allocated');
    },
  };
  const tall = {
    ...linalg.tensor(new Float32Array(60_000), { backend: here, shape: [60_000, 1] }),
    backend: full,
  };
  const huge: Record<string, () => unknown> = {
    matmul: () => linalg.matmul(tall, tall, { transposeB: true }),
    syrk: () => linalg.syrk(tall),
    add: () => linalg.add(tall, { ...tall, shape: [1, 60_000] }),
    zeros: () => linalg.zeros([60_000, 60_000], { backend: full }),
    eye: () => linalg.eye(60_000, { backend: full }),
    'prepare.times': () => linalg.prepare(tall).times({ ...tall, shape: [1, 60_000] }),
  };
  for (const [name, ask] of Object.entries(huge)) {
    it(`are refused by ${name} with their size, before anything is allocated`, () => {
      expect(ask).toThrow(expect.objectContaining({ name: 'ArgumentError' }));
      expect(ask).toThrow(/at most 8 GiB, got "\[60000, 60000\], which is (13\.4|26\.8) GiB"/);
    });
  }
});
