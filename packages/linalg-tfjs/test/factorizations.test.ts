import {
  type Backend,
  cholesky,
  matmul,
  mul,
  ndarrayBackend,
  solveCholesky,
  type Tensor,
  tensor,
} from '@sntk/linalg';
import { choleskyAsync, eighAsync, onCpu, qrAsync } from '@sntk/linalg/devices';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tfjsBackend } from '../src/index.ts';

const backend: Backend = await tfjsBackend({ device: 'wasm' });

/** Sizes beside the tiles that kernels use, and matrices of them. */
const matrices = fc
  .constantFrom(1, 2, 3, 5, 8, 17, 33)
  .chain((n) =>
    fc
      .array(fc.integer({ min: -64, max: 64 }), { minLength: n * n, maxLength: n * n })
      .map((entries) => ({ n, entries: Float32Array.from(entries, (x) => x / 64) })),
  );

/** The largest `|a − b|`. */
async function apart(a: Tensor, b: Tensor): Promise<number> {
  const [x, y] = [Float64Array.from((await a.read()).data), (await b.read()).data];
  expect(x.length).toBe(y.length);
  return x.reduce((most, value, i) => Math.max(most, Math.abs(value - y[i])), 0);
}

function identity(n: number): Tensor {
  const entries = Float32Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  return tensor(entries, { backend, shape: [n, n] });
}

/** `1/(i + j + 1)`, whose condition grows by a factor of 33 with each row. */
function hilbert(n: number): Tensor {
  const entries = Float32Array.from({ length: n * n }, (_, p) => 1 / (Math.floor(p / n) + (p % n) + 1));
  return tensor(entries, { backend, shape: [n, n] });
}

describe('factorizations of tensors on tfjs', () => {
  it('multiply back to float32, whatever the matrix', async () => {
    await fc.assert(
      fc.asyncProperty(matrices, async ({ n, entries }) => {
        const B = tensor(entries, { backend, shape: [n, n] });
        const A = matmul(B, B, { transposeB: true });
        // Entries of A are at most n; rounding of sums of n products, and of the factors.
        const rounding = 4 * n * n * 2 ** -24;
        const { L, info } = await choleskyAsync(A, { jitter: 1 });
        expect(info).toEqual({ jitter: 1, promoted: true, movedFrom: 'tfjs-wasm' });
        expect(await apart(matmul(L, L, { transposeB: true }), await plusIdentity(A))).toBeLessThan(
          rounding + 2 ** -22,
        );

        const { vectors, values } = await eighAsync(A);
        expect(await apart(matmul(vectors, vectors, { transposeA: true }), identity(n))).toBeLessThan(1e-5);
        const scaled = mul(vectors, tensor(Float32Array.from(values), { backend, shape: [1, n] }));
        expect(await apart(matmul(scaled, vectors, { transposeB: true }), A)).toBeLessThan(
          rounding + 2 ** -22,
        );

        const { Q, R } = await qrAsync(B);
        expect(await apart(matmul(Q, Q, { transposeA: true }), identity(n))).toBeLessThan(1e-5);
        expect(await apart(matmul(Q, R), B)).toBeLessThan(rounding + 2 ** -22);
      }),
      { numRuns: 15 },
    );
  });

  it('are those of empty matrices too', async () => {
    const empty = tensor([], { backend, shape: [0, 0] });
    expect((await choleskyAsync(empty)).L.shape).toEqual([0, 0]);
    expect((await eighAsync(empty)).values.length).toBe(0);
  });

  it('solve an ill-conditioned system as float64 does, when it stays there', async () => {
    // Condition 1.5e7: nothing would be left of a float32 factorization.
    const H = hilbert(6);
    const ones = tensor(new Float32Array(6).fill(1), { backend, shape: [6, 1] });
    const { x } = await onCpu([H, ones], (a, b) => ({ x: solveCholesky(cholesky(a), b) }));
    const residual = await onCpu([H, x, ones], (a, y, b) => ({ Ay: matmul(a, y), b }));
    // The solution, of size 10³, is rounded once.
    expect(await apart(residual.Ay, residual.b)).toBeLessThan(6 * 1e4 * 2 ** -24);
  });

  it('name the pivot of a matrix that float32 has made indefinite, and NaN and infinity by their place', async () => {
    await expect(choleskyAsync(hilbert(12))).rejects.toThrow(
      /^cholesky: pivot \d+ is -[\d.e-]+; the matrix is not positive definite: pass { jitter }$/,
    );
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const A = tensor(
        [
          [1, 0],
          [0, bad],
        ],
        { backend },
      );
      await expect(choleskyAsync(A)).rejects.toThrow(`a must be finite numbers, got "${bad} at position 3"`);
      await expect(eighAsync(A)).rejects.toThrow(`a must be finite numbers, got "${bad} at position 3"`);
      await expect(qrAsync(A)).rejects.toThrow(`A must be finite numbers, got "${bad} at position 3"`);
    }
  });

  it('run on the CPU backend that is asked for', async () => {
    const cpu = ndarrayBackend();
    let used: Backend | undefined;
    await onCpu(
      [identity(2)],
      (a) => {
        used = a.backend;
        return {};
      },
      { cpu },
    );
    expect(used).toBe(cpu);
  });
});

async function plusIdentity(A: Tensor): Promise<Tensor> {
  const n = A.shape[0];
  const { data } = await A.read();
  return tensor(
    data.map((x: number, i: number) => (i % (n + 1) === 0 ? x + 1 : x)),
    { backend, shape: [n, n] },
  );
}
