import { ArgumentError, checkInteger } from '@sntk/errors';
import type { NdArray } from 'ndarray';
import type { Backend } from './backend.ts';
import { checkBytes, checkShape } from './shape.ts';
import { type DType, type FloatArray, showShape, sizeOf, type Tensor } from './tensor.ts';

/** Nested numbers, a flat typed array, or an ndarray of any strides. */
export type TensorData = NdArray | FloatArray | readonly number[] | readonly (readonly number[])[];

export interface TensorOptions {
  readonly backend: Backend;
  /** Needed for flat data that is not a vector. */
  readonly shape?: readonly number[];
  /** Taken from the data when it is a typed array, else `float64`. */
  readonly dtype?: DType;
}

/**
 * Puts numbers on a backend. The data is copied; entries are row-major.
 *
 * @throws ArgumentError when rows differ in length, the shape does not hold the data, or the backend lacks the dtype.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 *
 * const X = tensor(new Float64Array([1, 2, 3, 4, 5, 6]), { backend: ndarrayBackend(), shape: [3, 2] });
 * console.log(X.shape, X.dtype); // [3, 2] float64
 * ```
 */
export function tensor(data: TensorData, options: TensorOptions): Tensor {
  const { backend } = options ?? {};
  if (!backend) {
    throw new ArgumentError({
      where: 'tensor',
      argument: 'options.backend',
      wanted: 'a backend, for example ndarrayBackend()',
      got: backend,
    });
  }
  const { flat, shape: natural, fresh } = flatten(data);
  const shape = checkShape('tensor', 'options.shape', options.shape ?? natural);
  if (sizeOf(shape) !== flat.length) {
    throw new ArgumentError({
      where: 'tensor',
      argument: 'options.shape',
      wanted: `a shape of ${flat.length} entries`,
      got: `${showShape(shape)} of ${sizeOf(shape)}`,
    });
  }
  const fallback: DType = backend.dtypes.includes('float64') ? 'float64' : 'float32';
  const own: DType | undefined =
    flat instanceof Float64Array ? 'float64' : flat instanceof Float32Array ? 'float32' : undefined;
  const dtype = options.dtype ?? own ?? fallback;
  checkDtype('tensor', backend, dtype);
  // `upload` copies what the caller holds, so data that has the dtype already goes there as it is.
  if (own === dtype) return backend.upload(flat as FloatArray, shape, fresh);
  return backend.upload(dtype === 'float64' ? new Float64Array(flat) : new Float32Array(flat), shape, true);
}

/** A tensor of zeros. Sizes over 8 GiB are refused before anything is allocated. */
export function zeros(shape: readonly number[], options: Omit<TensorOptions, 'shape'>): Tensor {
  return filled('zeros', shape, options, () => {});
}

/** The identity matrix of size `n`. */
export function eye(n: number, options: Omit<TensorOptions, 'shape'>): Tensor {
  checkInteger('eye', 'n', n);
  return filled('eye', [n, n], options, (flat) => {
    for (let i = 0; i < n; i++) flat[i * n + i] = 1;
  });
}

function filled(
  where: string,
  shape: readonly number[],
  options: Omit<TensorOptions, 'shape'>,
  fill: (flat: FloatArray) => void,
): Tensor {
  const own = checkShape(where, 'shape', shape);
  const dtype = options.dtype ?? (options.backend.dtypes.includes('float64') ? 'float64' : 'float32');
  checkDtype(where, options.backend, dtype);
  checkBytes(where, 'shape', own, dtype);
  const flat = dtype === 'float64' ? new Float64Array(sizeOf(own)) : new Float32Array(sizeOf(own));
  fill(flat);
  return options.backend.upload(flat, own, true);
}

/** A tensor of entries that nobody else holds: a CPU backend takes the array itself. */
export function adopt(entries: FloatArray, backend: Backend, shape: readonly number[]): Tensor {
  checkDtype('tensor', backend, entries instanceof Float64Array ? 'float64' : 'float32');
  return backend.upload(entries, shape, true);
}

function checkDtype(where: string, backend: Backend, dtype: DType): void {
  if (!backend.dtypes.includes(dtype)) {
    throw new ArgumentError({
      where,
      argument: 'options.dtype',
      wanted: `a dtype of backend ${backend.name} (${backend.dtypes.join(', ')})`,
      got: dtype,
    });
  }
}

