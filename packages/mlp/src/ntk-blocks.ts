import type { Architecture } from '@sntk/architecture';
import { checkInteger } from '@sntk/errors';
import type { FloatArray, Tensor } from '@sntk/linalg';
import { type EmpiricalNtkOptions, empiricalNtk } from './empirical-ntk.ts';
import { rowsFrom } from './jet.ts';

export interface NtkBlock {
  /** Row of `X` and row of `Z` of the block's first entry. */
  readonly row: number;
  readonly column: number;
  /** As `empiricalNtk` gives it, at most `[blockRows, blockRows, …]`. */
  readonly kernel: Tensor;
}

/**
 * The empirical kernel, MATH (7), block by block, for point sets whose kernel or whose activations do not fit into memory.
 *
 * Blocks come in row-major order and each is computed when asked for; a consumer stops early by leaving its loop. `X`
 * against itself gives the blocks on and below the diagonal only: the others are their transposes, in points and outputs.
 *
 * @throws ArgumentError when `blockRows` is no integer of at least 1, or points or outputs do not fit the architecture.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { empiricalNtkBlocks, initialize } from '@sntk/mlp';
 * import { createRng } from '@sntk/random';
 *
 * const network = fullyConnected({ inputs: 1, hidden: [64] });
 * const theta = initialize(network, { rng: createRng(1) });
 * const X = tensor([[1], [2], [3]], { backend: ndarrayBackend() });
 * for (const { row, column, kernel } of empiricalNtkBlocks(network, theta, { X, blockRows: 2 })) {
 *   if (row === 2 && column === 0) console.log(kernel.shape); // [1, 2]
 * }
 * ```
 */
export function* empiricalNtkBlocks(
  architecture: Architecture,
  theta: FloatArray,
  options: Omit<EmpiricalNtkOptions, 'dropout'> & { readonly blockRows: number },
): Generator<NtkBlock, void, undefined> {
  const { X, Z, blockRows, ...rest } = options;
  checkInteger('empiricalNtkBlocks', 'options.blockRows', blockRows, 1);
  const N = X.shape[0];
  const M = (Z ?? X).shape[0];
  for (let row = 0; row < N; row += blockRows) {
    const left = rowsFrom(X, row, blockRows);
    for (let column = 0; column < (Z ? M : row + 1); column += blockRows) {
      // On the diagonal the symmetric path, which is exact to the last bit.
      const right = !Z && column === row ? {} : { Z: rowsFrom(Z ?? X, column, blockRows) };
      yield { row, column, kernel: empiricalNtk(architecture, theta, { X: left, ...right, ...rest }) };
    }
  }
}
