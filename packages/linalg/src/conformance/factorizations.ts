import type { Backend } from '../backend.ts';
import { cholesky, logDeterminant, solveCholesky, solveTriangular } from '../factor.ts';
import type { Tensor } from '../tensor.ts';
import type { ConformanceCase } from './cases.ts';
import { close, demand, maxAbs, numbers, product, put, take, thrown, toleranceOf, when } from './support.ts';

const hasFactor = (backend: Backend): boolean => backend.factor !== undefined;
const sizes = [1, 2, 3, 8, 17, 64, 65, 100];

/** Hilbert's matrix: positive definite, with a condition number of about exp(3.5 n). */
export function hilbert(n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, i) => 1 / (Math.floor(i / n) + (i % n) + 1));
}

/** `B Bᵀ / n + I / 10`: positive definite and well conditioned. */
function definite(n: number, seed: number): Float64Array {
  const b = numbers(n * n, seed);
  return product(n, n, n, b, b, { transposeB: true }).map((x, i) => x / n + (i % (n + 1) === 0 ? 0.1 : 0));
}

/** `L diag(d) Lᵀ` with L unit lower triangular of −1, 0, 1: every step of its factorization is exact. */
function exactLdl(n: number, d: (i: number) => number): Float64Array {
  const l = numbers(n * n, 30).map((x, i) => {
    const [row, column] = [Math.floor(i / n), i % n];
    return row === column ? 1 : column > row ? 0 : Math.round(x * 0.8);
  });
  return product(
    n,
    n,
    n,
    l.map((x, i) => x * d(i % n)),
    l,
    { transposeB: true },
  );
}

function lowerTimesTranspose(n: number, l: ArrayLike<number>): Float64Array {
  return product(n, n, n, l, l, { transposeB: true });
}

const entries = (t: Tensor, rows: number, columns: number) =>
  take(t, { ...t, dtype: 'float64' }, [rows, columns]);

