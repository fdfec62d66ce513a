import type { Backend } from '../backend.ts';
import { eigh } from '../factor.ts';
import type { ConformanceCase } from './cases.ts';
import { hilbert } from './factorizations.ts';
import { close, demand, maxAbs, numbers, product, put, take, thrown, toleranceOf, when } from './support.ts';

const hasFactor = (backend: Backend): boolean => backend.factor !== undefined;

/** Eigenvalues by cyclic Jacobi rotations: slow, and nothing like what backends do. Ascending. */
function jacobiEigenvalues(n: number, matrix: ArrayLike<number>): number[] {
  const a = Float64Array.from(matrix);
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const off = a[p * n + q];
        if (off === 0) continue;
        const theta = (a[q * n + q] - a[p * n + p]) / (2 * off);
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        const s = t * c;
        for (let i = 0; i < n; i++) {
          const [x, y] = [a[i * n + p], a[i * n + q]];
          a[i * n + p] = c * x - s * y;
          a[i * n + q] = s * x + c * y;
        }
        for (let i = 0; i < n; i++) {
          const [x, y] = [a[p * n + i], a[q * n + i]];
          a[p * n + i] = c * x - s * y;
          a[q * n + i] = s * x + c * y;
        }
      }
    }
  }
  return Array.from({ length: n }, (_, i) => a[i * n + i]).sort((x, y) => x - y);
}

export function symmetric(n: number, seed: number): Float64Array {
  const b = numbers(n * n, seed);
  return b.map((x, i) => x + b[(i % n) * n + Math.floor(i / n)]);
}

export function tridiagonal(n: number, diagonal: (i: number) => number, off: number): Float64Array {
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    a[i * n + i] = diagonal(i);
    if (i > 0) a[i * n + i - 1] = off;
    if (i > 0) a[(i - 1) * n + i] = off;
  }
  return a;
}

/** Ascending values, orthonormal vectors, and `Q diag(values) Qᵀ = A`; gives the values. */
async function checkPairs(backend: Backend, what: string, n: number, a: Float64Array): Promise<Float64Array> {
  const tolerance = toleranceOf(backend, 'float64');
  const A = put(backend, 'float64', a, [n, n]);
  const { values, vectors } = eigh(A);
  close(`${what}: the operand`, await take(A, A, [n, n]), a, 0);
  demand(values.length === n, `${what}: ${values.length} values`);
  for (let i = 1; i < n; i++)
    demand(values[i] >= values[i - 1], `${what}: values ${i - 1} and ${i} are not ascending`);
  const q = await take(vectors, A, [n, n]);
  const identity = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  close(`${what}: Qᵀ Q`, product(n, n, n, q, q, { transposeA: true }), identity, tolerance, 1);
  // Scaled first, so that entries near the ends of the number range multiply back.
  const unit = maxAbs(a) || 1;
  const scaled = q.map((x: number, i: number) => x * (values[i % n] / unit));
  const back = product(n, n, n, scaled, q, { transposeB: true });
  close(
    `${what}: Q Λ Qᵀ`,
    back,
    a.map((x) => x / unit),
    tolerance,
    n,
  );
  return values;
}

