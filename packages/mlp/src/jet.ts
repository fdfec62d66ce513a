import { type FloatArray, type Tensor, tensor, toArray } from '@sntk/linalg';

/** A value `[N, units]`, or `[N · sites, channels]`, with its derivatives along a direction in parameter space. What is absent is 0, or was not asked for. */
export interface Jet {
  readonly value: Tensor;
  readonly first?: Tensor | undefined;
  readonly second?: Tensor | undefined;
}

/**
 * Takes a signal `∂(f · cotangent)/∂output`, `[N, outputs]`, with its derivative, to the signal at the input, if parameters come
 * before; on the way the signals at the outputs of dense layers are written to `signals`.
 */
export type Pull = (signal: Jet, signals: Jet[]) => Jet | undefined;

/** What a step makes of its input, and its way back. */
export interface Applied {
  readonly output: Jet;
  readonly pull: Pull;
}

/** A tensor of the backend and format of `a` and, unless told, of its shape. */
export function tensorLike(
  a: Tensor,
  entries: ArrayLike<number>,
  shape: readonly number[] = a.shape,
): Tensor {
  const data: FloatArray =
    entries instanceof Float64Array || entries instanceof Float32Array ? entries : Float64Array.from(entries);
  return tensor(data, { backend: a.backend, dtype: a.dtype, shape });
}

/** At most `count` rows of a matrix from row `from` on; the matrix itself when they are all of it. */
export function rowsFrom(a: Tensor, from: number, count: number): Tensor {
  const [rows, columns] = a.shape;
  if (from === 0 && count >= rows) return a;
  const data = toArray(a).subarray(from * columns, (from + count) * columns);
  return tensorLike(a, data, [Math.min(count, rows - from), columns]);
}

/** An array of zeros of the format of `a`. */
export function zerosLike(a: Tensor | FloatArray, length: number): FloatArray {
  const single = 'dtype' in a ? a.dtype === 'float32' : a instanceof Float32Array;
  return single ? new Float32Array(length) : new Float64Array(length);
}

/** A factor and one or two tensors that are multiplied entry by entry; 0 when one is absent. */
type Term = readonly [factor: number, a: Tensor | undefined, b: Tensor | undefined];

/** The sum of terms, entry by entry, or nothing when all are absent. */
export function sumOfProducts(...terms: readonly Term[]): Tensor | undefined {
  let sum: FloatArray | undefined;
  let like: Tensor | undefined;
  for (const [factor, a, b] of terms) {
    if (!a || !b) continue;
    const [x, y] = [toArray(a), toArray(b)];
    like ??= a;
    sum ??= zerosLike(a, x.length);
    for (let i = 0; i < x.length; i++) sum[i] += factor * x[i] * y[i];
  }
  return like && sum ? tensorLike(like, sum) : undefined;
}

/** The sum of tensors, or nothing when all are absent. */
export function sumOf(tensors: readonly (Tensor | undefined)[]): Tensor | undefined {
  const there = tensors.filter((one) => one !== undefined);
  if (there.length < 2) return there[0];
  const sum = toArray(there[0]).slice();
  for (const one of there.slice(1)) {
    const x = toArray(one);
    for (let i = 0; i < sum.length; i++) sum[i] += x[i];
  }
  return tensorLike(there[0], sum);
}

/** A linear map of a jet. */
export function mapJet({ value, first, second }: Jet, map: (a: Tensor) => Tensor): Jet {
  return { value: map(value), first: first && map(first), second: second && map(second) };
}

/** The product of two jets, entry by entry. */
export function multiplyJets(a: Jet, b: Jet): Jet {
  return {
    value: sumOfProducts([1, a.value, b.value])!,
    first: sumOfProducts([1, a.first, b.value], [1, a.value, b.first]),
    second: sumOfProducts([1, a.second, b.value], [2, a.first, b.first], [1, a.value, b.second]),
  };
}
