import type { Backend, MatmulFlags } from '../backend.ts';
import { matmul, prepare, toArray } from '../ops.ts';
import { syrk } from '../syrk.ts';
import type { DType } from '../tensor.ts';
import type { ConformanceCase } from './cases.ts';
import { always, close, demand, eachDtype, numbers, product, put, rounded, take } from './support.ts';

/** `[m, k, n]`: one entry, thin ones, and sizes around the tiles and blocks that kernels use. */
const SIZES = [
  [1, 1, 1],
  [2, 3, 4],
  [1, 100, 1],
  [100, 1, 90],
  [1, 17, 130],
  [130, 17, 1],
  [7, 5, 3],
  [8, 8, 8],
  [13, 31, 29],
  [64, 64, 64],
  [65, 63, 67],
  [3, 300, 5],
  [129, 70, 51],
  // Longer than the blocks that large factors are cut into, on each of the three sides.
  [3, 4100, 5],
  [4100, 3, 5],
  [3, 5, 4100],
] as const;

const FLAGS: readonly Required<MatmulFlags>[] = [
  { transposeA: false, transposeB: false },
  { transposeA: true, transposeB: false },
  { transposeA: false, transposeB: true },
  { transposeA: true, transposeB: true },
];

async function compare(
  backend: Backend,
  dtype: DType,
  [m, k, n]: readonly number[],
  flags: Required<MatmulFlags>,
  tolerance: number,
): Promise<void> {
  const a = rounded(dtype, numbers(m * k, 20));
  const b = rounded(dtype, numbers(k * n, 21));
  const A = put(backend, dtype, a, flags.transposeA ? [k, m] : [m, k]);
  const B = put(backend, dtype, b, flags.transposeB ? [n, k] : [k, n]);
  const name = `[${A.shape}]${flags.transposeA ? 'ᵀ' : ''} [${B.shape}]${flags.transposeB ? 'ᵀ' : ''}`;
  const expected = product(m, n, k, a, b, flags);
  const scale = product(m, n, k, a, b, { ...flags, magnitudes: true });
  close(name, await take(matmul(A, B, flags), A, [m, n]), expected, tolerance, scale);
  for (const t of [A, B]) t.dispose();
}