export const factorCases: readonly ConformanceCase[] = [
  when(hasFactor, 'cholesky multiplies back, with zeros above the diagonal', async (backend) => {
    for (const dtype of backend.dtypes) {
      for (const n of sizes) {
        const A = put(backend, dtype, definite(n, n), [n, n]);
        const a = Float64Array.from(await take(A, A, [n, n]));
        const { L, info } = cholesky(A);
        const l = await entries(L, n, n);
        close(`n = ${n}`, lowerTimesTranspose(n, l), a, toleranceOf(backend, 'float64'), maxAbs(a));
        l.forEach((x: number, i: number) => {
          demand(i % n <= Math.floor(i / n) || x === 0, `n = ${n}: entry ${i} above the diagonal is ${x}`);
        });
        demand(info.promoted === (dtype === 'float32'), 'info.promoted does not tell of float32 entries');
        close('the operand', await take(A, A, [n, n]), a, 0);
      }
    }
  }),

  when(hasFactor, 'cholesky reads only the lower triangle', async (backend) => {
    const n = 70;
    const a = definite(n, 31);
    const torn = a.map((x, i) => (i % n > Math.floor(i / n) ? 1e6 : x));
    const L = await entries(cholesky(put(backend, 'float64', torn, [n, n])).L, n, n);
    close('L Lᵀ', lowerTimesTranspose(n, L), a, toleranceOf(backend, 'float64'), maxAbs(a));
  }),

  when(hasFactor, 'cholesky and its solves stand Hilbert matrices', async (backend) => {
    const tolerance = toleranceOf(backend, 'float64');
    for (const n of [2, 5, 8, 11]) {
      const a = hilbert(n);
      const factor = cholesky(put(backend, 'float64', a, [n, n]));
      close('L Lᵀ', lowerTimesTranspose(n, await entries(factor.L, n, n)), a, tolerance, 1);
      const b = numbers(n, 32);
      const x = await entries(solveCholesky(factor, put(backend, 'float64', b, [n, 1])), n, 1);
      // A stable solve has a small residual for the size of x, whatever the condition.
      close('A x', product(n, 1, n, a, x), b, tolerance, n * maxAbs(x));
    }
    // det H₅ = 1/266716800000; the condition number 4.8e5 bounds what the last pivot loses.
    const H5 = cholesky(put(backend, 'float64', hilbert(5), [5, 5]));
    close('log det H₅', [logDeterminant(H5)], [-Math.log(266716800000)], tolerance, 5 * 4.8e5);
  }),

  when(hasFactor, 'cholesky names the first pivot that is not positive, with its value', (backend) => {
    for (const [n, pivot, value] of [
      [1, 0, -2],
      [1, 0, 0],
      [5, 4, -1],
      [70, 45, -1],
      [70, 45, 0],
      [150, 149, -3],
    ]) {
      const a = exactLdl(n, (i) => (i === pivot ? value : 1));
      const error = thrown(`pivot ${pivot} of ${n}`, () => cholesky(put(backend, 'float64', a, [n, n])));
      demand(error.name === 'NumericalError', `${error.name} instead of NumericalError: ${error.message}`);
      const details = error.details as Record<string, unknown>;
      const told = `pivot ${details.pivot} of value ${details.value}`;
      demand(
        details.pivot === pivot && Math.abs((details.value as number) - value) <= 1e-12,
        `${told} instead of pivot ${pivot} of value ${value}`,
      );
    }
  }),

  when(hasFactor, 'cholesky refuses a factor that overflows', (backend) => {
    for (const n of [3, 40]) {
      // Column 0 of the last row overflows, and what the row has in common with row 1 is 0 times that.
      const a = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
      a[0] = 1e-300;
      a[n * n - 1] = 1e308;
      a[(n - 1) * n] = 1e200;
      const error = thrown(`n = ${n}`, () => cholesky(put(backend, 'float64', a, [n, n])));
      const { pivot } = (error.details ?? {}) as Record<string, unknown>;
      demand(
        error.name === 'NumericalError' && pivot === n - 1,
        `${error.name} at pivot ${pivot}: ${error.message}`,
      );
    }
    const large = put(backend, 'float64', [1.5e308], [1, 1]);
    demand(thrown('jitter', () => cholesky(large, { jitter: 1e308 })).name === 'NumericalError', 'jitter');
  }),

  when(hasFactor, 'cholesky of a rank-deficient matrix fails, and works with a jitter', async (backend) => {
    const n = 20;
    const ones = new Float64Array(n * n).fill(1);
    const A = put(backend, 'float64', ones, [n, n]);
    demand(thrown('ones', () => cholesky(A)).name === 'NumericalError', 'no NumericalError');
    const { L, info } = cholesky(A, { jitter: 1e-6 });
    demand(info.jitter === 1e-6, `info.jitter is ${info.jitter}`);
    const shifted = ones.map((x, i) => (i % (n + 1) === 0 ? x + 1e-6 : x));
    close(
      'L Lᵀ',
      lowerTimesTranspose(n, await entries(L, n, n)),
      shifted,
      toleranceOf(backend, 'float64'),
      1,
    );
  }),

  when(hasFactor, 'solveTriangular solves with L and with its transpose', async (backend) => {
    const tolerance = toleranceOf(backend, 'float64');
    for (const n of sizes) {
      const factor = cholesky(put(backend, 'float64', definite(n, n + 1), [n, n])).L;
      const l = await entries(factor, n, n);
      // What is above the diagonal is not part of L.
      const L = put(
        backend,
        'float64',
        l.map((x, i) => (i % n > Math.floor(i / n) ? 1e6 : x)),
        [n, n],
      );
      for (const p of [1, 5, 33]) {
        const b = numbers(n * p, 33);
        const B = put(backend, 'float64', b, [n, p]);
        for (const transposeA of [false, true]) {
          const x = await entries(solveTriangular(L, B, { transpose: transposeA }), n, p);
          const scale = product(n, p, n, l, x, { transposeA, magnitudes: true }).map(
            (s, i) => s + Math.abs(b[i]),
          );
          close(`n = ${n}, p = ${p}`, product(n, p, n, l, x, { transposeA }), b, tolerance, scale);
        }
        close('the right side', await take(B, B, [n, p]), b, 0);
      }
    }
  }),

  when(hasFactor, 'solveTriangular divides by numbers whose reciprocals overflow', async (backend) => {
    for (const n of [2, 40]) {
      // Subnormal numbers on the diagonal and in B, so that the solution is of order 1.
      const l = numbers(n * n, 34).map((x, i) => {
        const [row, column] = [Math.floor(i / n), i % n];
        return column > row ? 0 : 2 ** -1040 * (row === column ? 1 : Math.round(x));
      });
      const L = put(backend, 'float64', l, [n, n]);
      for (const p of [1, 5]) {
        const truth = numbers(n * p, 35).map((x) => Math.round(4 * x));
        for (const transposeA of [false, true]) {
          const B = put(backend, 'float64', product(n, p, n, l, truth, { transposeA }), [n, p]);
          const x = await entries(solveTriangular(L, B, { transpose: transposeA }), n, p);
          close(`n = ${n}, p = ${p}`, x, truth, 0);
        }
      }
    }
  }),

  when(hasFactor, 'factorizations of size 0', async (backend) => {
    const empty = put(backend, 'float64', [], [0, 0]);
    const factor = cholesky(empty);
    await entries(factor.L, 0, 0);
    demand(logDeterminant(factor) === 0, 'the determinant of nothing is not 1');
    await entries(solveCholesky(factor, put(backend, 'float64', [], [0, 3])), 0, 3);
    const one = cholesky(put(backend, 'float64', [4], [1, 1]));
    await entries(solveCholesky(one, put(backend, 'float64', [], [1, 0])), 1, 0);
  }),

  when(hasFactor, 'factorizations refuse what is not finite', (backend) => {
    const good = put(backend, 'float64', [2, 1, 1, 2], [2, 2]);
    const factor = cholesky(good);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const A = put(backend, 'float64', [2, bad, bad, 2], [2, 2]);
      for (const [name, body] of [
        ['cholesky', () => cholesky(A)],
        ['solveTriangular', () => solveTriangular(good, A)],
        ['solveCholesky', () => solveCholesky(factor, A)],
      ] as const) {
        const error = thrown(`${name} of ${bad}`, body);
        demand(error.name === 'ArgumentError', `${name} of ${bad}: ${error.name} instead of ArgumentError`);
      }
    }
  }),
];
