import {
  type Backend,
  BINARY_OPS,
  type BinaryOp,
  REDUCE_OPS,
  type ReduceOp,
  UNARY_OPS,
  type UnaryOp,
} from '../backend.ts';
import { add, binary, matmul, mul, reduce, unary } from '../ops.ts';
import { sizeOf } from '../tensor.ts';
import type { ConformanceCase } from './cases.ts';
import { always, close, demand, eachDtype, numbers, put, rounded, take, when } from './support.ts';

/** Any sign, away from 0, from 2^-7 to 8, and some special ones. */
function signed(length: number, seed: number): Float64Array {
  const x = numbers(length, seed);
  const sizes = numbers(length, seed + 1000);
  return x.map((value, i) => (value < 0 ? -1 : 1) * 2 ** (-2 + 5 * sizes[i]));
}

const UNARY: Record<UnaryOp, { f: (x: number) => number; positive?: boolean; also: readonly number[] }> = {
  neg: { f: (x) => -x, also: [0] },
  abs: { f: (x) => (x < 0 ? -x : x), also: [0] },
  exp: { f: Math.exp, also: [0, -20, 20] },
  // Near 0 is what expm1 is for.
  expm1: { f: Math.expm1, also: [0, 1e-3, -1e-3, 1e-6, -1e-6, -20, 20] },
  log: { f: Math.log, positive: true, also: [1, 1 + 2 ** -10, 1 - 2 ** -10, 1e-30, 1e30] },
  sqrt: { f: Math.sqrt, positive: true, also: [0, 1e-30, 1e30] },
  square: { f: (x) => x * x, also: [0, 1e-10, 1e10] },
  reciprocal: { f: (x) => 1 / x, also: [1e-10, -1e10] },
};

const BINARY: Record<BinaryOp, (x: number, y: number) => number> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  maximum: (x, y) => Math.max(x, y),
  minimum: (x, y) => Math.min(x, y),
};

const PAIRS: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[], []],
  [[7], [7]],
  [[7], []],
  [[1], [9]],
  [
    [5, 3],
    [5, 3],
  ],
  [[5, 3], [3]],
  [
    [5, 3],
    [1, 3],
  ],
  [
    [5, 1],
    [1, 3],
  ],
  [
    [5, 1],
    [5, 3],
  ],
  [
    [2, 1, 4],
    [3, 1],
  ],
  [
    [2, 3, 4],
    [2, 3, 4],
  ],
  [
    [33, 31],
    [33, 1],
  ],
  [
    [0, 3],
    [1, 3],
  ],
  [[0, 1], [3]],
];

/** Where entry `flat` of the broadcast shape is in an operand. */
function source(flat: number, shape: readonly number[], from: readonly number[]): number {
  let rest = flat;
  let at = 0;
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const index = rest % shape[axis];
    rest = Math.floor(rest / shape[axis]);
    const extent = from[axis - (shape.length - from.length)];
    if (extent !== undefined) {
      if (extent !== 1) at += index * stride;
      stride *= extent;
    }
  }
  return at;
}

function combined(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const p = a[i - (rank - a.length)] ?? 1;
    const q = b[i - (rank - b.length)] ?? 1;
    return p === 1 ? q : p;
  });
}

const onProcessor = (backend: Backend): boolean => backend.device === 'cpu';
const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1, -1, 1000, -1000];

const unaryCases = UNARY_OPS.map((op) =>
  always(`unary ${op}`, (backend) =>
    eachDtype(backend, async (dtype, tolerance) => {
      const { f, positive, also } = UNARY[op];
      const plain = signed(1003, 10);
      const x = rounded(dtype, [...(positive ? plain.map(Math.abs) : plain), ...also]);
      const t = put(backend, dtype, x, [x.length]);
      close(op, await take(unary(op, t), t, [x.length]), x.map(f), tolerance);
      const empty = put(backend, dtype, [], [0, 2]);
      await take(unary(op, empty), empty, [0, 2]);
    }),
  ),
);

const binaryCases = BINARY_OPS.map((op) =>
  always(`binary ${op}, with broadcasting`, (backend) =>
    eachDtype(backend, async (dtype, tolerance) => {
      for (const [one, two] of PAIRS) {
        for (const [shapeA, shapeB] of [
          [one, two],
          [two, one],
        ]) {
          const x = rounded(dtype, signed(sizeOf(shapeA), 11));
          const y = rounded(dtype, signed(sizeOf(shapeB), 12));
          const shape = combined(shapeA, shapeB);
          const a = put(backend, dtype, x, shapeA);
          const b = put(backend, dtype, y, shapeB);
          const expected = Float64Array.from({ length: sizeOf(shape) }, (_, i) =>
            BINARY[op](x[source(i, shape, shapeA)], y[source(i, shape, shapeB)]),
          );
          const name = `${op} of [${shapeA}] and [${shapeB}]`;
          close(name, await take(binary(op, a, b), a, shape), expected, tolerance);
        }
      }
    }),
  ),
);

