import { ArgumentError, checkFinite, checkInteger } from '@sntk/errors';
import { showShape, type Tensor, toArray } from '@sntk/linalg';

/** A kernel between points and examples, with its outputs. */
export interface KernelColumns {
  readonly M: number;
  readonly N: number;
  readonly O: number;
  /** Output `row mod O` at point `⌊row/O⌋` against output `column mod O` of example `⌊column/O⌋`. */
  readonly entry: (row: number, column: number) => number;
}

/**
 * Reads a kernel `[M, N]`, which stands for `K ⊗ I_O`, or one of blocks, `[M, N, O, O]`.
 *
 * @throws ArgumentError for another shape, for numbers of outputs that do not fit, and for entries that are not finite.
 */
export function kernelColumns(where: string, K: Tensor, outputs: number | undefined): KernelColumns {
  const blocks = K.shape.length === 4;
  const O = checkInteger(where, 'options.outputs', outputs ?? (blocks ? K.shape[3] : 1), 1);
  if (K.shape.length !== 2 && !(blocks && K.shape[2] === O && K.shape[3] === O)) {
    throw new ArgumentError({
      where,
      argument: 'K',
      wanted: `of shape [M, N], or [M, N, ${O}, ${O}] for a kernel that couples outputs`,
      got: showShape(K.shape),
    });
  }
  const k = toArray(K);
  checkFinite(where, 'K', k);
  const [M, N] = K.shape;
  if (blocks) {
    const entry = (row: number, column: number): number =>
      k[((Math.floor(row / O) * N + Math.floor(column / O)) * O + (row % O)) * O + (column % O)];
    return { M, N, O, entry };
  }
  const entry = (row: number, column: number): number =>
    row % O === column % O ? k[Math.floor(row / O) * N + Math.floor(column / O)] : 0;
  return { M, N, O, entry };
}

/** @throws ArgumentError for what is not a matrix. */
export function checkMatrix(where: string, argument: string, A: Tensor): void {
  if (A.shape.length !== 2) {
    throw new ArgumentError({ where, argument, wanted: 'a matrix', got: showShape(A.shape) });
  }
}
