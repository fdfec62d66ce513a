import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import { eye, ndarrayBackend, type TensorData, tensor, toArray, toBackend, zeros } from '../src/index.ts';

const backend = ndarrayBackend();

describe('tensor', () => {
  it('takes nested rows, flat data with a shape, and vectors', () => {
    const rows = tensor(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      { backend },
    );
    expect(rows.shape).toEqual([2, 3]);
    expect([...toArray(rows)]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(tensor([1, 2], { backend }).shape).toEqual([2]);
    expect(tensor(new Float64Array(6), { backend, shape: [1, 3, 2] }).shape).toEqual([1, 3, 2]);
    expect(tensor([5], { backend, shape: [] }).shape).toEqual([]);
  });

  it('takes the dtype of typed arrays, float64 otherwise, and converts when told', () => {
    expect(tensor([1], { backend }).dtype).toBe('float64');
    expect(tensor(new Float32Array(1), { backend }).dtype).toBe('float32');
    const narrow = tensor([1 / 3], { backend, dtype: 'float32' });
    expect(toArray(narrow)[0]).toBe(Math.fround(1 / 3));
    const wide = tensor(new Float32Array([0.1]), { backend, dtype: 'float64' });
    expect(toArray(wide)[0]).toBe(Math.fround(0.1));
  });

  it('names what is no data, no backend and no shape', () => {
    const make = (data: unknown, options: unknown = { backend }) =>
      tensor(data as TensorData, options as { backend: typeof backend });
    expect(() => make(undefined)).toThrow('tensor: data must be numbers, or rows of numbers, got undefined');
    expect(() => make('12')).toThrow('tensor: data must be numbers, or rows of numbers, got "12"');
    expect(() => make([null])).toThrow('tensor: data[0] must be numbers, or rows of numbers, got null');
    expect(() => make([[1, 2], undefined])).toThrow('tensor: data[1] must be numbers, or rows of numbers');
    expect(() => make([new Float64Array(2)])).toThrow('got Float64Array(2)');
    const store = { get: () => 1, set: () => {}, length: 1 };
    for (const data of [store, ['1'], [1n]]) {
      expect(() => make({ ...ndarray([1], [1]), data })).toThrow(
        'tensor: data must be an ndarray over an array of numbers',
      );
    }
    expect(() => make([1], {})).toThrow(
      'tensor: options.backend must be a backend, for example ndarrayBackend()',
    );
    expect(() => make([1], null)).toThrow('tensor: options.backend must be a backend');
    expect(() => make([1], { backend, shape: 1 })).toThrow(
      'tensor: options.shape must be an array of extents, got 1',
    );
  });

  it('copies its data', () => {
    const data = new Float64Array([1, 2]);
    const t = tensor(data, { backend });
    data[0] = 9;
    expect(toArray(t)[0]).toBe(1);
    const view = ndarray(data, [2, 1]);
    const viewed = tensor(view, { backend });
    view.set(0, 0, 8);
    expect(toArray(viewed)[0]).toBe(9);
  });

  it('reads ndarray views: transposed, reversed, strided, with an offset', () => {
    const base = ndarray(
      Float64Array.from({ length: 24 }, (_, i) => i),
      [4, 6],
    );
    for (const view of [
      base.transpose(1, 0),
      base.step(-1, -1),
      base.step(-2, 3),
      base.lo(1, 2).hi(2, 3),
      base.lo(1, 1).step(2, -2).transpose(1, 0),
      base.pick(2, null).step(-1),
      base.hi(0, 6),
    ]) {
      const t = tensor(view, { backend });
      expect(t.shape).toEqual(view.shape);
      const expected: number[] = [];
      if (view.shape.length === 1) for (let i = 0; i < view.shape[0]; i++) expected.push(view.get(i));
      else {
        for (let i = 0; i < view.shape[0]; i++) {
          for (let j = 0; j < view.shape[1]; j++) expected.push(view.get(i, j));
        }
      }
      expect([...toArray(t)]).toEqual(expected);
    }
  });

  it('reads three-dimensional views and integer data', () => {
    const view = ndarray(
      Int32Array.from({ length: 24 }, (_, i) => i),
      [2, 3, 4],
    )
      .transpose(2, 0, 1)
      .step(-1, 1, 2);
    const t = tensor(view, { backend });
    expect(t.dtype).toBe('float64');
    const expected: number[] = [];
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 2; j++) for (let k = 0; k < 2; k++) expected.push(view.get(i, j, k));
    }
    expect([...toArray(t)]).toEqual(expected);
  });

  it('refuses data it would turn into NaN', () => {
    const take = (data: unknown) => () => tensor(data as TensorData, { backend });
    expect(take([[1, 2], [3]])).toThrow('tensor: data must be rows of 2 numbers, got "1 in row 1"');
    expect(take([[1, 2], 3])).toThrow('got "a number in row 1"');
    expect(take([1, [2]])).toThrow('data[1] must be a number, got [2]');
    expect(take([[1], ['x']])).toThrow('data[1][0] must be a number, got "x"');
    expect(take([[[1]]])).toThrow('data[0][0] must be a number');
    expect(take(ndarray(new Float64Array(3), [2, 2]))).toThrow(
      'an ndarray whose entries lie within its 3 numbers',
    );
    expect(take(ndarray(new Float64Array(4), [2, 2], [2, -1], 0))).toThrow('got "positions -1 to 2"');
  });

  it('refuses shapes that do not hold the data, naming both', () => {
    expect(() => tensor([1, 2, 3], { backend, shape: [2, 2] })).toThrow(
      'tensor: options.shape must be a shape of 3 entries, got "[2, 2] of 4"',
    );
    expect(() => tensor([1, 2], { backend, shape: [-1, -2] })).toThrow('integers of at least 0');
    expect(() => tensor([1, 2], { backend, shape: [0.5, 4] })).toThrow('integers of at least 0');
  });

  it('refuses a dtype the backend does not have', () => {
    const narrow = { ...backend, name: 'narrow', dtypes: ['float32' as const] };
    expect(() => tensor([1], { backend: narrow, dtype: 'float64' })).toThrow(
      'options.dtype must be a dtype of backend narrow (float32), got "float64"',
    );
    expect(tensor([1], { backend: narrow }).dtype).toBe('float32');
  });
});

