import { checkNonNegative, UnavailableError } from '@sntk/errors';
import type { FloatArray } from '@sntk/linalg';
import {
  type ChainLayer,
  checkChainGradient,
  checkChainInput,
  checkChainRequest,
  type DenseChain,
  type DenseChainRequest,
} from '@sntk/linalg/extending';
import { type ChainKernels, descendLayer, forwardLayer, type LayerPass } from './chain-jobs.ts';
import { moveParameters, placeChain, readUnits, strideOf, unitOffset, writeUnits } from './chain-layout.ts';
import { storedRule } from './chain-rule.ts';
import type { Heap } from './heap.ts';
import { disposed } from './operands.ts';
import type { Runtime } from './runtime.ts';
import { ThreadLost } from './team.ts';

/** Chains of affine maps and activations whose parameters, averages and activations stay in WASM memory. */
export function wasmDenseChain(runtime: Runtime): (request: DenseChainRequest) => DenseChain {
  const { heap, kernels, team } = runtime;
  return (request) => {
    const { layers, parameters, maxRows, rule: chosen, averages, steps } = checkChainRequest(request);
    const { memory, lanes, least, empty, names } = formatOf(heap, parameters);
    const rule = storedRule(chosen, least);
    // With a rule, threads put gradients aside on the way to it.
    const aside = rule.stored ? kernels.chainReach(1) * 64 : 0;
    const placement = placeChain(layers, {
      lanes,
      maxRows,
      averages: averages.length,
      work: aside * team.places,
      isCalledBack,
    });
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
    // Batch rows of the pass that the next `descend` belongs to; 0 when there is none, or it was broken off.
    let rows = 0;
    let step = steps;
    /** Whether a step was broken off, with some parameters changed and others not. */
    let torn = false;

    const base = (method: string): number => {
      if (torn) throw tornError(method);
      if (resident === undefined) throw disposed(`DenseChain.${method}`, 'chain');
      return resident;
    };
    const copyOf = (address: number): FloatArray => {
      const out = empty(parameters.length);
      moveParameters(memory(), address, placement.layers, out, 'out');
      return out;
    };

    /** Writes the inputs of the first layer and computes all outputs. */
    const passForward = (x: FloatArray, rows: number, at: number): void => {
      const stride = strideOf(rows);
      const { inputs: units } = first.layer;
      writeUnits(memory(), (at + first.inputs) / size, x, { stride, lanes, rows, units });
      for (const placed of placement.layers) {
        const { layer, affine, outputs } = placed;
        forwardLayer(runtime, names, { placed, at, rows, stride }, isRelu(layer));
        if (isCalledBack(layer)) {
          const [from, to] = [(at + affine) / size, (at + outputs) / size];
          applyValue(memory(), layer, { from, to, stride, lanes, rows });
        }
      }
    };

    /** Sends the gradient at the outputs down, and takes the step of each layer on the way. */
    const passBackward = (gradient: FloatArray, rate: number, at: number): void => {
      const stride = strideOf(rows);
      let [above, below] = placement.signals;
      const { outputs: units } = last.layer;
      writeUnits(memory(), (at + above) / size, gradient, { stride, lanes, rows, units });
      if (rule.stored) rule.write(memory(), at + placement.rule, { step, rate, distance });
      // With a rule, what the kernel multiplies sums by makes the gradient; without one, the step.
      const share = rule.stored ? 1 : rate;
      let scale = 1;
      for (const placed of placement.layers.toReversed()) {
        const { layer, outputGroups, affine, outputs } = placed;
        const pass: LayerPass = { placed, at, rows, stride };
        kernels[names.signal](outputGroups * stride, at + above, at + outputs, scale, isRelu(layer));
        if (isCalledBack(layer)) {
          const [from, to] = [(at + affine) / size, (at + above) / size];
          applyDerivative(memory(), layer, { from, to, stride, lanes, rows });
        }
        descendLayer(runtime, names, pass, {
          above: at + above,
          below: placed === first ? 0 : at + below,
          weightStep: share * layer.weightScale,
          biasStep: share * layer.biasScale,
          rule: rule.stored ? at + placement.rule : 0,
          work: { at: at + placement.work, bytes: aside },
        });
        scale = layer.weightScale;
        [above, below] = [below, above];
      }
    };

    return {
      forward(x, batch) {
        let at = base('forward');
        checkChainInput(x, batch, { inputs: first.layer.inputs, maxRows });
        rows = 0;
        try {
          passForward(x, batch, at);
        } catch (error) {
          if (!(error instanceof ThreadLost)) throw error;
          // Parameters are as they were. The lost worker may still write to outputs: it keeps that place, the chain takes another.
          at = heap.allocate('DenseChain.forward', placement.bytes);
          memory().copyWithin(at / size, resident! / size, (resident! + placement.bytes) / size);
          resident = at;
          passForward(x, batch, at);
        }
        rows = batch;
        const units = last.layer.outputs;
        const out = empty(rows * units);
        readUnits(memory(), (at + last.outputs) / size, out, { stride: strideOf(rows), lanes, rows, units });
        return out;
      },

      descend(gradient, rate) {
        const at = base('descend');
        checkChainGradient(gradient, rows, last.layer.outputs);
        checkNonNegative('DenseChain.descend', 'rate', rate);
        torn = true;
        try {
          passBackward(gradient, rate, at);
        } catch (error) {
          if (!(error instanceof ThreadLost)) throw error;
          // What the lost worker may still write to is left to it.
          resident = undefined;
          throw tornError('descend', error);
        }
        torn = false;
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

const KERNELS_32: ChainKernels = {
  forward: 'chainForward32',
  signal: 'chainSignal32',
  descend: 'chainDescend32',
  biases: 'chainBiases32',
};
const KERNELS_64: ChainKernels = {
  forward: 'chainForward64',
  signal: 'chainSignal64',
  descend: 'chainDescend64',
  biases: 'chainBiases64',
};

/** The kernels and the memory of the parameters' number format. */
function formatOf(heap: Heap, parameters: FloatArray) {
  return parameters instanceof Float64Array
    ? {
        memory: (): FloatArray => heap.f64(),
        lanes: 2,
        least: 2 ** -1022,
        empty: (length: number): FloatArray => new Float64Array(length),
        names: KERNELS_64,
      }
    : {
        memory: (): FloatArray => heap.f32(),
        lanes: 4,
        least: 2 ** -126,
        empty: (length: number): FloatArray => new Float32Array(length),
        names: KERNELS_32,
      };
}

/** Steps are taken in place, so one that is broken off cannot start over. */
function tornError(method: string, cause?: unknown): UnavailableError {
  return new UnavailableError(
    `DenseChain.${method}`,
    'a step was broken off half-way, by a worker thread that did not come back or an error, and the parameters are lost; ' +
      'make a new chain from the latest parameters that were read, as from a checkpoint',
    { cause },
  );
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