export const eigenCases: readonly ConformanceCase[] = [
  when(hasFactor, 'eigh agrees with Jacobi rotations', async (backend) => {
    for (const n of [1, 2, 3, 5, 16, 33]) {
      const a = symmetric(n, 40 + n);
      const values = await checkPairs(backend, `n = ${n}`, n, a);
      close(
        `n = ${n}: values`,
        values,
        jacobiEigenvalues(n, a),
        toleranceOf(backend, 'float64'),
        n * maxAbs(a),
      );
    }
    // Longer than the parts that a product with the matrix may be cut into.
    await checkPairs(backend, 'n = 267', 267, symmetric(267, 43));
  }),

  when(hasFactor, 'eigh finds the spectrum of the second difference, 2 − 2cos(πk/(n+1))', async (backend) => {
    for (const n of [64, 130]) {
      const values = await checkPairs(
        backend,
        `n = ${n}`,
        n,
        tridiagonal(n, () => 2, -1),
      );
      const truth = Float64Array.from(
        { length: n },
        (_, k) => 4 * Math.sin((Math.PI * (k + 1)) / (2 * (n + 1))) ** 2,
      );
      close(`n = ${n}: values`, values, truth, toleranceOf(backend, 'float64'), 4);
    }
  }),

  when(hasFactor, 'eigh stands repeated, zero, close and graded eigenvalues', async (backend) => {
    const tolerance = toleranceOf(backend, 'float64');
    const n = 40;
    const diagonal = (d: (i: number) => number) => tridiagonal(n, d, 0);
    close(
      '3 I',
      await checkPairs(
        backend,
        '3 I',
        n,
        diagonal(() => 3),
      ),
      new Float64Array(n).fill(3),
      tolerance,
    );
    close('zero', await checkPairs(backend, 'zero', n, new Float64Array(n * n)), new Float64Array(n), 0);
    const order = Float64Array.from({ length: n }, (_, i) => ((i * 7) % n) - 20);
    close(
      'unsorted',
      await checkPairs(
        backend,
        'unsorted',
        n,
        diagonal((i) => order[i]),
      ),
      order.toSorted(),
      tolerance,
      20,
    );
    const ones = await checkPairs(backend, 'ones', n, new Float64Array(n * n).fill(1));
    close(
      'ones',
      ones,
      Float64Array.from({ length: n }, (_, i) => (i === n - 1 ? n : 0)),
      tolerance,
      n,
    );
    // Wilkinson's matrix: its two largest eigenvalues agree to 14 digits.
    const wilkinson = await checkPairs(
      backend,
      'Wilkinson',
      21,
      tridiagonal(21, (i) => Math.abs(i - 10), 1),
    );
    close('Wilkinson', wilkinson.slice(19), [10.746194182903322, 10.746194182903393], tolerance, 11);
    await checkPairs(backend, 'Hilbert', 12, hilbert(12));
    const graded = Float64Array.from(
      { length: n * n },
      (_, i) => 10 ** -(Math.floor(i / n) + (i % n)) / ((i % n) + Math.floor(i / n) + 1),
    );
    await checkPairs(backend, 'graded', n, graded);
  }),

  when(hasFactor, 'eigh of rank-deficient matrices has zeros where they belong', async (backend) => {
    const tolerance = toleranceOf(backend, 'float64');
    for (const [n, r] of [
      [60, 7],
      [97, 1],
      [130, 2],
    ]) {
      // Columns that are graded over eight orders of magnitude, so that rounding noise meets true small entries.
      const b = numbers(n * r, 41).map((x, i) => x * 10 ** ((-8 * Math.floor(i / r)) / n));
      const a = product(n, n, r, b, b, { transposeB: true });
      const values = await checkPairs(backend, `rank ${r} of ${n}`, n, a);
      close('zeros', values.slice(0, n - r), new Float64Array(n - r), tolerance, n * maxAbs(a));
      const trace = values.reduce((sum, x) => sum + x, 0);
      const truth = a.reduce((sum, x, i) => sum + (i % (n + 1) === 0 ? x : 0), 0);
      close('trace', [trace], [truth], n * tolerance);
    }
    // The products of two sine sequences: rank 2, all entries of one size.
    const n = 130;
    const sines = Float64Array.from({ length: n * n }, (_, i) => Math.sin(i * 12.9898 + 1) / 2);
    const a = product(n, n, n, sines, sines, { transposeB: true });
    const values = await checkPairs(backend, 'sines', n, a);
    close('zeros', values.slice(0, n - 2), new Float64Array(n - 2), tolerance, n * maxAbs(a));
  }),

  when(hasFactor, 'eigh scales with its matrix, up to 1e150 and down to 1e-150', async (backend) => {
    const n = 34;
    const a = symmetric(n, 42);
    const values = await checkPairs(backend, '1', n, a);
    for (const scale of [1e150, 1e-150]) {
      const scaled = await checkPairs(
        backend,
        `${scale}`,
        n,
        a.map((x) => x * scale),
      );
      close(
        `${scale}`,
        scaled,
        values.map((x) => x * scale),
        toleranceOf(backend, 'float64'),
        n * scale,
      );
    }
  }),

  when(hasFactor, 'eigh reaches both ends of the number range', async (backend) => {
    for (const n of [1, 5, 50, 70]) {
      for (const [what, a] of [
        ['the largest number', tridiagonal(n, () => Number.MAX_VALUE / 2, Number.MAX_VALUE / 8)],
        ['one large number', tridiagonal(n, (i) => (i === 0 ? Number.MAX_VALUE : 1), 0.5)],
        ['the smallest number', tridiagonal(n, () => 0, Number.MIN_VALUE)],
      ] as const) {
        if (what !== 'the smallest number') await checkPairs(backend, `${what}, n = ${n}`, n, a);
        else demand(eigh(put(backend, 'float64', a, [n, n])).values.every(Number.isFinite), what);
      }
      const error = thrown(`an eigenvalue that overflows, n = ${n}`, () =>
        eigh(put(backend, 'float64', new Float64Array(4 * n * n).fill(Number.MAX_VALUE), [2 * n, 2 * n])),
      );
      demand(error.name === 'NumericalError', `${error.name} instead of NumericalError: ${error.message}`);
    }
  }),

  when(hasFactor, 'eigh of sizes 0 and 1', async (backend) => {
    await checkPairs(backend, 'n = 0', 0, new Float64Array(0));
    close('n = 1', await checkPairs(backend, 'n = 1', 1, new Float64Array([-7])), [-7], 0);
  }),

  when(hasFactor, 'eigh refuses what is not finite', (backend) => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const A = put(backend, 'float64', [1, bad, bad, 1], [2, 2]);
      const error = thrown(`eigh of ${bad}`, () => eigh(A));
      demand(error.name === 'ArgumentError', `${error.name} instead of ArgumentError`);
    }
  }),
];