/** Entries, the shape that they have by themselves, and whether the caller does not hold them. */
function flatten(data: TensorData): { flat: FloatArray | number[]; shape: number[]; fresh: boolean } {
  if (data instanceof Float64Array || data instanceof Float32Array)
    return { flat: data, shape: [data.length], fresh: false };
  if (data === null || typeof data !== 'object') throw notNumbers('data', data);
  if (isNdArray(data)) return { flat: contiguous(data), shape: [...data.shape], fresh: true };
  const rows = data as readonly (number | readonly number[])[];
  if (rows.length === 0 || typeof rows[0] === 'number') {
    checkNumbers('data', rows);
    return { flat: rows as number[], shape: [rows.length], fresh: false };
  }
  const columns = Array.isArray(rows[0]) ? rows[0].length : 0;
  rows.forEach((row: unknown, i) => {
    if (typeof row !== 'number' && !Array.isArray(row)) throw notNumbers(`data[${i}]`, row);
    if (typeof row === 'number' || row.length !== columns) {
      throw new ArgumentError({
        where: 'tensor',
        argument: 'data',
        wanted: `rows of ${columns} numbers`,
        got: typeof row === 'number' ? `a number in row ${i}` : `${row.length} in row ${i}`,
      });
    }
    checkNumbers(`data[${i}]`, row);
  });
  return { flat: (rows as number[][]).flat(), shape: [rows.length, columns], fresh: true };
}

/** Typed arrays turn what is not a number into NaN without a word; deeper nesting ends here too. */
function checkNumbers(argument: string, row: readonly unknown[]): void {
  const at = row.findIndex((entry) => typeof entry !== 'number');
  if (at >= 0) {
    throw new ArgumentError({
      where: 'tensor',
      argument: `${argument}[${at}]`,
      wanted: 'a number',
      got: row[at],
    });
  }
}

function notNumbers(argument: string, got: unknown): ArgumentError {
  return new ArgumentError({ where: 'tensor', argument, wanted: 'numbers, or rows of numbers', got });
}

function isNdArray(data: TensorData): data is NdArray {
  return 'stride' in data && 'offset' in data;
}

/** A copy of the row-major entries of an ndarray of any strides, negative ones too. */
export function contiguous(array: NdArray): FloatArray {
  const { shape, stride, offset } = array;
  const source = array.data as ArrayLike<unknown>;
  const size = sizeOf(shape);
  checkView(array);
  const out = source instanceof Float32Array ? new Float32Array(size) : new Float64Array(size);
  const index = new Array<number>(shape.length).fill(0);
  let at = offset;
  for (let i = 0; i < size; i++) {
    const value = source[at];
    // Stores that are read by `get`, and arrays of anything, would end as NaN.
    if (typeof value !== 'number') {
      throw new ArgumentError({
        where: 'tensor',
        argument: 'data',
        wanted: 'an ndarray over an array of numbers',
        got: value,
      });
    }
    out[i] = value;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += stride[axis];
      if (++index[axis] < shape[axis]) break;
      at -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}

/** An ndarray does not check its strides against its data; what lies outside would be read as NaN. */
function checkView({ shape, stride, offset, data }: NdArray): void {
  if (sizeOf(shape) === 0) return;
  let first = offset;
  let last = offset;
  shape.forEach((extent, axis) => {
    const reach = stride[axis] * (extent - 1);
    if (reach < 0) first += reach;
    else last += reach;
  });
  if (first < 0 || last >= (data as ArrayLike<number>).length) {
    throw new ArgumentError({
      where: 'tensor',
      argument: 'data',
      wanted: `an ndarray whose entries lie within its ${(data as ArrayLike<number>).length} numbers`,
      got: `positions ${first} to ${last}`,
    });
  }
}

/** The same entries on another backend, in a dtype it has. Waits for the device when there is one. */
export async function toBackend(a: Tensor, backend: Backend): Promise<Tensor> {
  const dtype = backend.dtypes.includes(a.dtype) ? a.dtype : backend.dtypes[0];
  return tensor(await a.read(), { backend, dtype });
}
