import { ArgumentError, UnavailableError } from '@sntk/errors';
import type { FloatArray } from '@sntk/linalg';
import type {
  ChainActivation,
  ChainLayer,
  ChainRule,
  DenseChain,
  DenseChainRequest,
} from '@sntk/linalg/extending';
import { describe, expect, test } from 'vitest';
import { wasmBackend, wasmMemoryInUse } from '../src/index.ts';
import { network, relu, sizeOf, tanh } from './chain-support.ts';
import { distance, largest, numbers } from './support.ts';

const backend = wasmBackend();
const open = (request: DenseChainRequest): DenseChain => backend.fused!.denseChain!(request);

/** Not 0 at 0, so that lanes beyond a layer's units would be seen if they were not kept at 0. */
const cosine: ChainActivation = { name: 'cosine', value: Math.cos, derivative: (h) => -Math.sin(h) };

/** h = s W a + t β in float64, one example: all affine results and activations, and where each layer's parameters start. */
function pass(layers: readonly ChainLayer[], theta: ArrayLike<number>, x: readonly number[]) {
  let start = 0;
  let a = [...x];
  const trace = layers.map((layer) => {
    const { inputs, outputs, weightScale, biasScale, activation } = layer;
    const own = start;
    start += (inputs + 1) * outputs;
    const from = a;
    const h = Array.from({ length: outputs }, (_, r) => {
      let sum = 0;
      for (let k = 0; k < inputs; k++) sum += theta[own + r * inputs + k] * from[k];
      return weightScale * sum + biasScale * theta[own + outputs * inputs + r];
    });
    a = activation ? h.map(activation.value) : h;
    return { layer, start: own, inputs: from, h };
  });
  return { trace, outputs: a };
}

const rowOf = (x: ArrayLike<number>, row: number, width: number): number[] =>
  Array.from({ length: width }, (_, i) => x[row * width + i]);

function forward(
  layers: readonly ChainLayer[],
  theta: ArrayLike<number>,
  x: ArrayLike<number>,
  rows: number,
): number[] {
  return Array.from(
    { length: rows },
    (_, j) => pass(layers, theta, rowOf(x, j, layers[0].inputs)).outputs,
  ).flat();
}

/** Σ_rows (∂f/∂θ)ᵀ gradient by the chain rule, one example at a time. */
function slope(
  layers: readonly ChainLayer[],
  theta: ArrayLike<number>,
  x: ArrayLike<number>,
  gradient: ArrayLike<number>,
  rows: number,
): Float64Array {
  const out = new Float64Array(theta.length);
  for (let j = 0; j < rows; j++) {
    const { trace, outputs } = pass(layers, theta, rowOf(x, j, layers[0].inputs));
    let signal = rowOf(gradient, j, outputs.length);
    for (const { layer, start, inputs, h } of trace.toReversed()) {
      const delta = signal.map((s, r) => s * (layer.activation ? layer.activation.derivative(h[r]) : 1));
      signal = inputs.map((_, k) =>
        delta.reduce((sum, d, r) => sum + layer.weightScale * theta[start + r * inputs.length + k] * d, 0),
      );
      delta.forEach((d, r) => {
        for (let k = 0; k < inputs.length; k++)
          out[start + r * inputs.length + k] += layer.weightScale * d * inputs[k];
        out[start + layer.outputs * inputs.length + r] += layer.biasScale * d;
      });
    }
  }
  return out;
}

/** What sums over the widest layer may lose of the largest entry, once for each layer there and back. */
const tolerance = (layers: readonly ChainLayer[], rounding = 2 ** -24): number =>
  2 * layers.length * (Math.max(...layers.map((layer) => layer.inputs)) + 4) * rounding;

const floats = (count: number, seed: number): Float32Array => Float32Array.from(numbers(count, seed));

const NETWORKS: readonly (readonly [string, readonly number[], ChainActivation])[] = [
  ...[1, 3, 5, 17, 64].flatMap((width): [string, number[], ChainActivation][] => [
    [`relu, width ${width}`, [2, width, width, 1], relu],
    [`tanh, width ${width}`, [3, width, width, 2], tanh],
  ]),
  ['relu, uneven widths', [7, 18, 5, 33, 6], relu],
  ['cosine, uneven widths', [5, 9, 6, 3], cosine],
  ['one affine map', [6, 5], relu],
];