export const productCases: readonly ConformanceCase[] = [
  ...FLAGS.map((flags) =>
    always(
      `matmul${flags.transposeA ? ', transposeA' : ''}${flags.transposeB ? ', transposeB' : ''}`,
      (backend) =>
        eachDtype(backend, async (dtype, tolerance) => {
          for (const size of SIZES) await compare(backend, dtype, size, flags, tolerance);
        }),
    ),
  ),

  always('matmul of empty matrices', (backend) =>
    eachDtype(backend, async (dtype) => {
      for (const size of [
        [0, 0, 0],
        [0, 3, 2],
        [2, 3, 0],
        [2, 0, 3],
      ]) {
        for (const flags of FLAGS) await compare(backend, dtype, size, flags, 0);
      }
    }),
  ),

  always('matmul of a matrix with itself', (backend) =>
    eachDtype(backend, async (dtype, tolerance) => {
      for (const [m, k] of [
        [3, 2],
        [40, 300],
        [130, 33],
      ]) {
        const x = rounded(dtype, numbers(m * k, 22));
        const X = put(backend, dtype, x, [m, k]);
        for (const transposeA of [false, true]) {
          const flags = { transposeA, transposeB: !transposeA };
          const [rows, inner] = transposeA ? [k, m] : [m, k];
          const gram = await take(matmul(X, X, flags), X, [rows, rows]);
          const scale = product(rows, rows, inner, x, x, { ...flags, magnitudes: true });
          close('Gram matrix', gram, product(rows, rows, inner, x, x, flags), tolerance, scale);
        }
      }
    }),
  ),

  always('syrk is its own transpose to the last bit', (backend) =>
    eachDtype(backend, async (dtype, tolerance) => {
      for (const [m, k] of [
        [1, 1],
        [3, 0],
        [40, 300],
        [200, 33],
      ]) {
        const x = rounded(dtype, numbers(m * k, 29));
        const X = put(backend, dtype, x, [m, k]);
        for (const transpose of [false, true]) {
          const [rows, inner] = transpose ? [k, m] : [m, k];
          const C = syrk(X, { transpose });
          const gram = await take(C, X, [rows, rows]);
          const flags = { transposeA: transpose, transposeB: !transpose };
          const scale = product(rows, rows, inner, x, x, { ...flags, magnitudes: true });
          close('syrk', gram, product(rows, rows, inner, x, x, flags), tolerance, scale);
          for (let i = 0; i < rows; i++) {
            for (let j = 0; j < i; j++) {
              const [below, above] = [gram[i * rows + j], gram[j * rows + i]];
              // Messages of millions of entries take longer than the products.
              if (below !== above) demand(false, `entry [${i}, ${j}] is ${below}, its mirror image ${above}`);
            }
          }
          C.dispose();
        }
        X.dispose();
      }
    }),
  ),

  always('matmul keeps NaN and infinity in their own rows and columns', (backend) =>
    eachDtype(backend, async (dtype, tolerance) => {
      const [m, k, n] = [9, 11, 7];
      const a = rounded(dtype, numbers(m * k, 23));
      const b = rounded(dtype, numbers(k * n, 24));
      a[2 * k + 10] = Number.NaN;
      b[10 * n + 6] = Number.POSITIVE_INFINITY;
      const c = await take(
        matmul(put(backend, dtype, a, [m, k]), put(backend, dtype, b, [k, n])),
        put(backend, dtype, [], [0]),
        [m, n],
      );
      const expected = product(m, n, k, a, b);
      for (let i = 0; i < m * n; i++) {
        const [row, column] = [Math.floor(i / n), i % n];
        if (row === 2) demand(Number.isNaN(c[i]), `entry ${i} lost the NaN of its row: ${c[i]}`);
        else if (column === 6)
          demand(c[i] === expected[i], `entry ${i} is ${c[i]} instead of ${expected[i]}`);
        else close(`entry ${i}`, [c[i]], [expected[i]], tolerance, k);
      }
    }),
  ),

  always('prepare multiplies as matmul does, again and again', (backend) =>
    eachDtype(backend, async (dtype, tolerance) => {
      for (const [m, k] of [
        [1, 1],
        [5, 3],
        [33, 64],
        [66, 67],
        [4100, 3],
      ]) {
        const a = rounded(dtype, numbers(m * k, 25));
        const other = rounded(dtype, numbers(m * k, 26));
        const first = prepare(put(backend, dtype, a, [m, k]));
        const second = prepare(put(backend, dtype, other, [m, k]));
        demand(first.shape[0] === m && first.shape[1] === k, `the shape is [${first.shape}]`);
        for (const p of [1, 4, 1, 65, 0]) {
          const x = rounded(dtype, numbers(k * p, 27 + p));
          const X = put(backend, dtype, x, [k, p]);
          const scale = product(m, p, k, a, x, { magnitudes: true });
          const times = await take(first.times(X), X, [m, p]);
          close(`p = ${p}`, times, product(m, p, k, a, x), tolerance, scale);
          if (!backend.readSync) continue;
          const out = times.map(() => Number.NaN);
          first.into(toArray(X), out);
          close(`p = ${p}, into`, out, times, 0);
        }
        first.dispose();
        const x = rounded(dtype, numbers(k, 28));
        const X = put(backend, dtype, x, [k, 1]);
        const scale = product(m, 1, k, other, x, { magnitudes: true });
        close(
          'the other',
          await take(second.times(X), X, [m, 1]),
          product(m, 1, k, other, x),
          tolerance,
          scale,
        );
        second.dispose();
      }
      const empty = prepare(put(backend, dtype, [], [3, 0]));
      const X = put(backend, dtype, [], [0, 2]);
      close('empty', await take(empty.times(X), X, [3, 2]), new Float64Array(6), 0);
      if (backend.readSync) {
        const out = rounded(dtype, numbers(6, 29)).map(() => 1);
        const zeros = dtype === 'float64' ? out : Float32Array.from(out);
        empty.into(toArray(X), zeros);
        close('empty, into', zeros, new Float64Array(6), 0);
      }
      empty.dispose();
    }),
  ),
];
