import { checkNonNegative } from '@sntk/errors';
import { checkChainGradient, checkChainInput, checkChainRequest } from './chain-checks.ts';
import { applyChainRule } from './chain-rule.ts';
import { emptyLike } from './elementwise.ts';
import type { ChainActivation, ChainLayer, ChainRule, DenseChain, DenseChainRequest } from './fused.ts';
import type { FloatArray } from './tensor.ts';

/** A layer with its part of the parameters and of each average. */
interface Stage extends ChainLayer {
  readonly weights: FloatArray;
  readonly bias: FloatArray;
  readonly averages: readonly { readonly weights: FloatArray; readonly bias: FloatArray }[];
}

/** A chain in loops of JavaScript, in the number format of its parameters: what fused kernels are compared against. */
export function plainDenseChain(request: DenseChainRequest): DenseChain {
  const { layers, parameters, maxRows, rule, averages, steps } = checkChainRequest(request);
  const theta = parameters.slice();
  const kept = averages.map((average) => average.slice());
  const stages: Stage[] = [];
  let offset = 0;
  for (const layer of layers) {
    const [start, bias] = [offset, offset + layer.inputs * layer.outputs];
    offset = bias + layer.outputs;
    const part = (all: FloatArray) => ({
      weights: all.subarray(start, bias),
      bias: all.subarray(bias, bias + layer.outputs),
    });
    stages.push({ ...layer, ...part(theta), averages: kept.map(part) });
  }
  const last = stages[stages.length - 1];
  let inputs: FloatArray[] = [];
  let preactivations: FloatArray[] = [];
  let rows = 0;
  let done = steps;

  return {
    forward(x, count) {
      checkChainInput(x, count, { inputs: stages[0].inputs, maxRows });
      // Until the pass is done: an activation may break it off.
      rows = 0;
      inputs = [];
      preactivations = [];
      let a: FloatArray = x.slice();
      for (const stage of stages) {
        const h = emptyLike(theta, count * stage.outputs);
        affine(stage, a, count, h);
        inputs.push(a);
        preactivations.push(h);
        a = stage.activation ? activate(stage.activation, h) : h;
      }
      rows = count;
      return a.slice();
    },
    descend(gradient, rate) {
      checkChainGradient(gradient, rows, last.outputs);
      checkNonNegative('DenseChain.descend', 'rate', rate);
      let signal: FloatArray = gradient.slice();
      for (let l = stages.length - 1; l >= 0; l--) {
        const stage = stages[l];
        differentiate(stage.activation, preactivations[l], signal);
        const next = l > 0 ? emptyLike(theta, rows * stage.inputs) : undefined;
        descendLayer(stage, inputs[l], signal, { rows, next, rule, steps: done, rate });
        if (next) signal = next;
      }
      rows = 0;
      done++;
    },
    readParameters: () => theta.slice(),
    readAverages: () => kept.map((average) => average.slice()),
    dispose() {},
  };
}

function activate({ value }: ChainActivation, h: FloatArray): FloatArray {
  const a = h.slice();
  for (let i = 0; i < a.length; i++) a[i] = value(h[i]);
  return a;
}

function differentiate(activation: ChainActivation | undefined, h: FloatArray, signal: FloatArray): void {
  if (!activation) return;
  const { derivative } = activation;
  for (let i = 0; i < signal.length; i++) signal[i] *= derivative(h[i]);
}

/** `h = weightScale · a Wᵀ + biasScale · β`, four rows of the batch at a time for each row of `W`. */
function affine(stage: Stage, a: FloatArray, rows: number, h: FloatArray): void {
  const { inputs: k, outputs: n, weights, bias, weightScale, biasScale } = stage;
  for (let i = 0; i < n; i++) {
    const w = i * k;
    const shift = biasScale * bias[i];
    let j = 0;
    for (; j + 4 <= rows; j += 4) {
      let [s0, s1, s2, s3] = [0, 0, 0, 0];
      const a0 = j * k;
      const a1 = a0 + k;
      const a2 = a1 + k;
      const a3 = a2 + k;
      for (let p = 0; p < k; p++) {
        const x = weights[w + p];
        s0 += x * a[a0 + p];
        s1 += x * a[a1 + p];
        s2 += x * a[a2 + p];
        s3 += x * a[a3 + p];
      }
      h[j * n + i] = weightScale * s0 + shift;
      h[(j + 1) * n + i] = weightScale * s1 + shift;
      h[(j + 2) * n + i] = weightScale * s2 + shift;
      h[(j + 3) * n + i] = weightScale * s3 + shift;
    }
    for (; j < rows; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += weights[w + p] * a[j * k + p];
      h[j * n + i] = weightScale * sum + shift;
    }
  }
}

/** The signal of the layer below from the old weights, and the step of this layer, in one pass over `W`. */
function descendLayer(
  stage: Stage,
  a: FloatArray,
  signal: FloatArray,
  at: {
    readonly rows: number;
    readonly next: FloatArray | undefined;
    readonly rule: ChainRule;
    readonly steps: number;
    readonly rate: number;
  },
): void {
  const { inputs: k, outputs: n, weights, bias, weightScale, biasScale } = stage;
  const { rows, next, rule, steps, rate } = at;
  // The step must not be seen by the signal of another batch row, so its gradient is gathered first.
  const gradient = new Float64Array(k);
  const totals = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const w = i * k;
    gradient.fill(0);
    for (let j = 0; j < rows; j++) {
      const delta = signal[j * n + i];
      if (delta === 0) continue;
      totals[i] += biasScale * delta;
      const scaled = weightScale * delta;
      const from = j * k;
      if (next) for (let p = 0; p < k; p++) next[from + p] += scaled * weights[w + p];
      for (let p = 0; p < k; p++) gradient[p] += scaled * a[from + p];
    }
    const averages = stage.averages.map((average) => average.weights.subarray(w, w + k));
    applyChainRule(rule, weights.subarray(w, w + k), gradient, { averages, steps, rate });
  }
  if (biasScale === 0) return;
  const averages = stage.averages.map((average) => average.bias);
  applyChainRule(rule, bias, totals, { averages, steps, rate });
}
