import type { Backend } from '../backend.ts';
import { tridiagonalize } from '../tridiagonalize.ts';
import type { ConformanceCase } from './cases.ts';
import { symmetric, tridiagonal } from './eigen.ts';
import { hilbert } from './factorizations.ts';
import { close, demand, maxAbs, numbers, product, put, take, thrown, toleranceOf, when } from './support.ts';

const hasFactor = (backend: Backend): boolean => backend.factor !== undefined;

/** An orthogonal `Q` whose transpose is what `apply` says it is, and `Q T Qᵀ = A`. */
async function checkReduction(backend: Backend, what: string, n: number, a: Float64Array): Promise<void> {
  const tolerance = toleranceOf(backend, 'float64');
  const A = put(backend, 'float64', a, [n, n]);
  const { diagonal, offDiagonal, apply } = tridiagonalize(A);
  close(`${what}: the operand`, await take(A, A, [n, n]), a, 0);
  demand(diagonal.length === n, `${what}: ${diagonal.length} diagonal entries`);
  demand(offDiagonal.length === Math.max(0, n - 1), `${what}: ${offDiagonal.length} off-diagonal entries`);

  const eye = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  const I = put(backend, 'float64', eye, [n, n]);
  const q = await take(apply(I), A, [n, n]);
  close(`${what}: the identity`, await take(I, A, [n, n]), eye, 0);
  const back = apply(put(backend, 'float64', q, [n, n]), { transpose: true });
  close(`${what}: Qᵀ Q`, await take(back, A, [n, n]), eye, tolerance, 1);

  // Scaled first, so that entries near the ends of the number range multiply back.
  const unit = maxAbs(a) || 1;
  const t = new Float64Array(n * n);
  diagonal.forEach((entry, i) => {
    t[i * (n + 1)] = entry / unit;
  });
  offDiagonal.forEach((entry, i) => {
    t[i * (n + 1) + 1] = entry / unit;
    t[i * (n + 1) + n] = entry / unit;
  });
  const whole = product(n, n, n, product(n, n, n, q, t), q, { transposeB: true });
  const truth = a.map((x) => x / unit);
  close(`${what}: Q T Qᵀ`, whole, truth, tolerance, n);

  // One column, and more than there are rows where that is quick, with the same Q.
  for (const p of [1, n < 100 ? n + 3 : 9]) {
    const b = numbers(n * p, 51);
    const B = put(backend, 'float64', b, [n, p]);
    for (const transpose of [false, true]) {
      const expected = product(n, p, n, q, b, { transposeA: transpose });
      close(
        `${what}: Q${transpose ? 'ᵀ' : ''} B of ${p}`,
        await take(apply(B, { transpose }), A, [n, p]),
        expected,
        tolerance,
        Math.sqrt(n),
      );
    }
  }
}

export const tridiagonalCases: readonly ConformanceCase[] = [
  when(hasFactor, 'tridiagonalize multiplies back with an orthogonal matrix', async (backend) => {
    for (const n of [1, 2, 3, 5, 16, 33, 65, 130, 270]) {
      await checkReduction(backend, `n = ${n}`, n, symmetric(n, 50 + n));
    }
  }),

  when(hasFactor, 'tridiagonalize stands matrices with little to reduce', async (backend) => {
    const n = 70;
    await checkReduction(backend, 'zero', n, new Float64Array(n * n));
    await checkReduction(
      backend,
      'diagonal',
      n,
      tridiagonal(n, (i) => i - 20, 0),
    );
    await checkReduction(
      backend,
      'tridiagonal',
      n,
      tridiagonal(n, () => 2, -1),
    );
    await checkReduction(backend, 'ones', n, new Float64Array(n * n).fill(1));
    await checkReduction(backend, 'Hilbert', n, hilbert(n));
    const graded = Float64Array.from(
      { length: n * n },
      (_, i) => 10 ** (-(Math.floor(i / n) + (i % n)) / 4) / ((i % n) + Math.floor(i / n) + 1),
    );
    await checkReduction(backend, 'graded', n, graded);
    await checkReduction(backend, 'graded upwards', n, graded.toReversed());
  }),

  when(
    hasFactor,
    'tridiagonalize scales with its matrix, up to 1e150 and down to 1e-150',
    async (backend) => {
      for (const n of [34, 66]) {
        const a = symmetric(n, 52);
        for (const scale of [1e150, 1e-150]) {
          await checkReduction(
            backend,
            `n = ${n}, ${scale}`,
            n,
            a.map((x) => x * scale),
          );
        }
      }
    },
  ),

  when(hasFactor, 'tridiagonalize of size 0, and of no columns', async (backend) => {
    await checkReduction(backend, 'n = 0', 0, new Float64Array(0));
    for (const n of [3, 60]) {
      const { apply } = tridiagonalize(put(backend, 'float64', symmetric(n, 53), [n, n]));
      for (const transpose of [false, true]) {
        const none = apply(put(backend, 'float64', [], [n, 0]), { transpose });
        await take(none, none, [n, 0]);
      }
    }
  }),

  when(hasFactor, 'tridiagonalize refuses what is not finite or not symmetric', (backend) => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const A = put(backend, 'float64', [1, bad, bad, 1], [2, 2]);
      const error = thrown(`tridiagonalize of ${bad}`, () => tridiagonalize(A));
      demand(error.name === 'ArgumentError', `${error.name} instead of ArgumentError`);
    }
    const torn = put(backend, 'float64', [1, 2, 3, 1], [2, 2]);
    const error = thrown('tridiagonalize of a matrix that is not symmetric', () => tridiagonalize(torn));
    demand(error.name === 'ArgumentError', `${error.name} instead of ArgumentError`);
  }),
];
