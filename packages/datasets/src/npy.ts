import { ArgumentError } from '@sntk/errors';
import ndarray, { type NdArray } from 'ndarray';
import { type NpyData, npyTypes, typeOfData } from './npy-types.ts';

/** An array that can be written to or comes from a .npy file. */
export type NpyArray = NdArray<NpyData>;

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/**
 * Writes an array in NumPy's .npy format, version 1.0, C order, little-endian.
 *
 * Float64Array, Float32Array, Int32Array, Int8Array and Uint8Array keep their type; `boolean[]` becomes bool. Views
 * with any strides are written as they read. The same array gives the same bytes.
 *
 * @param array any shape, also `[]`
 * @throws ArgumentError for another kind of data
 *
 * @example
 * ```ts
 * import { decodeNpy, encodeNpy, grid2d } from '@sntk/datasets';
 *
 * const bytes = encodeNpy(grid2d({ x: [0, 1], y: [0, 1], columns: 2, rows: 2 }));
 * console.log(decodeNpy(bytes).shape.join()); // 4,2
 * ```
 */
export function encodeNpy(array: NdArray<NpyData | boolean[]>): Uint8Array {
  const type = typeOfData('encodeNpy', array.data);
  const shape = array.shape;
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dictionary = `{'descr': '${type.descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // The data begin at a multiple of 64 bytes; the header is padded by spaces and ends in a newline.
  const prefix = MAGIC.length + 4;
  const headerLength = Math.ceil((prefix + dictionary.length + 1) / 64) * 64 - prefix;
  const count = shape.reduce((product, extent) => product * extent, 1);
  const bytes = new Uint8Array(prefix + headerLength + count * type.bytes);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  bytes[6] = 1;
  view.setUint16(8, headerLength, true);
  const header = `${dictionary.padEnd(headerLength - 1)}\n`;
  for (let i = 0; i < header.length; i++) bytes[prefix + i] = header.charCodeAt(i);
  let at = prefix + headerLength;
  eachOffset(shape, array.stride, array.offset, (offset) => {
    type.write(view, at, Number(array.data[offset]));
    at += type.bytes;
  });
  return bytes;
}

/**
 * Reads NumPy's .npy format, versions 1 to 3, either byte order, C or Fortran order.
 *
 * float64, float32, int32, int8 and uint8 keep their type; bool becomes a Uint8Array of 0 and 1; int64, NumPy's own
 * integer, becomes an Int32Array when every value fits. The result is in C order whatever the file's order.
 *
 * @throws ArgumentError with the reason for anything else: no .npy file, a truncated one, an unsupported type
 *
 * @example
 * ```ts
 * import { decodeNpy, encodeNpy } from '@sntk/datasets';
 * import ndarray from 'ndarray';
 *
 * console.log(decodeNpy(encodeNpy(ndarray(Int32Array.of(1, 2, 3)))).data); // Int32Array(3) [ 1, 2, 3 ]
 * ```
 */
export function decodeNpy(bytes: Uint8Array): NpyArray {
  if (!(bytes instanceof Uint8Array)) throw refusal('a Uint8Array', bytes);
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw refusal('a .npy file, which starts with \\x93NUMPY', `${bytes.length} bytes that do not`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6];
  if (version < 1 || version > 3) throw refusal('of format version 1, 2 or 3', `version ${version}`);
  const wide = version > 1;
  if (wide && bytes.length < 12) throw refusal('a whole .npy file', 'one that ends in its header');
  const start = wide ? 12 : 10;
  const begin = start + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  if (begin > bytes.length) throw refusal('a whole .npy file', 'one that ends in its header');
  const { descr, fortran, shape } = parseHeader(new TextDecoder().decode(bytes.subarray(start, begin)));
  const type = npyTypes[descr.slice(1)];
  const order = descr[0];
  if (!type || !'<>|='.includes(order)) {
    throw refusal(
      `of a type among ${Object.keys(npyTypes).join(', ')}`,
      descr,
      'convert it in NumPy by .astype',
    );
  }
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (bytes.length - begin !== count * type.bytes) {
    throw refusal(
      `${count * type.bytes} bytes of data for the shape (${shape.join(', ')})`,
      `${bytes.length - begin} bytes`,
    );
  }
  const data = type.create(count);
  const littleEndian = order !== '>';
  let at = begin;
  const read = (offset: number): void => {
    data[offset] = type.read(view, at, littleEndian);
    at += type.bytes;
  };
  if (fortran) eachOffset([...shape].reverse(), cStrides(shape).reverse(), 0, read);
  else for (let i = 0; i < count; i++) read(i);
  return ndarray(data, shape);
}

function parseHeader(header: string): { descr: string; fortran: boolean; shape: number[] } {
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const fortran = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const shape = /'shape':\s*\(([\d\s,]*)\)/.exec(header)?.[1];
  if (descr === undefined || fortran === undefined || shape === undefined) {
    throw refusal('a .npy file of plain numbers', `the header ${header.trim().slice(0, 100)}`);
  }
  const extents = shape.split(',').filter((part) => part.trim() !== '');
  return { descr, fortran: fortran === 'True', shape: extents.map(Number) };
}

function cStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** Calls `visit` with the position of every entry, the last axis moving fastest. */
function eachOffset(
  shape: readonly number[],
  stride: readonly number[],
  start: number,
  visit: (offset: number) => void,
): void {
  if (shape.includes(0)) return;
  const index = new Array<number>(shape.length).fill(0);
  let offset = start;
  for (;;) {
    visit(offset);
    let axis = shape.length - 1;
    for (; axis >= 0; axis--) {
      offset += stride[axis];
      if (++index[axis] < shape[axis]) break;
      offset -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

function refusal(wanted: string, got: unknown, fix?: string): ArgumentError {
  return new ArgumentError({ where: 'decodeNpy', argument: 'bytes', wanted, got, ...(fix ? { fix } : {}) });
}
