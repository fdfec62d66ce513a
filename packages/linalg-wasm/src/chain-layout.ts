import type { FloatArray } from '@sntk/linalg';
import type { ChainLayer } from '@sntk/linalg/extending';

/*
 * How a chain lies in WASM memory; `assembly/chain.ts` says why. A vector has L lanes, four in float32 and two in float64. Units
 * are filled up with zeros to a multiple of four: weights are `[outputs/4][inputs/L][4 rows][L lanes]`, anything by unit and
 * batch row `[units/L][stride][L lanes]`. All parameters come first, one copy of that region for each of the rule's averages after
 * them, so that a parameter and its averages are a constant distance apart.
 */

/** A layer's extents, and where its numbers are, in bytes from the chain's allocation. */
export interface PlacedLayer {
  readonly layer: ChainLayer;
  /** Vectors of inputs. */
  readonly groups: number;
  /** Outputs in fours. */
  readonly panels: number;
  /** Vectors of outputs. */
  readonly outputGroups: number;
  readonly weights: number;
  readonly biases: number;
  /** What the layer reads. */
  readonly inputs: number;
  /** What its affine map gives. */
  readonly affine: number;
  /** What the next layer reads: the same place as `affine` unless JavaScript applies the activation. */
  readonly outputs: number;
}

export interface Placement {
  readonly layers: readonly PlacedLayer[];
  /** Bytes from a parameter to its first average, and from there to its second. */
  readonly distance: number;
  /** Two buffers for ∂loss by unit and batch row, the largest layer's size. */
  readonly signals: readonly [number, number];
  /** What `assembly/chain-rule.ts` reads. */
  readonly rule: number;
  /** Work space of the threads. */
  readonly work: number;
  readonly bytes: number;
}

const PAGE = 4096;
/** Loads and stores a multiple of a page apart wait for each other, so regions begin at other places of a page. */
const SHIFT = 1088;

/** Distance of two groups of units in vectors, an odd multiple of 64 bytes where it is long: powers of two share cache sets. */
export function strideOf(rows: number): number {
  return rows <= 32 ? rows : (Math.ceil(rows / 4) | 1) * 4;
}

/** Places all that a chain of `layers` needs for up to `maxRows` batch rows and a rule of `averages` averages. */
export function placeChain(
  layers: readonly ChainLayer[],
  options: {
    readonly lanes: number;
    readonly maxRows: number;
    readonly averages: number;
    /** Bytes of work space. */
    readonly work: number;
    readonly isCalledBack: (layer: ChainLayer) => boolean;
  },
): Placement {
  const { lanes, maxRows, averages, work, isCalledBack } = options;
  let bytes = 0;
  const reserve = (vectors: number): number => {
    const at = bytes;
    bytes += Math.ceil(vectors / 4) * 64;
    return at;
  };
  const groupsOf = (units: number): number => Math.ceil(units / 4) * (4 / lanes);
  const parameters = layers.map(({ inputs, outputs }) => {
    const [groups, panels, outputGroups] = [groupsOf(inputs), Math.ceil(outputs / 4), groupsOf(outputs)];
    return {
      groups,
      panels,
      outputGroups,
      weights: reserve(panels * groups * 4),
      biases: reserve(outputGroups),
    };
  });
  const distance = averages > 0 ? Math.ceil(bytes / PAGE) * PAGE + SHIFT : 0;
  bytes += averages * distance;
  const stride = strideOf(maxRows);
  let inputs = reserve(parameters[0].groups * stride);
  const placed = layers.map((layer, l): PlacedLayer => {
    const { outputGroups } = parameters[l];
    const affine = reserve(outputGroups * stride);
    const outputs = isCalledBack(layer) ? reserve(outputGroups * stride) : affine;
    const at: PlacedLayer = { layer, ...parameters[l], inputs, affine, outputs };
    inputs = outputs;
    return at;
  });
  const largest = Math.max(...placed.map((at) => at.outputGroups)) * stride;
  const signals = [reserve(largest), reserve(largest)] as const;
  return { layers: placed, distance, signals, rule: reserve(8), work: reserve(work / 16), bytes };
}

/** Where unit `unit` of batch row 0 is, in numbers from the array's start; batch rows are `lanes` apart. */
export function unitOffset(unit: number, stride: number, lanes: number): number {
  return Math.floor(unit / lanes) * stride * lanes + (unit % lanes);
}

/** Copies row-major `[rows, units]` numbers to `start`, with zeros in the units left over. */
export function writeUnits(
  memory: FloatArray,
  start: number,
  from: FloatArray,
  at: { readonly stride: number; readonly lanes: number; readonly rows: number; readonly units: number },
): void {
  const { stride, lanes, rows, units } = at;
  for (let unit = 0; unit < Math.ceil(units / 4) * 4; unit++) {
    const to = start + unitOffset(unit, stride, lanes);
    for (let j = 0; j < rows; j++) memory[to + j * lanes] = unit < units ? from[j * units + unit] : 0;
  }
}

/** Copies the row-major `[rows, units]` numbers at `start` to `out`. */
export function readUnits(
  memory: FloatArray,
  start: number,
  out: FloatArray,
  at: { readonly stride: number; readonly lanes: number; readonly rows: number; readonly units: number },
): void {
  const { stride, lanes, rows, units } = at;
  for (let unit = 0; unit < units; unit++) {
    const from = start + unitOffset(unit, stride, lanes);
    for (let j = 0; j < rows; j++) out[j * units + unit] = memory[from + j * lanes];
  }
}

/** Copies the parameters of `layers`, row-major, to their panels in the region at `base` bytes, or back from there. */
export function moveParameters(
  memory: FloatArray,
  base: number,
  layers: readonly PlacedLayer[],
  parameters: FloatArray,
  direction: 'in' | 'out',
): void {
  const size = memory.BYTES_PER_ELEMENT;
  const lanes = 16 / size;
  let at = 0;
  for (const { layer, groups, weights, biases } of layers) {
    const { inputs, outputs } = layer;
    for (let r = 0; r < outputs; r++, at += inputs) {
      const row = (base + weights) / size + (r >> 2) * groups * 4 * lanes + (r & 3) * lanes;
      const inside: Row = { numbers: memory, start: row, step: 4 * lanes };
      const outside: Row = { numbers: parameters, start: at, step: lanes };
      if (direction === 'in') copyRow(inside, outside, inputs, lanes);
      else copyRow(outside, inside, inputs, lanes);
    }
    const outside = parameters.subarray(at, at + outputs);
    const inside = memory.subarray((base + biases) / size, (base + biases) / size + outputs);
    if (direction === 'in') inside.set(outside);
    else outside.set(inside);
    at += outputs;
  }
}

/** A row of weights by vectors, `step` numbers apart. */
interface Row {
  readonly numbers: FloatArray;
  readonly start: number;
  readonly step: number;
}

function copyRow(to: Row, from: Row, count: number, lanes: number): void {
  const [target, source] = [to.numbers, from.numbers];
  let [t, s] = [to.start, from.start];
  for (let k = 0; k < count; k += lanes, t += to.step, s += from.step) {
    const some = Math.min(lanes, count - k);
    for (let lane = 0; lane < some; lane++) target[t + lane] = source[s + lane];
  }
}
