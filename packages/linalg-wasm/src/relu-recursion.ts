import type { ReluRecursionRequest } from '@sntk/linalg/extending';
import { roundUp } from './cut.ts';
import { copyIn, copyOut, withWork } from './operands.ts';
import type { Runtime } from './runtime.ts';

/** Columns that the kernel takes at a time; rows are filled up to a multiple. */
const STEP = 8;

/** Pairs that a call handles: with its results they are 128 KB, so that two calls' stay in the second-level cache. */
const PAIRS = 8192;
/** Pairs of calls that are handed out together, for each thread. */
const CALLS = 2;

/** MATH (4) and (5) through ReLU activations on the kernel in `assembly/relu.ts`. */
export function wasmReluRecursion({ heap, team }: Runtime): (request: ReluRecursionRequest) => void {
  return (request) => {
    const { rows, columns, firstNngp, weightVariances, biasVariances, nngp, ntk } = request;
    const layers = weightVariances.length;
    const width = roundUp(columns, STEP);
    const height = Math.max(1, Math.min(rows, Math.floor(PAIRS / width)));
    const group = Math.min(Math.max(1, rows), height * (team.threads === 1 ? 1 : CALLS * team.threads));
    const sizes = [2, 2].map((copies) => copies * group * width);
    sizes.push(layers * width, layers * width, layers * rows, layers * rows, layers, layers);
    withWork(
      heap,
      'reluRecursion',
      sizes.map((size) => size * 8),
      ([k, t, columnDeviations, columnInverses, rowDeviations, rowInverses, scales, biases]) => {
        const memory = heap.f64();
        // Lanes beyond the columns are computed on too; zeros keep them finite.
        memory.fill(0, k / 8, k / 8 + sizes[0]);
        const { columnVariances, rowVariances } = request;
        const [deviations, inverses] = [columnDeviations / 8, columnInverses / 8];
        writeDeviations(memory, columnVariances, layers, columns, width, deviations, inverses);
        writeDeviations(memory, rowVariances, layers, rows, rows, rowDeviations / 8, rowInverses / 8);
        memory.set(
          weightVariances.map((variance) => variance / (2 * Math.PI)),
          scales / 8,
        );
        memory.set(biasVariances, biases / 8);

        // A group of rows is copied in while the one before it is computed, and copied out while the next one is.
        let before: (() => void) | undefined;
        for (let row = 0; row < rows; row += group) {
          const count = Math.min(group, rows - row);
          const block = { stride: columns, row, rows: count, column: 0, columns, width };
          const buffer = ((row / group) % 2) * group * width * 8;
          copyIn(heap, k + buffer, firstNngp, block);
          const calls: number[][] = [];
          for (let at = 0; at < count; at += height) {
            const place = buffer + at * width * 8;
            const tables = [columnDeviations, columnInverses];
            tables.push(rowDeviations + (row + at) * 8, rowInverses + (row + at) * 8, rows, scales, biases);
            calls.push([Math.min(height, count - at), width, layers, k + place, t + place, ...tables]);
          }
          team.finish();
          team.start({ kernel: 'reluRecursion', calls });
          before?.();
          before = () => {
            copyOut(heap, k + buffer, nngp, block);
            copyOut(heap, t + buffer, ntk, block);
          };
        }
        team.finish();
        before?.();
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