function fold(op: ReduceOp, values: readonly number[]): number {
  if (op === 'sum') return values.reduce((sum, x) => sum + x, 0);
  return op === 'max' ? Math.max(...values) : Math.min(...values);
}

const reduceCases = REDUCE_OPS.map((op) =>
  always(`reduce ${op} over each axis`, (backend) =>
    eachDtype(backend, async (dtype, tolerance) => {
      for (const shape of [[1], [10_001], [5, 7], [1, 9], [9, 1], [3, 4, 5], [65, 33]]) {
        const x = rounded(dtype, signed(sizeOf(shape), 13));
        const t = put(backend, dtype, x, shape);
        for (let axis = 0; axis < shape.length; axis++) {
          const kept = shape.map((extent, i) => (i === axis ? 1 : extent));
          const lines = Array.from({ length: sizeOf(kept) }, (): number[] => []);
          x.forEach((value, i) => {
            lines[source(i, shape, kept)].push(value);
          });
          const scale = lines.map((line) =>
            op === 'sum' ? fold('sum', line.map(Math.abs)) : Math.abs(fold(op, line)),
          );
          const expected = lines.map((line) => fold(op, line));
          close(
            `[${shape}] over ${axis}`,
            await take(reduce(op, t, axis), t, kept),
            expected,
            tolerance,
            scale,
          );
        }
      }
    }),
  ),
);

export const elementwiseCases: readonly ConformanceCase[] = [
  ...unaryCases,
  ...binaryCases,
  ...reduceCases,
  always('what overflows is infinite, not the largest number and not NaN', (backend) =>
    eachDtype(backend, async (dtype) => {
      const n = 9;
      const large = dtype === 'float64' ? 1.5e308 : 3e38;
      const t = put(backend, dtype, new Float64Array(n * n).fill(large), [n, n]);
      const results = { add: add(t, t), mul: mul(t, t), square: unary('square', t), matmul: matmul(t, t) };
      for (const [name, result] of Object.entries(results)) {
        const infinite = new Float64Array(n * n).fill(Number.POSITIVE_INFINITY);
        close(`${name} of ${large}`, await take(result, t, [n, n]), infinite, 0);
        result.dispose();
      }
    }),
  ),
  // Languages of shaders leave what comes of these to the card.
  when(
    onProcessor,
    'NaN, infinities and zeros go through elementwise functions as in IEEE arithmetic',
    (backend) =>
      eachDtype(backend, async (dtype, tolerance) => {
        const n = SPECIAL.length;
        const t = put(backend, dtype, SPECIAL, [n]);
        for (const op of UNARY_OPS) {
          const result = unary(op, t);
          close(op, await take(result, t, [n]), SPECIAL.map(UNARY[op].f), tolerance);
          result.dispose();
        }
        const [column, row] = [
          [n, 1],
          [1, n],
        ].map((shape) => put(backend, dtype, SPECIAL, shape));
        const first = SPECIAL.flatMap((x) => SPECIAL.map(() => x));
        const second = SPECIAL.flatMap(() => SPECIAL);
        const [left, right] = [first, second].map((all) => put(backend, dtype, all, [n * n]));
        for (const op of BINARY_OPS) {
          const expected = first.map((x, i) => BINARY[op](x, second[i]));
          const name = (i: number): string => `${op} of ${first[i]} and ${second[i]}`;
          for (const [a, b, shape] of [
            [left, right, [n * n]],
            [column, row, [n, n]],
          ] as const) {
            const result = binary(op, a, b);
            const entries = await take(result, t, shape);
            expected.forEach((value, i) => {
              close(name(i), [entries[i]], [value], tolerance);
            });
            result.dispose();
          }
        }
        for (const one of [t, column, row, left, right]) one.dispose();
      }),
  ),
  always('NaN in a line that is reduced makes its result NaN, and no other', (backend) =>
    eachDtype(backend, async (dtype, tolerance) => {
      for (const op of REDUCE_OPS) {
        for (const bad of [0, 1, 2, 36]) {
          const x = rounded(dtype, signed(3 * 37, 14));
          x[37 + bad] = Number.NaN;
          const t = put(backend, dtype, x, [3, 37]);
          const lines = [0, 1, 2].map((i) => fold(op, [...x.subarray(37 * i, 37 * (i + 1))]));
          const scale = op === 'sum' ? 37 * 8 : lines.map(Math.abs);
          close(`${op} over rows`, await take(reduce(op, t, 1), t, [3, 1]), lines, tolerance, scale);
          const columns = await take(reduce(op, t, 0), t, [1, 37]);
          columns.forEach((value: number, i: number) => {
            demand(
              Number.isNaN(value) === (i === bad),
              `${op} over column ${i} is ${value}, NaN is in ${bad}`,
            );
          });
          t.dispose();
        }
      }
    }),
  ),
  always('a sum over nothing is 0', (backend) =>
    eachDtype(backend, async (dtype) => {
      const t = put(backend, dtype, [], [2, 0, 3]);
      close('sum', await take(reduce('sum', t, 1), t, [2, 1, 3]), new Float64Array(6), 0);
      await take(reduce('sum', t, 0), t, [1, 0, 3]);
    }),
  ),
];
