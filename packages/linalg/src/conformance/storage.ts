import ndarray from 'ndarray';
import { tensor } from '../create.ts';
import { matmul, reshape, transpose, unary } from '../ops.ts';
import { showShape, sizeOf } from '../tensor.ts';
import type { ConformanceCase } from './cases.ts';
import {
  always,
  close,
  demand,
  eachDtype,
  numbers,
  put,
  rounded,
  take,
  toleranceOf,
  when,
} from './support.ts';

const SHAPES = [[], [1], [5], [2, 3], [3, 1], [1, 1], [2, 3, 4], [0], [0, 3], [3, 0]];

export const storageCases: readonly ConformanceCase[] = [
  always('states its name, device, dtypes and a tolerance for each', async (backend) => {
    demand(backend.name.length > 0, 'the name is empty');
    demand(backend.device === 'cpu' || backend.device === 'gpu', `device is ${backend.device}`);
    demand(backend.dtypes.length > 0, 'there is no dtype');
    for (const dtype of backend.dtypes) {
      const tolerance = toleranceOf(backend, dtype);
      demand(tolerance > 0 && tolerance <= 1e-3, `tolerance of ${dtype} is ${tolerance}, not in (0, 1e-3]`);
    }
  }),

  always('keeps entries, shape and dtype from upload to read', async (backend) => {
    await eachDtype(backend, async (dtype) => {
      for (const shape of SHAPES) {
        const data = numbers(sizeOf(shape), 1);
        const t = put(backend, dtype, data, shape);
        demand(t.backend === backend, 'the tensor does not carry its backend');
        demand(t.dtype === dtype, `the tensor has dtype ${t.dtype}`);
        close(showShape(shape), await take(t, t, shape), rounded(dtype, data), 0);
      }
    });
  }),

  always('copies on upload and on read', async (backend) => {
    await eachDtype(backend, async (dtype) => {
      const data = dtype === 'float64' ? new Float64Array([1, 2]) : new Float32Array([1, 2]);
      const t = backend.upload(data, [2]);
      data[0] = 9;
      const first = await t.read();
      first.set(1, 9);
      close('entries', await take(t, t, [2]), [1, 2], 0);
    });
  }),

  when(
    (backend) => backend.readSync !== undefined,
    'gives the same entries at once as by read',
    async (backend) => {
      await eachDtype(backend, async (dtype) => {
        const t = put(backend, dtype, numbers(6, 2), [2, 3]);
        close('readSync', backend.readSync!(t), await take(t, t, [2, 3]), 0);
      });
    },
  ),

  always('takes ndarray views of any strides, negative ones too', async (backend) => {
    await eachDtype(backend, async (dtype) => {
      const base = ndarray(rounded(dtype, numbers(24, 6)), [4, 6]);
      const views = [
        base.transpose(1, 0),
        base.step(-1, -1),
        base.lo(1, 2).hi(2, 3),
        base.step(-2, 3),
        base.lo(1, 1).step(2, -2).transpose(1, 0),
      ];
      for (const view of views) {
        const t = tensor(view, { backend, dtype });
        const [rows, columns] = view.shape;
        const expected = Float64Array.from({ length: rows * columns }, (_, i) =>
          view.get(Math.floor(i / columns), i % columns),
        );
        close(`strides [${view.stride}]`, await take(t, t, [rows, columns]), expected, 0);
        t.dispose();
      }
    });
  }),

  always('reshapes in row-major order', async (backend) => {
    await eachDtype(backend, async (dtype) => {
      const data = numbers(24, 3);
      const t = put(backend, dtype, data, [4, 6]);
      for (const shape of [[24], [2, 3, 4], [6, 4], [1, 24]]) {
        close(showShape(shape), await take(reshape(t, shape), t, shape), rounded(dtype, data), 0);
      }
      const empty = put(backend, dtype, [], [0, 3]);
      await take(reshape(empty, [7, 0]), empty, [7, 0]);
    });
  }),

  always('transposes', async (backend) => {
    await eachDtype(backend, async (dtype) => {
      for (const [m, n] of [
        [1, 1],
        [1, 5],
        [3, 4],
        [33, 65],
        [0, 3],
      ]) {
        const data = rounded(dtype, numbers(m * n, 4));
        const t = put(backend, dtype, data, [m, n]);
        const expected = Float64Array.from(
          { length: m * n },
          (_, i) => data[(i % m) * n + Math.floor(i / m)],
        );
        close(`[${m}, ${n}]`, await take(transpose(t), t, [n, m]), expected, 0);
      }
    });
  }),

  always('does not change its operands, and lives on after they are disposed of', async (backend) => {
    await eachDtype(backend, async (dtype, tolerance) => {
      const data = rounded(dtype, numbers(9, 5));
      const t = put(backend, dtype, data, [3, 3]);
      const results = [unary('neg', t), matmul(t, t), transpose(t), reshape(t, [9])];
      close('the operand', await take(t, t, [3, 3]), data, 0);
      t.dispose();
      t.dispose();
      close(
        'neg',
        await take(results[0], results[0], [3, 3]),
        data.map((x) => -x),
        tolerance,
      );
      close('reshape', await take(results[3], results[3], [9]), data, 0);
      for (const result of results) result.dispose();
    });
  }),
];
