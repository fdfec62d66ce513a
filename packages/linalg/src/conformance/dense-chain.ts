import type { Backend } from '../backend.ts';
import type { ChainActivation, ChainLayer, ChainRule, DenseChain, DenseChainRequest } from '../fused.ts';
import type { DType, FloatArray } from '../tensor.ts';
import type { ConformanceCase } from './cases.ts';
import { close, demand, maxAbs, numbers, thrown, toleranceOf, when } from './support.ts';

const hasChain = (backend: Backend): boolean => backend.fused?.denseChain !== undefined;

const relu: ChainActivation = {
  name: 'relu',
  value: (h) => Math.max(0, h),
  derivative: (h) => (h > 0 ? 1 : 0),
};
/** Under a name that no backend knows, so that it is called back. */
const softsign: ChainActivation = {
  name: 'conformance softsign',
  value: (h) => h / (1 + Math.abs(h)),
  derivative: (h) => 1 / (1 + Math.abs(h)) ** 2,
};

function chain(widths: readonly number[], activation: ChainActivation, biasScale: number): ChainLayer[] {
  return widths.slice(1).map((outputs, i) => ({
    inputs: widths[i],
    outputs,
    weightScale: Math.sqrt(2 / widths[i]),
    biasScale,
    ...(i < widths.length - 2 ? { activation } : {}),
  }));
}

const countOf = (layers: readonly ChainLayer[]): number =>
  layers.reduce((sum, { inputs, outputs }) => sum + (inputs + 1) * outputs, 0);

/** The same function in float64, one entry at a time: outputs, and Σ_rows (∂f/∂θ)ᵀ gradient when one is given. */
function plain(
  layers: readonly ChainLayer[],
  theta: ArrayLike<number>,
  x: ArrayLike<number>,
  rows: number,
  gradient?: ArrayLike<number>,
): { outputs: Float64Array; slope: Float64Array } {
  const offsets = layers.map((_, l) => countOf(layers.slice(0, l)));
  const last = layers[layers.length - 1].outputs;
  const outputs = new Float64Array(rows * last);
  const slope = new Float64Array(countOf(layers));
  for (let row = 0; row < rows; row++) {
    const activations: number[][] = [
      Array.from({ length: layers[0].inputs }, (_, i) => x[row * layers[0].inputs + i]),
    ];
    const sums: number[][] = [];
    layers.forEach((layer, l) => {
      const from = activations[l];
      const h = Array.from({ length: layer.outputs }, (_, o) => {
        let sum = 0;
        for (let i = 0; i < layer.inputs; i++) sum += theta[offsets[l] + o * layer.inputs + i] * from[i];
        return (
          layer.weightScale * sum + layer.biasScale * theta[offsets[l] + layer.outputs * layer.inputs + o]
        );
      });
      sums.push(h);
      activations.push(layer.activation ? h.map(layer.activation.value) : h);
    });
    outputs.set(activations[layers.length], row * last);
    if (!gradient) continue;
    let delta = Array.from({ length: last }, (_, o) => gradient[row * last + o]);
    for (let l = layers.length - 1; l >= 0; l--) {
      const { inputs, weightScale, biasScale, activation } = layers[l];
      if (activation) delta = delta.map((d, o) => d * activation.derivative(sums[l][o]));
      const back = new Array<number>(inputs).fill(0);
      delta.forEach((d, o) => {
        for (let i = 0; i < inputs; i++) {
          const at = offsets[l] + o * inputs + i;
          slope[at] += weightScale * d * activations[l][i];
          back[i] += weightScale * theta[at] * d;
        }
        slope[offsets[l] + layers[l].outputs * inputs + o] += biasScale * d;
      });
      delta = back;
    }
  }
  return { outputs, slope };
}

