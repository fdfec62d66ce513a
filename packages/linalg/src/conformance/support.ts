import type { Backend } from '../backend.ts';
import { contiguous, tensor } from '../create.ts';
import { type DType, type FloatArray, showShape, sizeOf, type Tensor } from '../tensor.ts';
import type { ConformanceCase } from './cases.ts';

/** Throws the suite's own kind of message. */
export function demand(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(message);
}

/** A case for every backend. */
export function always(name: string, run: (backend: Backend) => Promise<void>): ConformanceCase {
  return { name, applies: () => true, run };
}

/** A case for backends that have something; on others it does nothing. */
export function when(
  applies: (backend: Backend) => boolean,
  name: string,
  body: (backend: Backend) => Promise<void> | void,
): ConformanceCase {
  return {
    name,
    applies,
    async run(backend: Backend): Promise<void> {
      if (applies(backend)) await body(backend);
    },
  };
}

/** Runs `body` for every dtype of a backend, and says which one failed. */
export async function eachDtype(
  backend: Backend,
  body: (dtype: DType, tolerance: number) => Promise<void>,
): Promise<void> {
  for (const dtype of backend.dtypes) {
    try {
      await body(dtype, toleranceOf(backend, dtype));
    } catch (cause) {
      throw new Error(`${backend.name}, ${dtype}: ${(cause as Error).message}`, { cause });
    }
  }
}

export function toleranceOf(backend: Backend, dtype: DType): number {
  const tolerance = backend.tolerance[dtype];
  demand(tolerance !== undefined, `backend ${backend.name} states no tolerance for ${dtype}`);
  return tolerance;
}

/** Numbers in [−1, 1), the same on every machine and exact in float32 (a linear congruential sequence). */
export function numbers(length: number, seed: number): Float64Array {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
}

/** A tensor with these entries, rounded to the dtype. */
export function put(
  backend: Backend,
  dtype: DType,
  entries: ArrayLike<number>,
  shape: readonly number[],
): Tensor {
  const data = dtype === 'float64' ? Float64Array.from(entries) : Float32Array.from(entries);
  return tensor(data, { backend, shape });
}

/** The entries as the dtype holds them, in float64. */
export function rounded(dtype: DType, entries: ArrayLike<number>): Float64Array {
  return Float64Array.from(dtype === 'float64' ? entries : Float32Array.from(entries));
}

/** The row-major entries of a tensor that must have this shape, dtype and backend. */
export async function take(t: Tensor, like: Tensor, shape: readonly number[]): Promise<FloatArray> {
  demand(t.backend === like.backend, `a result is on backend ${t.backend.name}, not on its operand's`);
  demand(t.dtype === like.dtype, `a result has dtype ${t.dtype} instead of ${like.dtype}`);
  demand(
    showShape(t.shape) === showShape(shape),
    `shape ${showShape(t.shape)} instead of ${showShape(shape)}`,
  );
  const array = await t.read();
  demand(showShape(array.shape) === showShape(shape), `read() gave shape ${showShape(array.shape)}`);
  const flat = contiguous(array);
  demand(flat.length === sizeOf(shape), `read() gave ${flat.length} entries for shape ${showShape(shape)}`);
  return flat;
}

/** Throws unless `|actual − expected| ≤ tolerance · scale` everywhere; the scale is `|expected|` unless told. */
export function close(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  scale?: number | ArrayLike<number>,
): void {
  demand(
    actual.length === expected.length,
    `${what}: ${actual.length} entries instead of ${expected.length}`,
  );
  for (let i = 0; i < expected.length; i++) {
    const unit = scale === undefined ? Math.abs(expected[i]) : typeof scale === 'number' ? scale : scale[i];
    const error = Math.abs(actual[i] - expected[i]);
    if (!(error <= tolerance * unit) && !Object.is(actual[i], expected[i])) {
      throw new Error(
        `${what}: entry ${i} is ${actual[i]}, expected ${expected[i]}: off by ${error.toExponential(2)}, ` +
          `accepted ${(tolerance * unit).toExponential(2)}`,
      );
    }
  }
}

/** The error that `body` throws. */
export function thrown(what: string, body: () => unknown): Error & Record<string, unknown> {
  try {
    body();
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error(`${what}: nothing was thrown`);
}

export function maxAbs(entries: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < entries.length; i++) largest = Math.max(largest, Math.abs(entries[i]));
  return largest;
}

/** `op(A) op(B)` by the definition, with `op(A)` `[m, k]` and `op(B)` `[k, n]`. */
export function product(
  m: number,
  n: number,
  k: number,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  flags: { transposeA?: boolean; transposeB?: boolean; magnitudes?: boolean } = {},
): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) {
        const term =
          (flags.transposeA ? a[p * m + i] : a[i * k + p]) * (flags.transposeB ? b[j * k + p] : b[p * n + j]);
        sum += flags.magnitudes ? Math.abs(term) : term;
      }
      c[i * n + j] = sum;
    }
  }
  return c;
}
