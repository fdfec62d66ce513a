import type { ReluRecursionRequest } from '@sntk/linalg/extending';
import { roundUp } from './cut.ts';
import { withWork } from './operands.ts';
import { type Pairs, pairRows } from './relu-rows.ts';
import type { Runtime } from './runtime.ts';

/** Columns that the kernel takes at a time; rows are filled up to a multiple. */
const STEP = 8;

/** Pairs that a call handles: with its results they are 128 KB, so that two calls' stay in the second-level cache. */
const PAIRS = 8192;
/** Pairs that are copied in together, for each thread. */
const GROUP = 2 * PAIRS;
/** Rows of a group are a multiple of these, a cache line of each column that they are mirrored to. */
const LINE = 8;

/** MATH (4) and (5) through ReLU activations on the kernel in `assembly/relu.ts`. */
export function wasmReluRecursion({ heap, team }: Runtime): (request: ReluRecursionRequest) => void {
  return (request) => {
    const { rows, columns, weightVariances, biasVariances, mirrored = false } = request;
    if (rows * columns === 0) return;
    const layers = weightVariances.length;
    const width = roundUp(columns, STEP);
    const height = Math.max(1, Math.floor(PAIRS / width));
    const group = Math.min(rows, roundUp(Math.ceil((team.threads * GROUP) / width), LINE));
    const buffers = [2, 2, 2].map((copies, at) => copies * group * (at < 2 ? width : 1));
    const tables = [width, width, rows, rows, 1, 1].map((count) => (layers + 1) * count);
    const sizes = [...buffers, ...tables].map((size) => size * 8);
    // Rows that are out, perhaps in place of their first NNGP, are not done again when a worker is lost.
    let done = 0;
    withWork(heap, 'reluRecursion', sizes, ([k, t, near, ...at]) => {
      const memory = heap.f64();
      // Lanes beyond the columns are computed on too; zeros keep them finite.
      memory.fill(0, k / 8, k / 8 + buffers[0]);
      const [columnDeviations, columnInverses, rowDeviations, rowInverses, scales, biases] = at;
      const { columnVariances, rowVariances, firstLayer = { weight: 1, bias: 0 } } = request;
      const column = { width, deviations: columnDeviations / 8, inverses: columnInverses / 8 };
      writeDeviations(memory, [columnVariances, request.near?.columnVariances], columns, column);
      const row = { width: rows, deviations: rowDeviations / 8, inverses: rowInverses / 8 };
      writeDeviations(memory, [rowVariances, request.near?.rowVariances], rows, row);
      const halves = weightVariances.map((variance) => variance / (2 * Math.PI));
      memory.set([firstLayer.weight, ...halves], scales / 8);
      memory.set([firstLayer.bias, ...biasVariances], biases / 8);

      // A group of rows is copied in while the one before it is computed, and copied out while the next one is.
      const copy = pairRows(heap, request, width);
      let before: Pairs | undefined;
      const takeOut = (): void => {
        if (!before) return;
        copy.out(before);
        done = before.row + before.rows;
      };
      for (let from = done; from < rows; from += group) {
        const count = Math.min(group, rows - from);
        const side = ((from / group) % 2) * group;
        const pairs: Pairs = {
          ...{ row: from, rows: count, near: near + side * 8 },
          ...{ k: k + side * width * 8, t: t + side * width * 8 },
        };
        copy.in(pairs);
        const calls: number[][] = [];
        for (let i = 0; i < count; i += height) {
          const shift = i * width * 8;
          calls.push([
            ...[Math.min(height, count - i), width, mirrored ? from + i : columns, layers],
            ...[pairs.k + shift, pairs.t + shift, columnDeviations, columnInverses],
            ...[rowDeviations + (from + i) * 8, rowInverses + (from + i) * 8, rows, scales, biases],
            ...[request.near?.cosine ?? 1, pairs.near + i * 8],
          ]);
        }
        team.finish();
        team.start({ kernel: 'reluRecursion', calls });
        try {
          takeOut();
        } catch (error) {
          // What a near pair threw must not give back memory that workers write to.
          team.finish();
          throw error;
        }
        before = pairs;
      }
      team.finish();
      takeOut();
    });
  };
}

/** Where `√q` and `1/√q` go, and from one layer's to the next one's. */
interface Table {
  readonly width: number;
  readonly deviations: number;
  readonly inverses: number;
}

/**
 * Writes `√q` and `1/√q` of `[layers, count]` variances, and of those at the output if there are; both are 0 for a variance
 * of 0.
 */
function writeDeviations(
  memory: Float64Array,
  [entering, output = NONE]: readonly [Float64Array, Float64Array | undefined],
  count: number,
  { width, deviations, inverses }: Table,
): void {
  const layers = entering.length / count;
  for (let l = 0; l <= layers; l++) {
    for (let i = 0; i < width; i++) {
      const variance = i >= count ? 0 : l < layers ? entering[l * count + i] : (output[i] ?? 0);
      const deviation = Math.sqrt(variance);
      memory[deviations + l * width + i] = deviation;
      memory[inverses + l * width + i] = deviation > 0 ? 1 / deviation : 0;
    }
  }
}

const NONE = new Float64Array(0);