const ARCHITECTURES: readonly (readonly [string, readonly ChainLayer[]])[] = [
  ['one affine map', chain([5, 3], relu, 1)],
  ['one unit a layer', chain([1, 1, 1], relu, 0.5)],
  ['ReLU', chain([2, 64, 64, 1], relu, 1)],
  ['ReLU without bias, widths off the tiles', chain([3, 65, 33, 17, 2], relu, 0)],
  ['another activation', chain([7, 19, 23, 3], softsign, 0.3)],
];

const RULES: readonly (readonly [string, ChainRule])[] = [
  ['weight decay', { kind: 'sgd', momentum: 0, nesterov: false, weightDecay: 0.3 }],
  ['momentum', { kind: 'sgd', momentum: 0.7, nesterov: false, weightDecay: 0.1 }],
  ['Nesterov momentum', { kind: 'sgd', momentum: 0.7, nesterov: true, weightDecay: 0.1 }],
  ['Adam', { kind: 'adam', beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.1 }],
];

/** One step of a rule in float64, in place; averages are as many as the rule has. */
function follow(
  rule: ChainRule,
  theta: Float64Array,
  averages: readonly Float64Array[],
  at: { slope: Float64Array; step: number; rate: number; used: (parameter: number) => boolean },
): void {
  const { slope, step, rate, used } = at;
  const [first, second] = averages;
  for (let p = 0; p < theta.length; p++) {
    if (!used(p)) continue;
    if (rule.kind === 'adam') {
      const { beta1, beta2, epsilon, weightDecay } = rule;
      first[p] = beta1 * first[p] + (1 - beta1) * slope[p];
      second[p] = beta2 * second[p] + (1 - beta2) * slope[p] ** 2;
      const mean = first[p] / (1 - beta1 ** (step + 1));
      const square = second[p] / (1 - beta2 ** (step + 1));
      theta[p] -= rate * (mean / (Math.sqrt(square) + epsilon) + weightDecay * theta[p]);
    } else {
      const g = slope[p] + rule.weightDecay * theta[p];
      if (first) first[p] = rule.momentum * first[p] + g;
      theta[p] -= rate * (!first ? g : rule.nesterov ? g + rule.momentum * first[p] : first[p]);
    }
  }
}

const arrayOf = (dtype: DType, from: ArrayLike<number>): FloatArray =>
  dtype === 'float32' ? Float32Array.from(from) : Float64Array.from(from);

/** Four steps of a rule, with the chain closed and opened again after two. */
function followRule(backend: Backend, dtype: DType, rule: ChainRule): void {
  const layers = chain([3, 9, 6, 2], relu, 0.5).map((layer, l) =>
    l === 1 ? { ...layer, biasScale: 0 } : layer,
  );
  const idle = countOf(layers.slice(0, 2)) - layers[1].outputs;
  const used = (p: number): boolean => p < idle || p >= idle + layers[1].outputs;
  const [rows, rate] = [5, Math.fround(0.02)];
  const parameters = arrayOf(dtype, numbers(countOf(layers), 60));
  const theta = Float64Array.from(parameters);
  const count = rule.kind === 'adam' ? 2 : rule.momentum > 0 ? 1 : 0;
  const averages = Array.from({ length: count }, () => new Float64Array(theta.length));
  let fused = open(backend, { layers, parameters, maxRows: rows, rule });
  for (let step = 0; step < 4; step++) {
    if (step === 2) {
      const request = { layers, parameters: fused.readParameters(), averages: fused.readAverages() };
      fused.dispose();
      fused = open(backend, { ...request, maxRows: rows, rule, steps: step });
    }
    const x = arrayOf(dtype, numbers(rows * 3, 61 + step));
    const gradient = arrayOf(dtype, numbers(rows * 2, 66 + step));
    fused.forward(x, rows);
    fused.descend(gradient, rate);
    follow(rule, theta, averages, { slope: plain(layers, theta, x, rows, gradient).slope, step, rate, used });
  }
  // Rounding of four steps; Adam divides by the size of the gradient, which makes its errors relative ones.
  const tolerance = 4 * toleranceOf(backend, dtype);
  close('parameters', fused.readParameters(), theta, tolerance, maxAbs(theta));
  const kept = fused.readAverages();
  demand(kept.length === count, `there are ${kept.length} averages, wanted ${count}`);
  averages.forEach((average, i) => {
    close(`average ${i}`, kept[i], average, tolerance, maxAbs(average));
  });
  fused.dispose();
}

