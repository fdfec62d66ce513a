import { readFileSync } from 'node:fs';
import {
  ACTIVATIONS,
  type Architecture,
  activate,
  branches,
  convolution,
  dense,
  dropout,
  flatten,
  globalPooling,
  type Layer,
  layerNorm,
  network,
  type Padding,
  type PoolingReduction,
  pooling,
  relu,
  residual,
} from '@sntk/architecture';
import { analyticKernel } from '@sntk/kernels';
import { type FloatArray, matmul, ndarrayBackend, tensor, toArray } from '@sntk/linalg';
import { wasmBackend } from '@sntk/linalg-wasm';
import { createRng, minibatches } from '@sntk/random';
import { expectClose, standInDevice } from '@sntk/testing';
import { describe, expect, it, test } from 'vitest';
import { ntkConvergence } from '../src/experiments.ts';
import {
  empiricalNngp,
  empiricalNtk,
  exampleGradients,
  expandToSecondOrder,
  forward,
  hvp,
  initialize,
  jacobian,
  jvp,
  ntkDrift,
  ntkVectorProduct,
  outputHessianTrace,
  parameterLayout,
  parameterViews,
  type TrainState,
  train,
  trainSgd,
  vjp,
} from '../src/index.ts';

const backend = ndarrayBackend();

type Described =
  | {
      readonly kind: 'convolution';
      readonly channels: number;
      readonly window: number[];
      readonly strides: number[];
      readonly padding: Padding;
    }
  | {
      readonly kind: 'pooling';
      readonly reduce: PoolingReduction;
      readonly window: number[];
      readonly strides: number[];
      readonly padding: Padding;
    }
  | { readonly kind: 'globalPooling'; readonly reduce: PoolingReduction }
  | { readonly kind: 'dense'; readonly width: number }
  | { readonly kind: 'activation'; readonly name: keyof typeof ACTIVATIONS }
  | { readonly kind: 'residual'; readonly layers: readonly Described[] }
  | { readonly kind: 'flatten' };

interface Row {
  readonly shape: number[];
  readonly layers: readonly Described[];
  readonly X: number[];
  readonly Z: number[];
  readonly theta: number[];
  readonly tangent: number[];
  readonly cotangent: number[];
  readonly outputs: number[];
  readonly jvp: number[];
  readonly vjp: number[];
  readonly hvp: number[];
  readonly ntk: number[];
}

/** By scripts/reference/torch_convolutions.py. */
const fixture = JSON.parse(
  readFileSync(new URL('./fixtures/torch-convolutions.json', import.meta.url), 'utf8'),
) as { readonly weightVariance: number; readonly biasVariance: number; readonly rows: readonly Row[] };

function layerOf(described: Described): Layer {
  const { weightVariance, biasVariance } = fixture;
  switch (described.kind) {
    case 'convolution': {
      const { channels, window, strides, padding } = described;
      return convolution(channels, window, { strides, padding, weightVariance, biasVariance });
    }
    case 'pooling':
      return pooling(described.reduce, described.window, described);
    case 'globalPooling':
      return globalPooling(described.reduce);
    case 'dense':
      return dense(described.width, { weightVariance, biasVariance });
    case 'activation':
      return activate(ACTIVATIONS[described.name]);
    case 'residual':
      return residual(...described.layers.map(layerOf));
    case 'flatten':
      return flatten;
  }
}

