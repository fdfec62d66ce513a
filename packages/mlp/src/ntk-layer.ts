import { matmul, type Tensor, toArray } from '@sntk/linalg';
import { rowsFrom } from './jet.ts';

/** What two sets of examples leave at a layer, `[N · sites, …]` and `[M · sites, …]`. */
type Both = readonly [Tensor, Tensor];

/** The most entries of a product of rows that is made at once, where a layer has many sites. */
const LARGEST = 2 ** 22;

/**
 * Adds to kernels `[N, M]` a layer's part of MATH (8), `(w a·a' + b) δ·δ'` with its inputs `a` and signals `δ`, for pairs of
 * outputs. A layer that sites share has it of all pairs of sites, `Σ_st (w a_s·a'_t + b) δ_s·δ'_t`.
 */
export function addLayer(
  inputs: Both,
  pairs: readonly { readonly signals: Both; readonly kernel: Float64Array }[],
  options: { readonly w: number; readonly b: number; readonly sites: number },
): void {
  const { w, b, sites } = options;
  const [rows, columns] = [inputs[0].shape[0], inputs[1].shape[0]];
  const count = sites === 1 ? rows : Math.max(1, Math.floor(LARGEST / columns));
  for (let from = 0; from < rows; from += count) {
    const inner = ([left, right]: Both) =>
      toArray(matmul(rowsFrom(left, from, count), right, { transposeB: true }));
    const products = inner(inputs);
    for (const { signals, kernel } of pairs) {
      const overlaps = inner(signals);
      if (sites === 1) {
        for (let i = 0; i < kernel.length; i++) kernel[i] += (w * products[i] + b) * overlaps[i];
        continue;
      }
      for (let i = 0, row = from; i < overlaps.length; row++) {
        let at = (Math.floor(row / sites) * columns) / sites;
        for (const end = i + columns; i < end; at++) {
          for (let t = 0; t < sites; t++, i++) kernel[at] += (w * products[i] + b) * overlaps[i];
        }
      }
    }
  }
}
