import { checkInteger, checkLength } from '@sntk/errors';
import type { BlockFunction, Diffusion } from './problem.ts';

/**
 * The diffusion whose matrix is written out: g(t, x), of `dimension` rows and `noiseDimension` columns, for every path.
 *
 * @param matrix writes g into `out` `[dimension, noiseDimension, paths]`: entry (i·noiseDimension + j)·paths + p is g_ij of
 * path p; entries that are left alone keep what the last call wrote, at first 0
 * @throws ArgumentError for dimensions that are no positive integers, or blocks of other sizes
 *
 * @example
 * ```ts
 * import { matrixDiffusion } from '@sntk/sde';
 *
 * const shear = matrixDiffusion({ dimension: 2, noiseDimension: 2 }, (_t, _x, g) => g.set([1, 0.5, 0, 1]));
 * const out = new Float64Array(2);
 * shear.apply(0, Float64Array.of(0, 0), Float64Array.of(2, 4), out, 1);
 * console.log(out); // Float64Array(2) [ 4, 4 ]
 * ```
 */
export function matrixDiffusion(
  shape: { readonly dimension: number; readonly noiseDimension: number },
  matrix: BlockFunction,
): Diffusion {
  const where = 'matrixDiffusion';
  const d = checkInteger(where, 'shape.dimension', shape.dimension, 1);
  const m = checkInteger(where, 'shape.noiseDimension', shape.noiseDimension, 1);
  let g = new Float64Array(0);
  return {
    apply(t, x, dW, out, paths) {
      if (g.length !== d * m * paths) g = new Float64Array(d * m * paths);
      checkLength(where, 'x', x, d * paths, 'dimension × paths');
      checkLength(where, 'dW', dW, m * paths, 'noiseDimension × paths');
      matrix(t, x, g, paths);
      out.fill(0);
      for (let i = 0; i < d; i++) {
        for (let j = 0; j < m; j++) {
          const from = (i * m + j) * paths;
          for (let p = 0; p < paths; p++) out[i * paths + p] += g[from + p] * dW[j * paths + p];
        }
      }
    },
  };
}
