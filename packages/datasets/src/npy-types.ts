import { ArgumentError } from '@sntk/errors';

/** The typed arrays that .npy files are read into. */
export type NpyData = Float64Array | Float32Array | Int32Array | Int8Array | Uint8Array;

/** How one of NumPy's types is stored. */
export interface NpyType {
  readonly descr: string;
  readonly bytes: number;
  create(count: number): NpyData;
  read(view: DataView, at: number, littleEndian: boolean): number;
  write(view: DataView, at: number, value: number): void;
}

/** By NumPy's code without the byte order. */
export const npyTypes: Readonly<Record<string, NpyType>> = {
  f8: {
    descr: '<f8',
    bytes: 8,
    create: (count) => new Float64Array(count),
    read: (view, at, little) => view.getFloat64(at, little),
    write: (view, at, value) => view.setFloat64(at, value, true),
  },
  f4: {
    descr: '<f4',
    bytes: 4,
    create: (count) => new Float32Array(count),
    read: (view, at, little) => view.getFloat32(at, little),
    write: (view, at, value) => view.setFloat32(at, value, true),
  },
  i4: {
    descr: '<i4',
    bytes: 4,
    create: (count) => new Int32Array(count),
    read: (view, at, little) => view.getInt32(at, little),
    write: (view, at, value) => view.setInt32(at, value, true),
  },
  i8: {
    descr: '<i8',
    bytes: 8,
    create: (count) => new Int32Array(count),
    read: readInt64,
    write: (view, at, value) => view.setBigInt64(at, BigInt(value), true),
  },
  i1: {
    descr: '|i1',
    bytes: 1,
    create: (count) => new Int8Array(count),
    read: (view, at) => view.getInt8(at),
    write: (view, at, value) => view.setInt8(at, value),
  },
  u1: {
    descr: '|u1',
    bytes: 1,
    create: (count) => new Uint8Array(count),
    read: (view, at) => view.getUint8(at),
    write: (view, at, value) => view.setUint8(at, value),
  },
  b1: {
    descr: '|b1',
    bytes: 1,
    create: (count) => new Uint8Array(count),
    read: (view, at) => view.getUint8(at),
    write: (view, at, value) => view.setUint8(at, value),
  },
};

/** The type that keeps `data` as it is. */
export function typeOfData(where: string, data: unknown): NpyType {
  if (data instanceof Float64Array) return npyTypes.f8;
  if (data instanceof Float32Array) return npyTypes.f4;
  if (data instanceof Int32Array) return npyTypes.i4;
  if (data instanceof Int8Array) return npyTypes.i1;
  if (data instanceof Uint8Array) return npyTypes.u1;
  if (Array.isArray(data) && data.every((value) => typeof value === 'boolean')) return npyTypes.b1;
  throw new ArgumentError({
    where,
    argument: 'array.data',
    wanted: 'a Float64Array, Float32Array, Int32Array, Int8Array, Uint8Array or boolean[]',
    got: data,
  });
}

function readInt64(view: DataView, at: number, littleEndian: boolean): number {
  const value = view.getBigInt64(at, littleEndian);
  if (value !== BigInt.asIntN(32, value)) {
    throw new ArgumentError({
      where: 'decodeNpy',
      argument: 'bytes',
      wanted: 'int64 values that fit 32 bits',
      got: value,
      fix: 'save the array as float64',
    });
  }
  return Number(value);
}