describe('zeros and eye', () => {
  it('make what they say', () => {
    expect([...toArray(zeros([2, 2], { backend }))]).toEqual([0, 0, 0, 0]);
    expect([...toArray(eye(2, { backend, dtype: 'float32' }))]).toEqual([1, 0, 0, 1]);
    expect(toArray(eye(0, { backend }))).toHaveLength(0);
    expect(zeros([0, 3], { backend }).shape).toEqual([0, 3]);
  });

  it('refuse sizes over 8 GiB before allocating', () => {
    expect(() => zeros([1e6, 1e6], { backend })).toThrow(
      'zeros: shape must be at most 8 GiB, got "[1000000, 1000000], which is 7450.6 GiB"; work in blocks',
    );
    expect(() => eye(40_000, { backend })).toThrow('eye: shape must be at most 8 GiB');
    expect(() => eye(2.5, { backend })).toThrow('eye: n must be an integer of at least 0, got 2.5');
  });
});

describe('read and toBackend', () => {
  it('read gives an ndarray that is a copy', async () => {
    const t = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { backend },
    );
    const array = await t.read();
    expect(array.shape).toEqual([2, 2]);
    expect(array.get(1, 0)).toBe(3);
    array.set(1, 0, 9);
    expect(toArray(t)[2]).toBe(3);
  });

  it('toBackend keeps the dtype where the other backend has it', async () => {
    const narrow = { ...backend, name: 'narrow', dtypes: ['float32' as const] };
    expect((await toBackend(tensor([1 / 3], { backend }), narrow)).dtype).toBe('float32');
    const t = await toBackend(tensor([[1, 2]], { backend, dtype: 'float32' }), backend);
    expect([t.dtype, t.shape]).toEqual(['float32', [1, 2]]);
  });
});
