import { readFileSync } from 'node:fs';
import { ArgumentError } from '@sntk/errors';
import fc from 'fast-check';
import ndarray, { type NdArray } from 'ndarray';
import { describe, expect, test, vi } from 'vitest';
import { decodeNpy, decodeNpz, encodeNpy, encodeNpz } from '../src/index.ts';

const bytesOf = (name: string): Uint8Array => readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
const base = Array.from({ length: 24 }, (_, i) => i - 12);

describe('decodeNpz', () => {
  const arrays = decodeNpz(bytesOf('types.npz'));

  test.each([
    ['float64', Float64Array, [2, 3, 4], base.map((v) => v / 7)],
    ['float32', Float32Array, [24], base.map((v) => Math.fround(v / 7))],
    ['int32', Int32Array, [6, 4], base],
    ['int64', Int32Array, [24], base],
    ['int8', Int8Array, [24], base],
    ['uint8', Uint8Array, [24], base.map((v) => (v + 256) % 256)],
    ['bool', Uint8Array, [24], base.map((v) => (v > 0 ? 1 : 0))],
    ['big_float64', Float64Array, [24], base.map((v) => v / 7)],
    ['big_int32', Int32Array, [24], base],
    ['fortran', Float64Array, [2, 3, 4], base.map((v) => v / 7)],
    ['scalar', Float64Array, [], [2.5]],
    ['empty', Float64Array, [0, 3], []],
  ])("reads NumPy's %s array", (name, kind, shape, values) => {
    const array = arrays[name];
    expect(array.data).toBeInstanceOf(kind);
    expect(array.shape).toEqual(shape);
    expect([...array.data]).toEqual(values);
  });

  test('refuses bytes that are no zip, and names an entry that is no array', () => {
    expect(() => decodeNpz(Uint8Array.of(1, 2, 3))).toThrow(
      'decodeNpz: bytes must be a whole .npz (zip) file',
    );
    expect(() => decodeNpz(bytesOf('types.npz').subarray(0, 2000))).toThrow('whole .npz');
    const alien = bytesOf('types.npz').slice();
    const at = Buffer.from(alien).indexOf('\x93NUMPY', 0, 'latin1');
    alien[at + 1] = 0x58;
    expect(() => decodeNpz(alien)).toThrow('entry float64.npy, where decodeNpy: bytes must be a .npy file');
  });
});

describe('decodeNpy', () => {
  test('reads format version 2', () => {
    expect([...decodeNpy(bytesOf('version2.npy')).data]).toEqual(base.map((v) => v / 7));
  });

  test('reads from the middle of a larger buffer', () => {
    const file = encodeNpy(ndarray(Float64Array.of(1, 2)));
    const large = new Uint8Array(file.length + 3);
    large.set(file, 3);
    expect([...decodeNpy(large.subarray(3)).data]).toEqual([1, 2]);
  });

  test('says why it refuses', () => {
    expect(() => decodeNpy(bytesOf('complex.npy'))).toThrow(
      'decodeNpy: bytes must be of a type among f8, f4, i4, i8, i1, u1, b1, got "<c16"; convert it in NumPy by .astype',
    );
    expect(() => decodeNpy(bytesOf('large_int64.npy'))).toThrow(
      'int64 values that fit 32 bits, got 1099511627776',
    );
    expect(() => decodeNpy(new TextEncoder().encode('x,y\n1,2\n3,4\n'))).toThrow('starts with \\x93NUMPY');
    expect(() => decodeNpy('text' as unknown as Uint8Array)).toThrow(ArgumentError);
    const file = encodeNpy(ndarray(Float64Array.of(1, 2, 3)));
    expect(() => decodeNpy(file.subarray(0, file.length - 1))).toThrow(
      '24 bytes of data for the shape (3), got "23 bytes"',
    );
    expect(() => decodeNpy(file.subarray(0, 40))).toThrow('ends in its header');
    const late = file.slice();
    late[6] = 9;
    expect(() => decodeNpy(late)).toThrow('of format version 1, 2 or 3, got "version 9"');
    const structured = file.slice();
    structured[file.indexOf(0x64)] = 0x58;
    expect(() => decodeNpy(structured)).toThrow('a .npy file of plain numbers');
  });
});

describe('encodeNpy', () => {
  test("writes the bytes that NumPy's save writes", () => {
    const ours = encodeNpy(ndarray(Int32Array.from(base), [6, 4]));
    const entry = bytesOf('types.npz');
    // The int32 entry is stored, not compressed, so its file is a slice of the archive.
    const start = Buffer.from(entry).indexOf(Buffer.from(ours.subarray(0, 128)));
    expect(start).toBeGreaterThan(0);
    expect([...entry.subarray(start, start + ours.length)]).toEqual([...ours]);
  });

  test('decoding gives back every array, bit for bit', () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
    fc.assert(
      fc.property(shapes, fc.nat(4), fc.infiniteStream(fc.double()), (shape, kind, stream) => {
        const count = shape.reduce((a, b) => a * b, 1);
        const values = [...stream.take(count)];
        const data = [
          Float64Array.from(values),
          Float32Array.from(values),
          Int32Array.from(values),
          Int8Array.from(values),
          Uint8Array.from(values),
        ][kind];
        const back = decodeNpy(encodeNpy(ndarray(data, shape)));
        expect(back.shape).toEqual(shape);
        expect(back.data).toEqual(data);
      }),
    );
  });

  test('writes transposed, reversed and sliced views as they read', () => {
    const array = ndarray(Float64Array.from(base), [2, 3, 4]);
    const view = array.transpose(2, 0, 1).step(-1, 1, 2).lo(1);
    const back = decodeNpy(encodeNpy(view as NdArray<Float64Array>));
    expect(back.shape).toEqual([3, 2, 2]);
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 2; j++) {
        for (let k = 0; k < 2; k++) expect(back.get(i, j, k)).toBe(array.get(j, 2 * k, 2 - i));
      }
    }
  });

  test('writes booleans as bool', () => {
    const bytes = encodeNpy(ndarray([true, false, true]));
    expect(new TextDecoder('latin1').decode(bytes)).toContain("'descr': '|b1'");
    expect([...decodeNpy(bytes).data]).toEqual([1, 0, 1]);
  });

  test('refuses data that NumPy could not read as numbers', () => {
    expect(() => encodeNpy(ndarray(['a']) as never)).toThrow('encodeNpy: array.data must be a Float64Array');
    expect(() => encodeNpy(ndarray(new BigInt64Array(1)) as never)).toThrow(ArgumentError);
  });
});

describe('encodeNpz', () => {
  const X = ndarray(Float64Array.from(base), [12, 2]);

  test('gives the same bytes for the same arrays at any time', () => {
    vi.useFakeTimers({ now: new Date('2001-02-03T04:05:06Z') });
    try {
      const first = encodeNpz({ X });
      vi.setSystemTime(new Date('2031-02-03T04:05:06Z'));
      expect(encodeNpz({ X })).toEqual(first);
    } finally {
      vi.useRealTimers();
    }
  });

  test('round-trips names and arrays, stored and compressed', () => {
    for (const compress of [false, true]) {
      const bytes = encodeNpz({ X, 'été/1': ndarray(Float32Array.of(1.5)) }, { compress });
      const back = decodeNpz(bytes);
      expect(Object.keys(back)).toEqual(['X', 'été/1']);
      expect(back.X.data).toEqual(X.data);
      expect(back['été/1'].data).toEqual(Float32Array.of(1.5));
    }
  });

  test('refuses an empty name', () => {
    expect(() => encodeNpz({ '': X })).toThrow('encodeNpz: arrays must be named');
  });
});