describe('the convolutional networks of torch', () => {
  const close = (actual: ArrayLike<number>, expected: ArrayLike<number>): void =>
    expectClose(actual, expected, { relative: 1e-12, absolute: 1e-12 });

  test.each(fixture.rows.map((row) => [row.layers.map(({ kind }) => kind).join(' → '), row] as const))(
    'have the same outputs, derivatives and tangent kernels: %s',
    (_, row) => {
      const architecture = network(row.shape, ...row.layers.map(layerOf));
      const points = (entries: number[]) =>
        tensor(Float64Array.from(entries), {
          backend,
          shape: [entries.length / architecture.inputs, architecture.inputs],
        });
      const [X, Z] = [points(row.X), points(row.Z)];
      const [theta, tangent] = [Float64Array.from(row.theta), Float64Array.from(row.tangent)];
      const cotangent = tensor(Float64Array.from(row.cotangent), { backend, shape: [X.shape[0], 2] });
      close(toArray(forward(architecture, theta, X)), row.outputs);
      close(toArray(jvp(architecture, theta, { X, tangent })), row.jvp);
      close(vjp(architecture, theta, { X, cotangent }), row.vjp);
      close(hvp(architecture, theta, { X, cotangent, tangent }), row.hvp);
      for (const method of ['layerwise', 'jacobian', 'products'] as const) {
        close(toArray(empiricalNtk(architecture, theta, { X, Z, outputs: 'full', method })), row.ntk);
      }
    },
  );
});

/** Every layer there is, on sites. */
const everything = network(
  [4, 3, 2],
  convolution(4, [3, 2], { padding: 'circular' }),
  layerNorm(0.1),
  residual(activate(ACTIVATIONS.tanh), convolution(4, [3, 3])),
  branches('concatenate', convolution(2, [1, 1]), dense(2)),
  branches('product', convolution(3, [2, 2]), dense(3)),
  dropout(0.8),
  pooling('average', [2, 2], { strides: [1, 1] }),
  activate(ACTIVATIONS.gelu),
  flatten,
  dense(2),
);
const rng = createRng('convolutions');
const theta = initialize(everything, { rng });
const N = 4;
const entries = (length: number, label: string): Float64Array => {
  const out = new Float64Array(length);
  rng.split(label).fillNormal(out);
  return out;
};
const X = tensor(entries(N * 24, 'X'), { backend, shape: [N, 24] });
const Z = tensor(entries(3 * 24, 'Z'), { backend, shape: [3, 24] });
const cotangent = tensor(entries(N * 2, 'cotangent'), { backend, shape: [N, 2] });
const [u, v] = ['u', 'v'].map((label) => unit(entries(theta.length, label)));
function dot(a: FloatArray, b: FloatArray): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function unit(a: FloatArray): Float64Array {
  const length = Math.sqrt(dot(a, a));
  return Float64Array.from(a, (value) => value / length);
}

/** The derivative at 0 by differences of fourth order. */
function slopeOf(f: (step: number) => FloatArray, h = 2e-3): Float64Array {
  const [b, a, c, d] = [-2 * h, -h, h, 2 * h].map(f);
  return Float64Array.from(a, (_, i) => (8 * (c[i] - a[i]) - (d[i] - b[i])) / (12 * h));
}

const moved = (by: number, along: FloatArray): Float64Array =>
  Float64Array.from(theta, (t, p) => t + by * along[p]);
const masks = createRng('masks');