describe('a dense chain', () => {
  test.each(NETWORKS)('computes and descends as a float64 network: %s', (_, widths, activation) => {
    const layers = network(widths, activation);
    for (const Type of [Float32Array, Float64Array]) {
      const accepted = tolerance(layers, Type === Float32Array ? 2 ** -24 : 2 ** -53);
      const numbersOf = (count: number, seed: number): FloatArray => Type.from(numbers(count, seed));
      const theta = numbersOf(sizeOf(layers), 1);
      const chain = open({ layers, parameters: theta, maxRows: 9 });
      expect(chain.readParameters()).toEqual(theta);
      for (let rows = 1; rows <= 9; rows++) {
        const x = numbersOf(rows * widths[0], 10 + rows);
        const gradient = numbersOf(rows * widths[widths.length - 1], 20 + rows);
        const before = chain.readParameters();
        const truth = forward(layers, before, x, rows);
        expect(distance(chain.forward(x, rows), truth)).toBeLessThanOrEqual(accepted * largest(truth));
        const change = slope(layers, before, x, gradient, rows);
        // The change is as large as the parameters, so that its own error is seen.
        const rate = 1 / (largest(change) || 1);
        chain.descend(gradient, rate);
        const after = Float64Array.from(before, (value, i) => value - rate * change[i]);
        expect(distance(chain.readParameters(), after)).toBeLessThanOrEqual(accepted * largest(after));
      }
      chain.dispose();
    }
  });

  test.each([33, 64, 70, 128])('takes a batch of %i rows', (rows) => {
    const layers = network([3, 20, 13, 2], relu);
    const theta = floats(sizeOf(layers), 2);
    const chain = open({ layers, parameters: theta, maxRows: 130 });
    const x = floats(rows * 3, 3);
    const gradient = floats(rows * 2, 4);
    const truth = forward(layers, theta, x, rows);
    expect(distance(chain.forward(x, rows), truth)).toBeLessThanOrEqual(tolerance(layers) * largest(truth));
    const change = slope(layers, theta, x, gradient, rows);
    const rate = 1 / largest(change);
    chain.descend(gradient, rate);
    const after = Float64Array.from(theta, (value, i) => value - rate * change[i]);
    // Sums run over the rows too.
    const accepted = (tolerance(layers) + rows * 2 ** -24) * largest(after);
    expect(distance(chain.readParameters(), after)).toBeLessThanOrEqual(accepted);
    chain.dispose();
  });

  test.each([
    ['relu', relu],
    ['tanh', tanh],
  ])('steps down central differences of the loss, %s', (_, activation) => {
    const layers = network([3, 10, 6, 2], activation);
    const theta = floats(sizeOf(layers), 5);
    const rows = 4;
    const x = floats(rows * 3, 6);
    const chain = open({ layers, parameters: theta, maxRows: rows });
    // Loss ½ Σ f², whose gradient at the outputs is f itself.
    const loss = (at: Float64Array): number =>
      forward(layers, at, x, rows).reduce((sum, f) => sum + (f * f) / 2, 0);
    const rate = 0.125;
    chain.descend(chain.forward(x, rows), rate);
    const after = chain.readParameters();
    const h = 1e-5;
    for (let p = 0; p < theta.length; p++) {
      const [up, down] = [Float64Array.from(theta), Float64Array.from(theta)];
      up[p] += h;
      down[p] -= h;
      const difference = (loss(up) - loss(down)) / (2 * h);
      expect(Math.abs(theta[p] - rate * difference - after[p])).toBeLessThan(4e-6);
    }
    chain.dispose();
  });

  test('takes many steps without drifting from float64 training', () => {
    const layers = network([2, 17, 17, 1], tanh);
    const rows = 8;
    const start = floats(sizeOf(layers), 7);
    const theta = Float64Array.from(start);
    const x = floats(rows * 2, 8);
    const chain = open({ layers, parameters: start, maxRows: rows });
    for (let step = 0; step < 50; step++) {
      const outputs = chain.forward(x, rows);
      chain.descend(
        Float32Array.from(outputs, (f) => (f - 1) / rows),
        0.05,
      );
      const gradient = forward(layers, theta, x, rows).map((f) => (f - 1) / rows);
      slope(layers, theta, x, gradient, rows).forEach((g, p) => {
        theta[p] -= 0.05 * g;
      });
    }
    expect(distance(chain.readParameters(), theta)).toBeLessThan(50 * 2 ** -22);
    chain.dispose();
  });

  test('has a derivative of 0 where relu meets 0', () => {
    const layers = network([2, 6, 1], relu, 0);
    const theta = new Float32Array(sizeOf(layers));
    theta.fill(1, 18, 24);
    const chain = open({ layers, parameters: theta, maxRows: 3 });
    expect([...chain.forward(floats(6, 9), 3)]).toEqual([0, 0, 0]);
    chain.descend(Float32Array.of(1, 1, 1), 1);
    expect(chain.readParameters()).toEqual(theta);
    chain.dispose();
  });

  test('leaves biases alone that are not in the function', () => {
    const layers = network([2, 5, 1], relu, 0);
    const theta = floats(sizeOf(layers), 10);
    const chain = open({ layers, parameters: theta, maxRows: 4 });
    chain.forward(floats(8, 11), 4);
    chain.descend(floats(4, 12), 0.5);
    const after = chain.readParameters();
    expect(after.slice(10, 15)).toEqual(theta.slice(10, 15));
    expect(after[20]).toBe(theta[20]);
    expect(after.slice(0, 10)).not.toEqual(theta.slice(0, 10));
    chain.dispose();
  });

  test('gives the same bits whatever else lives in memory, and however many rows it could take', () => {
    const layers = network([2, 30, 30, 1], relu);
    const request = { layers, parameters: floats(sizeOf(layers), 13) };
    const run = (chain: DenseChain): Float32Array => {
      for (let step = 0; step < 5; step++) chain.descend(chain.forward(floats(10, step), 5), 0.1);
      const after = chain.readParameters() as Float32Array;
      chain.dispose();
      return after;
    };
    const first = run(open({ ...request, maxRows: 5 }));
    const between = open({ ...request, maxRows: 100 });
    expect(run(open({ ...request, maxRows: 77 }))).toEqual(first);
    expect(run(between)).toEqual(first);
  });

  test('does not hide a NaN', () => {
    const layers = network([2, 8, 1], relu);
    const chain = open({ layers, parameters: floats(sizeOf(layers), 14), maxRows: 3 });
    const outputs = chain.forward(Float32Array.of(1, 2, Number.NaN, 1, 3, 4), 3);
    expect([...outputs].map(Number.isNaN)).toEqual([false, true, false]);
    chain.dispose();
  });

  const rules: ChainRule[] = [
    { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 0.01 },
    { kind: 'adam', beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01 },
  ];
  test.each(rules)('goes on with the bits it stopped with: $kind', (rule) => {
    const layers = network([2, 21, 10, 3], tanh);
    for (const Type of [Float32Array, Float64Array]) {
      const request = { layers, parameters: Type.from(floats(sizeOf(layers), 18)), maxRows: 4, rule };
      const walk = (chain: DenseChain, from: number, to: number): void => {
        for (let step = from; step < to; step++) {
          chain.descend(chain.forward(Type.from(floats(8, step)), 4), 0.01);
        }
      };
      const [whole, start] = [open(request), open(request)];
      walk(whole, 0, 7);
      walk(start, 0, 3);
      const [parameters, averages] = [start.readParameters(), start.readAverages()];
      const end = open({ ...request, parameters, averages, steps: 3 });
      walk(end, 3, 7);
      expect(end.readParameters()).toEqual(whole.readParameters());
      expect(end.readAverages()).toEqual(whole.readAverages());
      for (const chain of [whole, start, end]) chain.dispose();
    }
  });

  test.each(rules)(
    'lets averages of units that are never reached come to 0, not to subnormal numbers: $kind',
    (rule) => {
      const layers = network([2, 4, 1], relu);
      const theta = new Float32Array(sizeOf(layers)).fill(-1);
      const averages = Array.from({ length: rule.kind === 'adam' ? 2 : 1 }, () => theta.map(() => 1e-37));
      const chain = open({
        layers,
        parameters: theta,
        maxRows: 1,
        rule: { ...rule, weightDecay: 0 },
        averages,
      });
      for (let step = 0; step < 300; step++) {
        chain.forward(Float32Array.of(1, 1), 1);
        chain.descend(Float32Array.of(1), 1e-3);
      }
      // Of the first layer; the last one's bias has a gradient.
      for (const average of chain.readAverages()) expect(largest(average.subarray(0, 12))).toBe(0);
      chain.dispose();
    },
  );

  test.each(rules)('does not hide a NaN from its averages: $kind', (rule) => {
    const layers = network([2, 4, 1], tanh);
    const chain = open({ layers, parameters: floats(sizeOf(layers), 19), maxRows: 1, rule });
    chain.forward(Float32Array.of(1, 1), 1);
    chain.descend(Float32Array.of(Number.NaN), 0.1);
    for (const array of [chain.readParameters(), ...chain.readAverages()]) {
      expect(array.every(Number.isNaN)).toBe(true);
    }
    chain.dispose();
  });

  test('keeps its parameters when memory grows, and gives them back when disposed of', () => {
    const layers = network([2, 40, 1], relu);
    const theta = floats(sizeOf(layers), 15);
    const before = wasmMemoryInUse();
    const chain = open({ layers, parameters: theta, maxRows: 6 });
    const x = floats(12, 16);
    const outputs = chain.forward(x, 6);
    const big = open({
      layers: network([2, 2000, 2000, 1], relu),
      parameters: new Float32Array(4010001),
      maxRows: 40,
    });
    expect(chain.readParameters()).toEqual(theta);
    expect(chain.forward(x, 6)).toEqual(outputs);
    expect(wasmMemoryInUse()).toBeGreaterThan(before + 16e6);
    big.dispose();
    chain.dispose();
    chain.dispose();
    expect(wasmMemoryInUse()).toBe(before);
  });

  test('refuses what does not fit', () => {
    const layers = network([2, 5, 1], relu);
    const parameters = floats(sizeOf(layers), 17);
    expect(() => open({ layers, parameters: parameters.slice(1), maxRows: 2 })).toThrow('length 21');
    expect(() => open({ layers: [], parameters, maxRows: 2 })).toThrow(ArgumentError);
    expect(() => open({ layers, parameters, maxRows: 0 })).toThrow(ArgumentError);
    const broken = [layers[0], { ...layers[1], inputs: 4 }];
    expect(() => open({ layers: broken, parameters: new Float32Array(20), maxRows: 2 })).toThrow(
      'layers[1].inputs',
    );

    const adam = { kind: 'adam', beta1: 0.9, beta2: 0.99, epsilon: 1e-40, weightDecay: 0 } as const;
    expect(() => open({ layers, parameters, maxRows: 2, rule: adam })).toThrow(
      'rule.epsilon must be at least',
    );
    const averages = [new Float64Array(parameters.length)];
    expect(() => open({ layers, parameters, maxRows: 2, rule: rules[0], averages })).toThrow('1 arrays of');
    expect(() => open({ layers, parameters, maxRows: 2, averages: [parameters] })).toThrow('0 arrays of');

    const chain = open({ layers, parameters, maxRows: 2 });
    expect(() => chain.descend(new Float32Array(2), 1)).toThrow('call forward before each descend');
    expect(() => chain.forward(new Float32Array(6), 3)).toThrow('at most 2');
    expect(() => chain.forward(new Float32Array(3), 2)).toThrow('length 4');
    chain.forward(new Float32Array(4), 2);
    expect(() => chain.descend(new Float32Array(1), 1)).toThrow('length 2');
    chain.descend(new Float32Array(2), 1);
    expect(() => chain.descend(new Float32Array(2), 1)).toThrow(ArgumentError);
    chain.dispose();
    expect(() => chain.forward(new Float32Array(4), 2)).toThrow(UnavailableError);
    expect(() => chain.descend(new Float32Array(2), 1)).toThrow(UnavailableError);
    expect(() => chain.readParameters()).toThrow(UnavailableError);
  });
});