function open(backend: Backend, request: DenseChainRequest): DenseChain {
  return backend.fused!.denseChain!(request);
}

/** Passes and steps that do not fit a chain of 2 inputs and 3 outputs end in an ArgumentError, and change nothing. */
function refuses(backend: Backend, dtype: DType): void {
  const layers = chain([2, 4, 3], relu, 1);
  const parameters = arrayOf(dtype, numbers(countOf(layers), 55));
  const fused = open(backend, { layers, parameters, maxRows: 3 });
  const zeros = (length: number): FloatArray => arrayOf(dtype, new Float64Array(length));
  for (const [what, body] of [
    ['no rows', () => fused.forward(zeros(0), 0)],
    ['more rows than there may be', () => fused.forward(zeros(8), 4)],
    ['inputs of another length', () => fused.forward(zeros(5), 2)],
    ['a gradient without a pass', () => fused.descend(zeros(3), 1)],
    [
      'a second step on one pass',
      () => {
        fused.forward(zeros(2), 1);
        fused.descend(zeros(3), 1);
        fused.descend(zeros(3), 1);
      },
    ],
    [
      'a gradient of another length',
      () => {
        fused.forward(zeros(4), 2);
        fused.descend(zeros(7), 1);
      },
    ],
    [
      'a rate that is not a number',
      () => {
        fused.forward(zeros(4), 2);
        fused.descend(zeros(6), Number.NaN);
      },
    ],
  ] as const) {
    const { name } = thrown(what, body);
    demand(name === 'ArgumentError', `${what}: ${name} instead of ArgumentError`);
  }
  close('parameters, after what was refused', fused.readParameters(), parameters, 0);
  fused.dispose();
}

/** An activation that throws breaks a pass off, and there is no step from there, nor from the pass before. */
function breaksOff(backend: Backend, dtype: DType): void {
  let broken = false;
  const value = (h: number): number => {
    if (broken) throw new RangeError('out of range');
    return softsign.value(h);
  };
  const layers = chain([2, 5, 1], { ...softsign, value }, 1);
  const parameters = arrayOf(dtype, numbers(countOf(layers), 56));
  const fused = open(backend, { layers, parameters, maxRows: 1 });
  const x = arrayOf(dtype, [1, 2]);
  const before = fused.forward(x, 1);
  broken = true;
  const { name } = thrown('a pass that is broken off', () => fused.forward(x, 1));
  demand(name === 'RangeError', `a pass that is broken off: ${name} instead of RangeError`);
  const step = thrown('a step from there', () => fused.descend(arrayOf(dtype, [1]), 1));
  demand(step.name === 'ArgumentError', `a step from there: ${step.name} instead of ArgumentError`);
  broken = false;
  close('outputs afterwards', fused.forward(x, 1), before, 0);
  fused.dispose();
}

/** Every number of rows up to the limit that kernels treat in their own way, and fewer after more; then many. */
const BATCHES: readonly (readonly number[])[] = [
  [9, 1, 2, 3, 4, 5, 8, 9, 1],
  [45, 33, 2, 45],
];