describe('a network of every layer on sites', () => {
  it.each([
    ['without masks', {}],
    ['with the masks of dropout', { dropout: masks }],
  ])('has products of one Jacobian and a symmetric Hessian, %s', (_, options) => {
    const Ju = toArray(jvp(everything, theta, { X, tangent: u, ...options }));
    const Jv = vjp(everything, theta, { X, cotangent, ...options });
    expectClose(dot(toArray(cotangent), Ju), dot(Jv, u), { relative: 1e-12 });
    const H = (tangent: Float64Array) => hvp(everything, theta, { X, cotangent, tangent, ...options });
    expectClose(dot(v, H(u)), dot(u, H(v)), { relative: 1e-11 });
    // h⁴ of truncation, eps/h of rounding, of numbers of size 10 and their fifth derivatives.
    const close = { absolute: 1e-8, relative: 1e-8 };
    const fAt = (step: number) => toArray(forward(everything, moved(step, u), X, options));
    const gAt = (step: number) => vjp(everything, moved(step, u), { X, cotangent, ...options });
    expectClose(Ju, slopeOf(fAt), close);
    expectClose(H(u), slopeOf(gAt), close);
  });

  it('has the gradients of examples and the Jacobian that vjp adds up', () => {
    const P = theta.length;
    const G = toArray(exampleGradients(everything, theta, { X, cotangent }));
    const sum = new Float64Array(P);
    G.forEach((g, i) => {
      sum[i % P] += g;
    });
    expectClose(sum, vjp(everything, theta, { X, cotangent }), { absolute: 1e-12, relative: 1e-12 });
    const J = toArray(jacobian(everything, theta, { X }));
    for (let n = 0; n < N; n++) {
      const one = new Float64Array(N * 2);
      one[2 * n + 1] = 1;
      const row = vjp(everything, theta, { X, cotangent: tensor(one, { backend, shape: [N, 2] }) });
      expectClose(J.subarray((2 * n + 1) * P, (2 * n + 2) * P), row, { absolute: 1e-12, relative: 1e-12 });
    }
  });

  it('has one tangent kernel by three methods, symmetric, and its products with vectors', () => {
    const close = { relative: 1e-11, absolute: 1e-11 };
    for (const points of [{ X }, { X, Z }]) {
      for (const outputs of ['full', 'trace', 'diagonal', [1, 0]] as const) {
        const kernel = toArray(empiricalNtk(everything, theta, { ...points, outputs }));
        for (const method of ['jacobian', 'products'] as const) {
          expectClose(
            toArray(empiricalNtk(everything, theta, { ...points, outputs, method })),
            kernel,
            close,
          );
        }
      }
    }
    const K = toArray(empiricalNtk(everything, theta, { X }));
    for (let i = 0; i < N; i++) for (let j = 0; j < N; j++) expect(K[i * N + j]).toBe(K[j * N + i]);
    const full = toArray(empiricalNtk(everything, theta, { X, outputs: 'full' }));
    const product = toArray(ntkVectorProduct(everything, theta, { X, vector: cotangent }));
    product.forEach((value, at) => {
      const [n, o] = [Math.floor(at / 2), at % 2];
      let sum = 0;
      for (let m = 0; m < N; m++) {
        for (let p = 0; p < 2; p++)
          sum += full[((n * N + m) * 2 + o) * 2 + p] * toArray(cotangent)[2 * m + p];
      }
      expectClose(value, sum, close);
    });
  });

  it('has the second-order expansion, the drift of the kernel and the trace of Hessians that differences see', () => {
    // The error of the expansion is of third order: a tenth of the step, a thousandth of the error.
    const expansion = expandToSecondOrder(everything, theta);
    const errors = [1e-1, 1e-2].map((step) => {
      const at = moved(step, u);
      const [f, g] = [forward(everything, at, X), expansion(at, X)].map(toArray);
      return Math.max(...f.map((value, i) => Math.abs(value - g[i])));
    });
    expect(errors[0] / errors[1]).toBeGreaterThan(700);
    expect(errors[0] / errors[1]).toBeLessThan(1400);

    const f = toArray(forward(everything, theta, X));
    const residual = tensor(
      f.map((value, i) => -(value - toArray(cotangent)[i]) / N),
      { backend, shape: [N, 2] },
    );
    const flow = vjp(everything, theta, { X, cotangent: residual });
    const speed = Math.sqrt(dot(flow, flow));
    const kernelAt = (step: number) =>
      toArray(empiricalNtk(everything, moved(step, unit(flow)), { X })).map((k) => k * speed);
    // The kernel bends much along its own gradients.
    const drift = slopeOf(kernelAt, 4e-4);
    const size = Math.max(...drift.map(Math.abs));
    expectClose(toArray(ntkDrift(everything, theta, { X, Y: cotangent })), drift, { absolute: 1e-7 * size });

    const trace = toArray(
      outputHessianTrace(everything, theta, { X, residuals: cotangent, learningRate: 0.3 }),
    );
    const G = toArray(exampleGradients(everything, theta, { X, cotangent }));
    const wanted = new Float64Array(N * 2);
    for (let n = 0; n < N; n++) {
      for (let o = 0; o < 2; o++) {
        const one = new Float64Array(N * 2);
        one[2 * n + o] = 1;
        const pick = tensor(one, { backend, shape: [N, 2] });
        for (let i = 0; i < N; i++) {
          const g = G.slice(i * theta.length, (i + 1) * theta.length);
          wanted[2 * n + o] += (0.3 / N) * dot(g, hvp(everything, theta, { X, cotangent: pick, tangent: g }));
        }
      }
    }
    expectClose(trace, wanted, { relative: 1e-9, absolute: 1e-9 });
  });

  it('runs in float32 and on other backends, and says what its parameters are', () => {
    const exact = toArray(empiricalNtk(everything, theta, { X }));
    for (const on of [backend, wasmBackend()]) {
      const X32 = tensor(Float32Array.from(toArray(X)), { backend: on, shape: X.shape });
      const found = toArray(empiricalNtk(everything, Float32Array.from(theta), { X: X32 }));
      expectClose(found, exact, { relative: 1e-4, absolute: 1e-4 * exact[0] });
    }
    const views = parameterViews(everything, theta);
    expect(views.slice(0, 2).map(({ name, shape }) => [name, shape])).toEqual([
      ['layers[0].W', [4, 3, 2, 2]],
      ['layers[0].b', [4]],
    ]);
    expect(views.reduce((sum, { values }) => sum + values.length, 0)).toBe(theta.length);
    expect(parameterLayout(everything).blocks.map(({ sites }) => sites)).toEqual([12, 12, 12, 12, 12, 12, 1]);
  });

  it('trains, and resumes bit for bit', async () => {
    const batches = minibatches({ samples: N, batch: 3, sampler: 'epoch', rng: createRng(1) });
    const Y = cotangent;
    const options = { X, Y, batches, learningRate: 0.002, dropout: createRng(2), steps: 60 };
    const states: TrainState[] = [];
    for await (const state of train(everything, theta, { ...options, every: 20 })) states.push(state);
    const [end] = [train(everything, theta, { ...options, every: 60, resume: states[0].checkpoint })];
    expect((await end.next()).value).toEqual(states[2]);
    const { losses } = trainSgd(everything, theta, { ...options, steps: 60 });
    const mean = (from: number): number => losses.subarray(from, from + 10).reduce((a, b) => a + b) / 10;
    expect(mean(50)).toBeLessThan(0.5 * mean(0));
    const other: Architecture = {
      ...everything,
      layers: [convolution(4, [3, 2]), ...everything.layers.slice(1)],
    };
    const elsewhere = train(other, theta, { ...options, resume: states[0].checkpoint });
    await expect(elsewhere.next()).rejects.toThrow(
      /options\.resume\.architecture must be ".*3×2 windows by 1×1, same, over 4×3.*got ".*circular/,
    );
  });
});

