import { ArgumentError, checkInteger } from '@sntk/errors';
import type { Backend } from '../backend.ts';
import { adopt, tensor } from '../create.ts';
import { matmul, nameBeside, toArray } from '../ops.ts';
import { checkBytes } from '../shape.ts';
import { type DType, showShape, type Tensor } from '../tensor.ts';
import { type LinearOperator, make } from './linear-operator.ts';

export interface TiledOptions {
  /** Rows of the matrix, and columns. */
  readonly size: number;
  readonly backend: Backend;
  /** `float64` unless told. */
  readonly dtype?: DType;
  /** Rows and columns of a block, 512 unless told; the last ones are shorter. */
  readonly blockSize?: number;
  /** Whether blocks above the diagonal are the transposes of those below, which are then the only ones asked for. */
  readonly symmetric?: boolean;
  /** The rows `rows[0] … rows[1]` (the last one excluded) of the columns `columns[0] … columns[1]`. */
  block(rows: readonly [number, number], columns: readonly [number, number]): Tensor;
}

/**
 * The operator of a matrix whose blocks are computed when a product needs them and then forgotten, so that kernels of
 * sizes that no memory holds can be solved and diagonalized.
 *
 * A product asks for every block once, or with `symmetric` for those on and below the diagonal: give it many columns at a
 * time. Blocks are summed in float64, in the same order every time. Runs on CPU backends.
 *
 * @throws ArgumentError for a size that is no integer, and from products for blocks of another shape, backend or dtype.
 * `toDense` refuses over 8 GiB before anything is computed.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 * import { tiled } from '@sntk/linalg/operators';
 *
 * const backend = ndarrayBackend();
 * const range = (a: number, b: number) => Array.from({ length: b - a }, (_, i) => a + i);
 * const minimum = tiled({
 *   size: 4,
 *   backend,
 *   blockSize: 2,
 *   symmetric: true,
 *   block: (rows, columns) =>
 *     tensor(range(...rows).map((i) => range(...columns).map((j) => Math.min(i, j))), { backend }),
 * });
 * console.log(toArray(minimum.apply(tensor([[1], [1], [1], [1]], { backend })))); // Float64Array [0, 3, 5, 6]
 * ```
 */
export function tiled(options: TiledOptions): LinearOperator {
  const { backend, dtype = 'float64', symmetric = false } = options;
  const size = checkInteger('tiled', 'options.size', options.size);
  const blockSize = checkInteger('tiled', 'options.blockSize', options.blockSize ?? 512, 1);
  if (!backend.dtypes.includes(dtype)) {
    throw new ArgumentError({
      where: 'tiled',
      argument: 'options.dtype',
      wanted: `a dtype of backend ${backend.name} (${backend.dtypes.join(', ')})`,
      got: dtype,
    });
  }

  /** Computes the blocks that are needed, row of blocks by row of blocks. */
  const visit = (
    use: (B: Tensor, i: readonly [number, number], j: readonly [number, number]) => void,
  ): void => {
    for (let i = 0; i < size; i += blockSize) {
      const rows = [i, Math.min(size, i + blockSize)] as const;
      for (let j = 0; j < (symmetric ? rows[1] : size); j += blockSize) {
        const columns = [j, Math.min(size, j + blockSize)] as const;
        use(checked(options.block(rows, columns), rows, columns), rows, columns);
      }
    }
  };

  const checked = (B: Tensor, rows: readonly number[], columns: readonly number[]): Tensor => {
    const shape = showShape([rows[1] - rows[0], columns[1] - columns[0]]);
    if (B.backend !== backend || B.dtype !== dtype || showShape(B.shape) !== shape) {
      throw new ArgumentError({
        where: 'tiled',
        argument: `options.block([${rows}], [${columns}])`,
        wanted: `${shape} on backend ${backend.name} (${dtype})`,
        got: `${showShape(B.shape)} on ${nameBeside(B.backend, backend)} (${B.dtype})`,
      });
    }
    return B;
  };

  const apply = (x: Tensor): Tensor => {
    const p = x.shape[1];
    const entries = toArray(x);
    const sum = new Float64Array(size * p);
    const part = ([from, to]: readonly [number, number]): Tensor =>
      tensor(entries.subarray(from * p, to * p), { backend, shape: [to - from, p] });
    const accumulate = (from: number, product: Tensor): void => {
      const at = from * p;
      toArray(product).forEach((value: number, i: number) => {
        sum[at + i] += value;
      });
    };
    visit((B, rows, columns) => {
      accumulate(rows[0], matmul(B, part(columns)));
      if (symmetric && columns[0] < rows[0])
        accumulate(columns[0], matmul(B, part(rows), { transposeA: true }));
    });
    return tensor(sum, { backend, dtype, shape: [size, p] });
  };

  const toDense = (): Tensor => {
    checkBytes('tiled', 'the dense matrix', [size, size], dtype);
    const out = dtype === 'float64' ? new Float64Array(size * size) : new Float32Array(size * size);
    visit((B, [i0, i1], [j0, j1]) => {
      const entries = toArray(B);
      for (let i = i0, at = 0; i < i1; i++) {
        for (let j = j0; j < j1; j++, at++) {
          out[i * size + j] = entries[at];
          if (symmetric) out[j * size + i] = entries[at];
        }
      }
    });
    return adopt(out, backend, [size, size]);
  };

  return make('tiled(…).apply', size, { backend, dtype }, apply, toDense);
}
