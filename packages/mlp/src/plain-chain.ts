import type { ChainActivation, ChainLayer, DenseChain, FloatArray } from '@sntk/linalg';

interface Stage extends ChainLayer {
  readonly weights: FloatArray;
  readonly bias: FloatArray;
}

/**
 * A chain in plain JavaScript, in the number format of its parameters: what backends without fused kernels run, and
 * what fused kernels are compared against.
 */
export function plainChain(layers: readonly ChainLayer[], parameters: FloatArray): DenseChain {
  const theta = parameters.slice();
  const stages: Stage[] = [];
  let offset = 0;
  for (const layer of layers) {
    const bias = offset + layer.inputs * layer.outputs;
    stages.push({
      ...layer,
      weights: theta.subarray(offset, bias),
      bias: theta.subarray(bias, bias + layer.outputs),
    });
    offset = bias + layer.outputs;
  }
  const empty = (length: number): FloatArray =>
    theta instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
  let inputs: FloatArray[] = [];
  let preactivations: FloatArray[] = [];
  let rows = 0;

  return {
    forward(x, count) {
      rows = count;
      inputs = [];
      preactivations = [];
      let a: FloatArray = x.slice(0, rows * stages[0].inputs);
      for (const stage of stages) {
        const h = empty(rows * stage.outputs);
        affine(stage, a, rows, h);
        inputs.push(a);
        preactivations.push(h);
        a = stage.activation ? activate(stage.activation, h) : h;
      }
      return a.slice();
    },
    descend(gradient, rate) {
      let signal: FloatArray = gradient.slice(0, rows * stages[stages.length - 1].outputs);
      for (let l = stages.length - 1; l >= 0; l--) {
        const stage = stages[l];
        differentiate(stage.activation, preactivations[l], signal);
        const next = l > 0 ? empty(rows * stage.inputs) : undefined;
        descendLayer(stage, inputs[l], signal, { rows, rate, next });
        if (next) signal = next;
      }
    },
    readParameters: () => theta.slice(),
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
  at: { rows: number; rate: number; next: FloatArray | undefined },
): void {
  const { inputs: k, outputs: n, weights, bias, weightScale, biasScale } = stage;
  const { rows, rate, next } = at;
  // The step must not be seen by the signal of another batch row, so it is gathered first.
  const step = new Float64Array(k);
  for (let i = 0; i < n; i++) {
    const w = i * k;
    step.fill(0);
    let total = 0;
    for (let j = 0; j < rows; j++) {
      const delta = signal[j * n + i];
      if (delta === 0) continue;
      total += delta;
      const scaled = weightScale * delta;
      const from = j * k;
      if (next) for (let p = 0; p < k; p++) next[from + p] += scaled * weights[w + p];
      for (let p = 0; p < k; p++) step[p] += scaled * a[from + p];
    }
    for (let p = 0; p < k; p++) weights[w + p] -= rate * step[p];
    bias[i] -= rate * biasScale * total;
  }
}