describe('wide convolutional networks', () => {
  const layers = (width: number, ...end: Layer[]) => [
    convolution(width, [3, 3]),
    activate(relu),
    convolution(width, [2, 2], { strides: [2, 2], padding: 'circular' }),
    activate(relu),
    ...end,
    dense(1),
  ];
  const images = tensor(entries(3 * 32, 'images'), { backend: wasmBackend(), shape: [3, 32] });

  it.each([
    ['flatten', flatten],
    ['global pooling', globalPooling('average')],
  ])('have the analytic kernel for their limit, as n^{-1/2}: %s', (_, end) => {
    const of = (width: number): Architecture => network([4, 4, 2], ...layers(width, end));
    const exact = analyticKernel(of(1), { X: images }).ntk;
    const { slope, slopeError, errors } = ntkConvergence({
      network: of,
      widths: [16, 32, 64, 128],
      draws: 24,
      X: images,
      exact,
      rng: rng.split('wide'),
    });
    expect(Math.abs(slope + 1 / 2)).toBeLessThan(3 * slopeError);
    expect(slopeError).toBeLessThan(0.1);
    expect(errors[3]).toBeLessThan(0.15);
  });

  it('have, given the hidden layers, the NNGP on average', () => {
    const architecture = network([4, 4, 2], ...layers(64, flatten));
    const exact = toArray(analyticKernel(architecture, { X: images }).nngp);
    const draws = Array.from({ length: 40 }, (_, i) =>
      toArray(empiricalNngp(architecture, initialize(architecture, { rng: rng.split(i) }), { X: images })),
    );
    exact.forEach((wanted, p) => {
      const values = draws.map((kernel) => kernel[p]);
      const mean = values.reduce((a, b) => a + b) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
      // Four standard errors for nine entries; a ReLU's kernel has no bias here but that of the second layer's 1/64.
      expect(Math.abs(mean - wanted)).toBeLessThan(4 * Math.sqrt(variance / values.length) + wanted / 64);
    });
  });
});

