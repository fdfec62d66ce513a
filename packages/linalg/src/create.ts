import { ArgumentError, show } from '@sntk/errors';
import type { NdArray } from 'ndarray';
import type { Backend } from './backend.ts';
import { type DType, type FloatArray, sizeOf, type Tensor } from './tensor.ts';

/** The largest tensor this package allocates: beyond it a typed array cannot be made or the machine will swap. */
const MAX_BYTES = 2 ** 33;

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
  const { backend } = options;
  const { flat, shape: natural } = flatten(data);
  const shape = checkShape('tensor', options.shape ?? natural);
  if (sizeOf(shape) !== flat.length) {
    throw new ArgumentError({
      where: 'tensor',
      argument: 'options.shape',
      wanted: `a shape of ${flat.length} entries`,
      got: shape,
    });
  }
  const fallback: DType = backend.dtypes.includes('float64') ? 'float64' : 'float32';
  const own: DType | undefined =
    flat instanceof Float64Array ? 'float64' : flat instanceof Float32Array ? 'float32' : undefined;
  const dtype = options.dtype ?? own ?? fallback;
  checkDtype('tensor', backend, dtype);
  return backend.upload(dtype === 'float64' ? Float64Array.from(flat) : Float32Array.from(flat), shape);
}

/** A tensor of zeros. Sizes over 8 GiB are refused before anything is allocated. */
export function zeros(shape: readonly number[], options: Omit<TensorOptions, 'shape'>): Tensor {
  return filled('zeros', shape, options, () => {});
}

/** The identity matrix of size `n`. */
export function eye(n: number, options: Omit<TensorOptions, 'shape'>): Tensor {
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
  const size = sizeOf(checkShape(where, shape));
  const dtype = options.dtype ?? (options.backend.dtypes.includes('float64') ? 'float64' : 'float32');
  checkDtype(where, options.backend, dtype);
  const bytes = size * (dtype === 'float64' ? 8 : 4);
  if (bytes > MAX_BYTES) {
    throw new ArgumentError({
      where,
      argument: 'shape',
      wanted: `at most ${MAX_BYTES / 2 ** 30} GiB`,
      got: `${show([...shape])}, which is ${(bytes / 2 ** 30).toFixed(1)} GiB`,
      fix: 'work in blocks',
    });
  }
  const flat = dtype === 'float64' ? new Float64Array(size) : new Float32Array(size);
  fill(flat);
  return options.backend.upload(flat, shape);
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

function checkShape(where: string, shape: readonly number[]): readonly number[] {
  for (const extent of shape) {
    if (!Number.isSafeInteger(extent) || extent < 0) {
      throw new ArgumentError({ where, argument: 'shape', wanted: 'integers of at least 0', got: [...shape] });
    }
  }
  return [...shape];
}

function flatten(data: TensorData): { flat: FloatArray | number[]; shape: number[] } {
  if (data instanceof Float64Array || data instanceof Float32Array) return { flat: data, shape: [data.length] };
  if (isNdArray(data)) return { flat: contiguous(data), shape: [...data.shape] };
  const rows = data as readonly (number | readonly number[])[];
  if (rows.length === 0 || typeof rows[0] === 'number') {
    return { flat: rows as number[], shape: [rows.length] };
  }
  const columns = (rows[0] as readonly number[]).length;
  rows.forEach((row, i) => {
    const length = typeof row === 'number' ? 0 : row.length;
    if (length !== columns) {
      throw new ArgumentError({
        where: 'tensor',
        argument: 'data',
        wanted: `rows of ${columns} numbers`,
        got: `${length} in row ${i}`,
      });
    }
  });
  return { flat: (rows as number[][]).flat(), shape: [rows.length, columns] };
}

function isNdArray(data: TensorData): data is NdArray {
  return 'stride' in data && 'offset' in data;
}

/** Row-major entries of an ndarray of any strides, negative ones too. */
function contiguous(array: NdArray): FloatArray {
  const { shape, stride, offset } = array;
  const source = array.data as ArrayLike<number>;
  const size = sizeOf(shape);
  const out = source instanceof Float32Array ? new Float32Array(size) : new Float64Array(size);
  const index = new Array<number>(shape.length).fill(0);
  let at = offset;
  for (let i = 0; i < size; i++) {
    out[i] = source[at];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += stride[axis];
      if (++index[axis] < shape[axis]) break;
      at -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}
