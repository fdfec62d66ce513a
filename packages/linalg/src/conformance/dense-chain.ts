import type { Backend } from '../backend.ts';
import type { ChainActivation, ChainLayer, DenseChain } from '../fused.ts';
import type { ConformanceCase } from './cases.ts';
import { close, demand, maxAbs, numbers, toleranceOf, when } from './support.ts';

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

function open(
  backend: Backend,
  layers: readonly ChainLayer[],
  parameters: Float32Array,
  maxRows: number,
): DenseChain {
  return backend.fused!.denseChain!({ layers, parameters, maxRows });
}

export const denseChainCases: readonly ConformanceCase[] = [
  ...ARCHITECTURES.map(([name, layers]) =>
    when(hasChain, `fused.denseChain, ${name}: forward and gradient steps as a plain network`, (backend) => {
      // Errors are measured against the largest entry: float32 sums keep no more in the small ones.
      const tolerance = toleranceOf(backend, 'float32');
      const parameters = Float32Array.from(numbers(countOf(layers), 50));
      const { inputs } = layers[0];
      const { outputs } = layers[layers.length - 1];
      const own = parameters.slice();
      const fused = open(backend, layers, own, 9);
      own.fill(Number.NaN);
      close('the parameters', fused.readParameters(), parameters, 0);
      // Every number of rows up to the limit that kernels treat in their own way, and fewer after more.
      for (const [step, rows] of [9, 1, 2, 3, 4, 5, 8, 9, 1].entries()) {
        const theta = fused.readParameters();
        const x = Float32Array.from(numbers(rows * inputs, 51 + step));
        const gradient = Float32Array.from(numbers(rows * outputs, 71 + step));
        const truth = plain(layers, theta, x, rows, gradient);
        close(`${rows} rows`, fused.forward(x, rows), truth.outputs, tolerance, maxAbs(truth.outputs));
        // A rate that moves the parameters by about their own size, so that the step is seen.
        const rate = Math.fround(1 / (maxAbs(truth.slope) || 1));
        fused.descend(gradient, rate);
        const expected = Float64Array.from(theta, (value, i) => value - rate * truth.slope[i]);
        const after = fused.readParameters();
        close(`parameters after a step of ${rows} rows`, after, expected, tolerance, maxAbs(expected));
        layers.forEach(({ inputs: from, outputs: to, biasScale }, l) => {
          if (biasScale !== 0) return;
          const bias = countOf(layers.slice(0, l)) + from * to;
          close(
            'biases that are not in the function',
            after.slice(bias, bias + to),
            theta.slice(bias, bias + to),
            0,
          );
        });
      }
      fused.dispose();
    }),
  ),

  when(hasChain, 'fused.denseChain: two chains at once do not disturb one another', (backend) => {
    const layers = chain([2, 40, 1], relu, 1);
    const first = open(backend, layers, Float32Array.from(numbers(countOf(layers), 52)), 4);
    const second = open(backend, layers, Float32Array.from(numbers(countOf(layers), 53)), 6);
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
