import { ArgumentError, checkInteger, checkLength } from '@sntk/errors';
import type { ChainLayer, DenseChain, DenseChainRequest } from '@sntk/linalg/extending';
import {
  moveWeights,
  type PlacedLayer,
  placeChain,
  readUnits,
  strideOf,
  writeUnits,
} from './chain-layout.ts';
import { disposed } from './operands.ts';
import type { Runtime } from './runtime.ts';

/** Chains of affine maps and activations whose parameters and activations stay in WASM memory. */
export function wasmDenseChain({ kernels, heap }: Runtime): (request: DenseChainRequest) => DenseChain {
  return ({ layers, parameters, maxRows }) => {
    checkRequest(layers, parameters, maxRows);
    const count = parameters.length;
    const placement = placeChain(layers, maxRows, isCalledBack);
    const first = placement.layers[0];
    const last = placement.layers[placement.layers.length - 1];
    let resident: number | undefined = heap.allocate('denseChain', placement.bytes);
    heap.f32().fill(0, resident / 4, (resident + placement.bytes) / 4);
    moveParameters(heap.f32(), resident, placement.layers, parameters, 'in');
    // Batch rows of the pass that the next `descend` belongs to; 0 when there is none.
    let rows = 0;

    const base = (method: string): number => {
      if (resident === undefined) throw disposed(`DenseChain.${method}`, 'chain');
      return resident;
    };

    return {
      forward(x, batch) {
        const at = base('forward');
        checkBatch(batch, maxRows);
        checkLength('DenseChain.forward', 'x', x, batch * first.layer.inputs, 'rows × inputs');
        rows = batch;
        const stride = strideOf(rows);
        writeUnits(heap.f32(), at + first.inputs, stride, x, rows, first.layer.inputs);
        for (const { layer, panels, groups, weights, biases, inputs, affine, outputs } of placement.layers) {
          kernels.chainForward(
            panels,
            groups,
            rows,
            stride,
            at + weights,
            at + biases,
            at + inputs,
            at + affine,
            layer.weightScale,
            layer.biasScale,
            isRelu(layer),
          );
          if (isCalledBack(layer)) applyValue(heap.f32(), layer, at + affine, at + outputs, stride, rows);
        }
        return readUnits(heap.f32(), at + last.outputs, stride, rows, last.layer.outputs);
      },

      descend(gradient, rate) {
        const at = base('descend');
        checkPass(rows);
        checkLength('DenseChain.descend', 'gradient', gradient, rows * last.layer.outputs, 'rows × outputs');
        const stride = strideOf(rows);
        let [signal, below] = placement.signals;
        writeUnits(heap.f32(), at + signal, stride, gradient, rows, last.layer.outputs);
        let scale = 1;
        for (const placed of placement.layers.toReversed()) {
          const { layer, panels, groups, weights, biases, inputs, affine, outputs } = placed;
          kernels.chainSignal(panels * stride, at + signal, at + outputs, scale, isRelu(layer));
          if (isCalledBack(layer)) applyDerivative(heap.f32(), layer, at + affine, at + signal, stride, rows);
          kernels.chainDescend(
            panels,
            groups,
            rows,
            stride,
            at + weights,
            at + biases,
            at + inputs,
            at + signal,
            placed === first ? 0 : at + below,
            rate * layer.weightScale,
            rate * layer.biasScale,
          );
          scale = layer.weightScale;
          [signal, below] = [below, signal];
        }
        rows = 0;
      },

      readParameters() {
        const out = new Float32Array(count);
        moveParameters(heap.f32(), base('readParameters'), placement.layers, out, 'out');
        return out;
      },

      dispose() {
        if (resident !== undefined) heap.free(resident);
        resident = undefined;
      },
    };
  };
}

function isRelu(layer: ChainLayer): boolean {
  return layer.activation?.name === 'relu';
}

/** Whether JavaScript applies the activation, for which the affine map's result must be kept. */
function isCalledBack(layer: ChainLayer): boolean {
  return layer.activation !== undefined && !isRelu(layer);
}

/** Lanes beyond the layer's outputs are set to 0, as the layer above relies on, whatever the activation makes of 0. */
function applyValue(
  memory: Float32Array,
  layer: ChainLayer,
  from: number,
  to: number,
  stride: number,
  rows: number,
): void {
  const { activation, outputs } = layer;
  for (let unit = 0; unit < Math.ceil(outputs / 4) * 4; unit++) {
    const offset = (unit >> 2) * stride * 4 + (unit & 3);
    for (let j = 0; j < rows; j++) {
      const h = memory[from / 4 + offset + j * 4];
      memory[to / 4 + offset + j * 4] = unit < outputs ? activation!.value(h) : 0;
    }
  }
}

function applyDerivative(
  memory: Float32Array,
  layer: ChainLayer,
  affine: number,
  signal: number,
  stride: number,
  rows: number,
): void {
  const { activation, outputs } = layer;
  for (let unit = 0; unit < outputs; unit++) {
    const offset = (unit >> 2) * stride * 4 + (unit & 3);
    for (let j = 0; j < rows; j++) {
      memory[signal / 4 + offset + j * 4] *= activation!.derivative(memory[affine / 4 + offset + j * 4]);
    }
  }
}

function moveParameters(
  memory: Float32Array,
  base: number,
  layers: readonly PlacedLayer[],
  parameters: Float32Array,
  direction: 'in' | 'out',
): void {
  let at = 0;
  for (const { layer, weights, biases } of layers) {
    const size = layer.inputs * layer.outputs;
    moveWeights(memory, base + weights, parameters.subarray(at, at + size), layer, direction);
    at += size;
    const outside = parameters.subarray(at, at + layer.outputs);
    const inside = memory.subarray((base + biases) / 4, (base + biases) / 4 + layer.outputs);
    if (direction === 'in') inside.set(outside);
    else outside.set(inside);
    at += layer.outputs;
  }
}

function checkRequest(layers: readonly ChainLayer[], parameters: Float32Array, maxRows: number): void {
  const where = 'denseChain';
  checkInteger(where, 'maxRows', maxRows, 1);
  checkInteger(where, 'layers.length', layers.length, 1);
  let size = 0;
  layers.forEach(({ inputs, outputs }, l) => {
    checkInteger(where, `layers[${l}].inputs`, inputs, 1);
    checkInteger(where, `layers[${l}].outputs`, outputs, 1);
    if (l > 0 && inputs !== layers[l - 1].outputs) {
      throw new ArgumentError({
        where,
        argument: `layers[${l}].inputs`,
        wanted: `${layers[l - 1].outputs}, the outputs of the layer before`,
        got: inputs,
      });
    }
    size += inputs * outputs + outputs;
  });
  checkLength(where, 'parameters', parameters, size, 'weights and biases of all layers');
}

function checkBatch(batch: number, maxRows: number): void {
  checkInteger('DenseChain.forward', 'rows', batch, 1);
  if (batch > maxRows) {
    throw new ArgumentError({
      where: 'DenseChain.forward',
      argument: 'rows',
      wanted: `at most ${maxRows}`,
      got: batch,
      fix: 'make the chain with a larger maxRows',
    });
  }
}

function checkPass(rows: number): void {
  if (rows > 0) return;
  throw new ArgumentError({
    where: 'DenseChain.descend',
    argument: 'gradient',
    wanted: 'taken at a forward pass with the present parameters',
    got: 'no forward pass since the last step',
    fix: 'call forward before each descend',
  });
}