/** Plain steps of batches of several sizes. */
function followSteps(
  backend: Backend,
  dtype: DType,
  layers: readonly ChainLayer[],
  batches: readonly number[],
): void {
  // Errors are measured against the largest entry: sums keep no more in the small ones.
  const tolerance = toleranceOf(backend, dtype);
  const parameters = arrayOf(dtype, numbers(countOf(layers), 50));
  const { inputs } = layers[0];
  const { outputs } = layers[layers.length - 1];
  const own = parameters.slice();
  const fused = open(backend, { layers, parameters: own, maxRows: Math.max(...batches) });
  own.fill(Number.NaN);
  close('the parameters', fused.readParameters(), parameters, 0);
  for (const [step, rows] of batches.entries()) {
    const theta = fused.readParameters();
    const x = arrayOf(dtype, numbers(rows * inputs, 51 + step));
    const gradient = arrayOf(dtype, numbers(rows * outputs, 71 + step));
    const truth = plain(layers, theta, x, rows, gradient);
    const given = [x.slice(), gradient.slice()];
    close(`${rows} rows`, fused.forward(x, rows), truth.outputs, tolerance, maxAbs(truth.outputs));
    // A rate that moves the parameters by about their own size, so that the step is seen.
    const rate = Math.fround(1 / (maxAbs(truth.slope) || 1));
    fused.descend(gradient, rate);
    close('the inputs, after the step', x, given[0], 0);
    close('the gradient, after the step', gradient, given[1], 0);
    const expected = Float64Array.from(theta, (value, i) => value - rate * truth.slope[i]);
    const after = fused.readParameters();
    close(`parameters after a step of ${rows} rows`, after, expected, tolerance, maxAbs(expected));
    layers.forEach(({ inputs: from, outputs: to, biasScale }, l) => {
      if (biasScale !== 0) return;
      const bias = countOf(layers.slice(0, l)) + from * to;
      const [left, right] = [after, theta].map((all) => all.slice(bias, bias + to));
      close('biases that are not in the function', left, right, 0);
    });
  }
  demand(fused.readAverages().length === 0, 'plain steps have averages');
  fused.dispose();
  fused.dispose();
}

export const denseChainCases: readonly ConformanceCase[] = [
  ...(['float32', 'float64'] as const).flatMap((dtype) => [
    ...ARCHITECTURES.map(([name, layers]) =>
      when(
        (backend) => hasChain(backend) && backend.dtypes.includes(dtype),
        `fused.denseChain, ${name}, ${dtype}: forward and gradient steps as a plain network`,
        (backend) => {
          for (const batches of BATCHES) followSteps(backend, dtype, layers, batches);
        },
      ),
    ),
    when(
      (backend) => hasChain(backend) && backend.dtypes.includes(dtype),
      `fused.denseChain, ${dtype}: refuses what does not fit it`,
      (backend) => refuses(backend, dtype),
    ),
    when(
      (backend) => hasChain(backend) && backend.dtypes.includes(dtype),
      `fused.denseChain, ${dtype}: takes no step from a pass that was broken off`,
      (backend) => breaksOff(backend, dtype),
    ),
    ...RULES.map(([name, rule]) =>
      when(
        (backend) => hasChain(backend) && backend.dtypes.includes(dtype),
        `fused.denseChain, ${name}, ${dtype}: steps as its formula has them, resumed on the way`,
        (backend) => followRule(backend, dtype, rule),
      ),
    ),
  ]),

  when(hasChain, 'fused.denseChain: two chains at once do not disturb one another', (backend) => {
    const layers = chain([2, 40, 1], relu, 1);
    const first = open(backend, {
      layers,
      parameters: Float32Array.from(numbers(countOf(layers), 52)),
      maxRows: 4,
    });
    const second = open(backend, {
      layers,
      parameters: Float32Array.from(numbers(countOf(layers), 53)),
      maxRows: 6,
    });
    const x = Float32Array.from(numbers(8, 54));
    const before = first.forward(x, 4);
    const kept = Float32Array.from(before);
    second.forward(x, 4);
    second.descend(new Float32Array(4).fill(1), 0.1);
    close('outputs given before', before, kept, 0);
    close('outputs', first.forward(x, 4), kept, 0);
    second.dispose();
    close('outputs after the other is gone', first.forward(x, 4), kept, 0);
    first.dispose();
    demand(kept.every(Number.isFinite), 'outputs are not finite');
  }),
];
