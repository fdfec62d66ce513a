import type { FloatArray } from '@sntk/linalg';
import {
  type ChainLayer,
  checkChainGradient,
  checkChainInput,
  checkChainRequest,
  type DenseChain,
  type DenseChainRequest,
} from '@sntk/linalg/extending';
import { moveParameters, placeChain, readUnits, strideOf, unitOffset, writeUnits } from './chain-layout.ts';
import { storedRule } from './chain-rule.ts';
import { disposed } from './operands.ts';
import type { Runtime } from './runtime.ts';

/** Chains of affine maps and activations whose parameters, averages and activations stay in WASM memory. */
export function wasmDenseChain(runtime: Runtime): (request: DenseChainRequest) => DenseChain {
  const { heap } = runtime;
  return (request) => {
    const { layers, parameters, maxRows, rule: chosen, averages, steps } = checkChainRequest(request);
    const { memory, lanes, least, empty, forward, signal, descend } = formatOf(runtime, parameters);
    const rule = storedRule(chosen, least);
    const placement = placeChain(layers, { lanes, maxRows, averages: averages.length, isCalledBack });
    const { distance } = placement;
    const first = placement.layers[0];
    const last = placement.layers[placement.layers.length - 1];
    const size = 16 / lanes;
    let resident: number | undefined = heap.allocate('denseChain', placement.bytes);
    memory().fill(0, resident / size, (resident + placement.bytes) / size);
    moveParameters(memory(), resident, placement.layers, parameters, 'in');
    averages.forEach((average, i) => {
      moveParameters(memory(), resident! + (i + 1) * distance, placement.layers, average, 'in');
    });
    // Batch rows of the pass that the next `descend` belongs to; 0 when there is none.
    let rows = 0;
    let step = steps;

    const base = (method: string): number => {
      if (resident === undefined) throw disposed(`DenseChain.${method}`, 'chain');
      return resident;
    };
    const copyOf = (address: number): FloatArray => {
      const out = empty(parameters.length);
      moveParameters(memory(), address, placement.layers, out, 'out');
      return out;
    };

    return {
      forward(x, batch) {
        const at = base('forward');
        checkChainInput(x, batch, { inputs: first.layer.inputs, maxRows });
        rows = batch;
        const stride = strideOf(rows);
        writeUnits(memory(), (at + first.inputs) / size, x, {
          stride,
          lanes,
          rows,
          units: first.layer.inputs,
        });
        for (const { layer, panels, groups, weights, biases, inputs, affine, outputs } of placement.layers) {
          forward(
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
          if (isCalledBack(layer)) {
            const [from, to] = [(at + affine) / size, (at + outputs) / size];
            applyValue(memory(), layer, { from, to, stride, lanes, rows });
          }
        }
        const units = last.layer.outputs;
        const out = empty(rows * units);
        readUnits(memory(), (at + last.outputs) / size, out, { stride, lanes, rows, units });
        return out;
      },

      descend(gradient, rate) {
        const at = base('descend');
        const units = last.layer.outputs;
        checkChainGradient(gradient, rows, units);
        const stride = strideOf(rows);
        let [above, below] = placement.signals;
        writeUnits(memory(), (at + above) / size, gradient, { stride, lanes, rows, units });
        if (rule.stored) rule.write(memory(), at + placement.rule, { step, rate, distance });
        // With a rule, what the kernel multiplies sums by makes the gradient; without one, the step.
        const share = rule.stored ? 1 : rate;
        let scale = 1;
        for (const placed of placement.layers.toReversed()) {
          const { layer, panels, groups, outputGroups, weights, biases, inputs, affine, outputs } = placed;
          signal(outputGroups * stride, at + above, at + outputs, scale, isRelu(layer));
          if (isCalledBack(layer)) {
            const [from, to] = [(at + affine) / size, (at + above) / size];
            applyDerivative(memory(), layer, { from, to, stride, lanes, rows });
          }
          descend(
            panels,
            groups,
            rows,
            stride,
            at + weights,
            at + biases,
            at + inputs,
            at + above,
            placed === first ? 0 : at + below,
            share * layer.weightScale,
            share * layer.biasScale,
            rule.stored ? at + placement.rule : 0,
          );
          scale = layer.weightScale;
          [above, below] = [below, above];
        }
        rows = 0;
        step++;
      },

      readParameters: () => copyOf(base('readParameters')),

      readAverages() {
        const at = base('readAverages');
        return averages.map((_, i) => copyOf(at + (i + 1) * distance));
      },

      dispose() {
        if (resident !== undefined) heap.free(resident);
        resident = undefined;
      },
    };
  };
}

/** The kernels and the memory of the parameters' number format. */
function formatOf({ kernels, heap }: Runtime, parameters: FloatArray) {
  return parameters instanceof Float64Array
    ? {
        memory: (): FloatArray => heap.f64(),
        lanes: 2,
        least: 2 ** -1022,
        empty: (length: number): FloatArray => new Float64Array(length),
        forward: kernels.chainForward64,
        signal: kernels.chainSignal64,
        descend: kernels.chainDescend64,
      }
    : {
        memory: (): FloatArray => heap.f32(),
        lanes: 4,
        least: 2 ** -126,
        empty: (length: number): FloatArray => new Float32Array(length),
        forward: kernels.chainForward32,
        signal: kernels.chainSignal32,
        descend: kernels.chainDescend32,
      };
}

function isRelu(layer: ChainLayer): boolean {
  return layer.activation?.name === 'relu';
}

/** Whether JavaScript applies the activation, for which the affine map's result must be kept. */
function isCalledBack(layer: ChainLayer): boolean {
  return layer.activation !== undefined && !isRelu(layer);
}

/** Two arrays by unit and batch row, in numbers from the start of memory. */
interface Units {
  readonly from: number;
  readonly to: number;
  readonly stride: number;
  readonly lanes: number;
  readonly rows: number;
}

/** Units beyond the layer's outputs are set to 0, as the layer above relies on, whatever the activation makes of 0. */
function applyValue(memory: FloatArray, layer: ChainLayer, at: Units): void {
  const { from, to, stride, lanes, rows } = at;
  const { activation, outputs } = layer;
  for (let unit = 0; unit < Math.ceil(outputs / 4) * 4; unit++) {
    const offset = unitOffset(unit, stride, lanes);
    for (let j = 0; j < rows * lanes; j += lanes) {
      memory[to + offset + j] = unit < outputs ? activation!.value(memory[from + offset + j]) : 0;
    }
  }
}

function applyDerivative(memory: FloatArray, layer: ChainLayer, at: Units): void {
  const { from, to, stride, lanes, rows } = at;
  const { activation, outputs } = layer;
  for (let unit = 0; unit < outputs; unit++) {
    const offset = unitOffset(unit, stride, lanes);
    for (let j = 0; j < rows * lanes; j += lanes) {
      memory[to + offset + j] *= activation!.derivative(memory[from + offset + j]);
    }
  }
}