describe('layers over sites', () => {
  const of = (...all: Layer[]) => network([4, 4, 1], ...all);

  it.each<[string, () => Architecture]>([
    [
      'architecture.layers[0] must be a layer for units without spatial axes',
      () => network(4, flatten, dense(1)),
    ],
    [
      'architecture.layers[0] must be a layer for units without',
      () => network(4, globalPooling('sum'), dense(1)),
    ],
    [
      'architecture.layers[0] must be a layer for units on no spatial axes',
      () => network(4, convolution(1, [2])),
    ],
    ['architecture.layers[0] must be a layer for units on 2 spatial axes', () => of(convolution(1, [2]))],
    ['a window no larger than the 4 × 4 sites', () => of(convolution(1, [5, 5], { padding: 'valid' }))],
    [
      'branches of the same spatial axes',
      () => of(branches('sum', dense(2), convolution(2, [2, 2], { strides: [2, 2] }))),
    ],
    ['at least one dense layer or convolution', () => of(pooling('sum', [2, 2]), flatten)],
    ['architecture.inputShape must be of 4 entries', () => ({ ...network(4, dense(1)), inputShape: [2, 3] })],
    ['layers[0].strides[1] must be', () => of({ ...convolution(1, [2, 2]), strides: [1, 0] })],
  ])('refuse what does not fit: %s', (message, make) => {
    expect(() => parameterLayout(make())).toThrow(message);
  });

  it('give outputs at every site where a network ends in some', () => {
    const architecture = of(convolution(2, [2, 2], { padding: 'valid' }));
    const parameters = initialize(architecture, { rng });
    const image = tensor(entries(16, 'image'), { backend, shape: [1, 16] });
    const f = forward(architecture, parameters, image);
    expect(f.shape).toEqual([1, 3 * 3 * 2]);
    const kernel = empiricalNtk(architecture, parameters, { X: image, outputs: 'full' });
    const J = jacobian(architecture, parameters, { X: image });
    const flat = tensor(toArray(J), { backend, shape: [18, parameters.length] });
    expectClose(toArray(kernel), toArray(matmul(flat, flat, { transposeB: true })), { absolute: 1e-12 });
    expect(() => empiricalNngp(architecture, parameters, { X: image })).toThrow('a dense layer at the end');
  });

  it('are refused on devices', async () => {
    const { backend: device } = standInDevice();
    const architecture = of(convolution(2, [2, 2]), flatten, dense(1));
    const image = tensor(new Float32Array(16), { backend: device, shape: [1, 16] });
    expect(() => forward(architecture, initialize(architecture, { rng }), image)).toThrow(
      'forward: devices have no layers over sites; run the network on a CPU backend',
    );
  });
});
