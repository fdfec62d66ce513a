import type { ReluRecursionRequest } from '@sntk/linalg/extending';
import { copyIn, copyOut, withWork } from './operands.ts';
import type { Runtime } from './runtime.ts';

/** Columns that the kernel takes at a time; rows are filled up to a multiple. */
const STEP = 8;

/** Pairs that are in WASM memory at a time, so that a block and its results, 256 KB, stay in the second-level cache. */
const PAIRS = 16384;

/** MATH (4) and (5) through ReLU activations on the kernel in `assembly/relu.ts`. */
export function wasmReluRecursion({ kernels, heap }: Runtime): (request: ReluRecursionRequest) => void {
  return ({
    rows,
    columns,
    firstNngp,
    rowVariances,
    columnVariances,
    weightVariances,
    biasVariances,
    nngp,
    ntk,
  }) => {
    const layers = weightVariances.length;
    const width = Math.ceil(columns / STEP) * STEP;
    const height = Math.max(1, Math.min(rows, Math.floor(PAIRS / width)));
    const sizes = [
      height * width,
      height * width,
      layers * width,
      layers * width,
      layers * rows,
      layers * rows,
      layers,
      layers,
    ];
    withWork(
      heap,
      'reluRecursion',
      sizes.map((size) => size * 8),
      ([k, t, columnDeviations, columnInverses, rowDeviations, rowInverses, scales, biases]) => {
        const memory = heap.f64();
        // Lanes beyond the columns are computed on too; zeros keep them finite.
        memory.fill(0, k / 8, k / 8 + height * width);
        writeDeviations(
          memory,
          columnVariances,
          layers,
          columns,
          width,
          columnDeviations / 8,
          columnInverses / 8,
        );
        writeDeviations(memory, rowVariances, layers, rows, rows, rowDeviations / 8, rowInverses / 8);
        memory.set(
          weightVariances.map((variance) => variance / (2 * Math.PI)),
          scales / 8,
        );
        memory.set(biasVariances, biases / 8);
        for (let row = 0; row < rows; row += height) {
          const count = Math.min(height, rows - row);
          const block = { stride: columns, row, rows: count, column: 0, columns, width };
          copyIn(heap, k, firstNngp, block);
          kernels.reluRecursion(
            count,
            width,
            layers,
            k,
            t,
            columnDeviations,
            columnInverses,
            rowDeviations + row * 8,
            rowInverses + row * 8,
            rows,
            scales,
            biases,
          );
          copyOut(heap, k, nngp, block);
          copyOut(heap, t, ntk, block);
        }
      },
    );
  };
}

/** Writes `√q` and `1/√q` of `[layers, count]` variances with rows of `width`; both are 0 for a variance of 0. */
function writeDeviations(
  memory: Float64Array,
  variances: Float64Array,
  layers: number,
  count: number,
  width: number,
  deviations: number,
  inverses: number,
): void {
  for (let l = 0; l < layers; l++) {
    for (let i = 0; i < width; i++) {
      const deviation = i < count ? Math.sqrt(variances[l * count + i]) : 0;
      memory[deviations + l * width + i] = deviation;
      memory[inverses + l * width + i] = deviation > 0 ? 1 / deviation : 0;
    }
  }
}
