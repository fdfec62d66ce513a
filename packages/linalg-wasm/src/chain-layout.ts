import type { FloatArray } from '@sntk/linalg';
import type { ChainLayer } from '@sntk/linalg/extending';

/*
 * How a chain lies in WASM memory; `assembly/chain.ts` says why. Units are taken in groups of four, filled up with zeros:
 * weights `[panels][groups][4 rows][4 lanes]`, anything by unit and batch row `[groups][stride][4 lanes]`.
 */

/** A layer's extents in groups of four, and where its numbers are, in bytes from the chain's allocation. */
export interface PlacedLayer {
  readonly layer: ChainLayer;
  /** Groups of inputs. */
  readonly groups: number;
  /** Groups of outputs. */
  readonly panels: number;
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
  /** Two buffers for ∂loss by unit and batch row, the largest layer's size. */
  readonly signals: readonly [number, number];
  readonly bytes: number;
}

/** Distance of two groups of units in vectors, an odd multiple of 64 bytes where it is long: powers of two share cache sets. */
export function strideOf(rows: number): number {
  return rows <= 32 ? rows : (Math.ceil(rows / 4) | 1) * 4;
}

/** Places all that a chain of `layers` needs for up to `maxRows` batch rows. */
export function placeChain(
  layers: readonly ChainLayer[],
  maxRows: number,
  isCalledBack: (layer: ChainLayer) => boolean,
): Placement {
  let bytes = 0;
  const reserve = (vectors: number): number => {
    const at = bytes;
    bytes += Math.ceil(vectors / 4) * 64;
    return at;
  };
  const stride = strideOf(maxRows);
  const groupsOf = (units: number): number => Math.ceil(units / 4);
  let inputs = reserve(groupsOf(layers[0].inputs) * stride);
  const placed = layers.map((layer): PlacedLayer => {
    const groups = groupsOf(layer.inputs);
    const panels = groupsOf(layer.outputs);
    const weights = reserve(panels * groups * 4);
    const biases = reserve(panels);
    const affine = reserve(panels * stride);
    const outputs = isCalledBack(layer) ? reserve(panels * stride) : affine;
    const at: PlacedLayer = { layer, groups, panels, weights, biases, inputs, affine, outputs };
    inputs = outputs;
    return at;
  });
  const largest = Math.max(...placed.map((at) => at.panels)) * stride;
  return { layers: placed, signals: [reserve(largest), reserve(largest)], bytes };
}

/** Copies row-major `[rows, units]` numbers to `address`, with zeros in the lanes left over. */
export function writeUnits(
  memory: Float32Array,
  address: number,
  stride: number,
  from: FloatArray,
  rows: number,
  units: number,
): void {
  const start = address / 4;
  for (let j = 0; j < rows; j++) {
    for (let unit = 0; unit < Math.ceil(units / 4) * 4; unit++) {
      const to = start + ((unit >> 2) * stride + j) * 4 + (unit & 3);
      memory[to] = unit < units ? from[j * units + unit] : 0;
    }
  }
}

/** The row-major `[rows, units]` numbers at `address`. */
export function readUnits(
  memory: Float32Array,
  address: number,
  stride: number,
  rows: number,
  units: number,
): Float32Array {
  const out = new Float32Array(rows * units);
  const start = address / 4;
  for (let j = 0; j < rows; j++) {
    for (let unit = 0; unit < units; unit++) {
      out[j * units + unit] = memory[start + ((unit >> 2) * stride + j) * 4 + (unit & 3)];
    }
  }
  return out;
}

/** Copies row-major weights to their panels at `address`, or back from there. */
export function moveWeights(
  memory: Float32Array,
  address: number,
  weights: Float32Array,
  layer: ChainLayer,
  direction: 'in' | 'out',
): void {
  const { inputs, outputs } = layer;
  const groups = Math.ceil(inputs / 4);
  const start = address / 4;
  for (let r = 0; r < outputs; r++) {
    const row = start + (r >> 2) * groups * 16 + (r & 3) * 4;
    for (let k = 0; k < inputs; k++) {
      const at = row + (k >> 2) * 16 + (k & 3);
      if (direction === 'in') memory[at] = weights[r * inputs + k];
      else weights[r * inputs + k] = memory[at];
    }
  }
}
