import {
  ACTIVATIONS,
  type Architecture,
  activate,
  branches,
  dense,
  dropout,
  erfActivation,
  identity,
  type Layer,
  layerNorm,
  network,
  relu,
  repeat,
  residual,
  serial,
} from '@sntk/architecture';
import { type FloatArray, ndarrayBackend, type Tensor, tensor, toArray, toFloat64 } from '@sntk/linalg';
import { wasmBackend } from '@sntk/linalg-wasm';
import { createRng } from '@sntk/random';
import { expectClose, meanAndStandardError } from '@sntk/testing';
import { describe, expect, it } from 'vitest';
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
  linearize,
  ntkDrift,
  ntkVectorProduct,
  outputHessianTrace,
  parameterLayout,
  parameterViews,
  train,
  vjp,
} from '../src/index.ts';

const backend = ndarrayBackend();
const rng = createRng('layers');
const [N, M, d, O] = [4, 3, 3, 2];

function normals(label: string, shape: readonly number[]): Tensor {
  const data = new Float64Array(shape.reduce((a, b) => a * b));
  rng.split(label).fillNormal(data);
  return tensor(data, { backend, shape });
}

const X = normals('X', [N, d]);
const Z = normals('Z', [M, d]);
const Y = normals('Y', [N, O]);
const cotangent = normals('cotangent', [N, O]);

const smooth = activate(erfActivation);
const masks = rng.split('masks');

const NETWORKS: readonly (readonly [string, Architecture])[] = [
  ['residual blocks', network(d, dense(5), repeat(residual(smooth, dense(5)), 2), smooth, dense(O))],
  [
    'ReLU residual blocks',
    network(d, dense(5), residual(activate(relu), dense(5)), activate(relu), dense(O)),
  ],
  [
    'layer normalization',
    network(d, dense(6), layerNorm(), smooth, dense(5), layerNorm(0.3), smooth, dense(O)),
  ],
  [
    'a sum of branches of several depths',
    network(d, branches('sum', dense(4), serial(dense(6), smooth, dense(4)), dense(4)), smooth, dense(O)),
  ],
  [
    'a product of three branches',
    network(d, dense(4), branches('product', smooth, serial(smooth, dense(4)), dense(4)), dense(O)),
  ],
  [
    'concatenated branches, one of the inputs themselves',
    network(d, branches('concatenate', identity, serial(dense(4), smooth), dense(2)), smooth, dense(O)),
  ],
  [
    'branches within branches, and normalization of inputs',
    network(
      d,
      layerNorm(0.5),
      dense(5),
      residual(layerNorm(), branches('product', smooth, serial(dense(5), residual(smooth, dense(5))))),
      dense(O, { parameterization: 'standard' }),
    ),
  ],
  ['an activation at the end', network(d, dense(4), smooth, dense(O), smooth)],
  ['a sum at the end', network(d, smooth, dense(O), residual(smooth, layerNorm(), dense(O)))],
  ['dropout', network(d, dense(6), smooth, dropout(0.6), dense(5), smooth, dropout(0.8), dense(O))],
];

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};
const along = (theta: FloatArray, v: FloatArray, h: number): Float64Array =>
  Float64Array.from(theta, (t, p) => t + h * v[p]);
const difference = (plus: ArrayLike<number>, minus: ArrayLike<number>, h: number): Float64Array =>
  Float64Array.from(plus, (value, i) => (value - minus[i]) / (2 * h));

// Masks are those of one stream: the network with its units dropped is a function as any other.
describe.each(NETWORKS)('a network with %s', (name, architecture) => {
  const random = rng.split(name);
  const theta = initialize(architecture, { rng: random });
  const P = theta.length;
  const direction = (label: string): Float64Array => {
    const out = new Float64Array(P);
    random.split(label).fillNormal(out);
    return out;
  };
  const [u, v] = [direction('u'), direction('v')];
  const drop = { dropout: masks };

  it('moves its outputs as central differences do, to first and second order', () => {
    const h = 1e-4;
    const at = (t: number): FloatArray => toArray(forward(architecture, along(theta, u, t), X, drop));
    // h² of truncation, of outputs whose third derivatives are some hundreds, and eps/h of rounding.
    expectClose(toArray(jvp(architecture, theta, { X, tangent: u, ...drop })), difference(at(h), at(-h), h), {
      absolute: 1e-5,
      relative: 1e-5,
    });
    const still = (t: number): FloatArray => toArray(forward(architecture, along(theta, u, t), X));
    const [middle, plus, minus] = [still(0), still(h), still(-h)];
    const bend = Float64Array.from(middle, (f, i) => (plus[i] - 2 * f + minus[i]) / h ** 2);
    const moved = along(theta, u, 1);
    const first = toArray(linearize(architecture, theta)(moved, X));
    const second = toArray(expandToSecondOrder(architecture, theta)(moved, X));
    expectClose(
      Float64Array.from(second, (f, i) => 2 * (f - first[i])),
      bend,
      { absolute: 1e-4, relative: 1e-4 },
    );
  });

  it('has derivatives that agree: ⟨c, J u⟩ = ⟨Jᵀ c, u⟩, and the rows of the Jacobian', () => {
    const Ju = toArray(jvp(architecture, theta, { X, tangent: u, ...drop }));
    const gradient = vjp(architecture, theta, { X, cotangent, ...drop });
    expectClose(dot(toArray(cotangent), Ju), dot(gradient, u), { relative: 1e-11, absolute: 1e-11 });
    const J = toArray(jacobian(architecture, theta, { X, ...drop }));
    expectClose(
      Ju.map((_, i) => dot(J.subarray(i * P, (i + 1) * P), u)),
      Ju,
      { absolute: 1e-11 },
    );
    const rows = toArray(exampleGradients(architecture, theta, { X, cotangent, ...drop }));
    expectClose(
      gradient.map((_, p) => [0, 1, 2, 3].reduce((sum, n) => sum + rows[n * P + p], 0)),
      gradient,
      { absolute: 1e-11 },
    );
  });

  it('has a symmetric Hessian, as central differences of the gradient see it', () => {
    const h = 1e-5;
    const gradientAt = (t: number) => vjp(architecture, along(theta, u, t), { X, cotangent, ...drop });
    const Hu = hvp(architecture, theta, { X, cotangent, tangent: u, ...drop });
    const Hv = hvp(architecture, theta, { X, cotangent, tangent: v, ...drop });
    expectClose(Hu, difference(gradientAt(h), gradientAt(-h), h), { absolute: 1e-6, relative: 1e-6 });
    expect(Math.abs(dot(Hu, v))).toBeGreaterThan(1e-3);
    expectClose(dot(Hu, v), dot(Hv, u), { relative: 1e-10, absolute: 1e-10 });
  });

  it('has one tangent kernel by layers, by the Jacobian and by products', () => {
    for (const options of [{ X }, { X, Z }, { X, ...drop }, { X, Z, ...drop }]) {
      for (const outputs of ['full', 'diagonal', 'trace', [0, 1], [1, 1]] as const) {
        const kernel = (method: 'layerwise' | 'jacobian' | 'products') =>
          toArray(empiricalNtk(architecture, theta, { ...options, outputs, method }));
        const layerwise = kernel('layerwise');
        const close = { absolute: 1e-12 * Math.max(...layerwise.map(Math.abs)) };
        expectClose(kernel('jacobian'), layerwise, close);
        expectClose(kernel('products'), layerwise, close);
      }
    }
    const full = toArray(empiricalNtk(architecture, theta, { X, outputs: 'full', ...drop }));
    const vector = toArray(cotangent);
    const product = Float64Array.from(vector, (_, at) => {
      let sum = 0;
      for (let m = 0; m < N; m++)
        for (let q = 0; q < O; q++)
          sum += full[((Math.floor(at / O) * N + m) * O + (at % O)) * O + q] * vector[m * O + q];
      return sum;
    });
    expectClose(toArray(ntkVectorProduct(architecture, theta, { X, vector: cotangent, ...drop })), product, {
      relative: 1e-11,
      absolute: 1e-10,
    });
  });

  it('has the kernel drift and the Hessian trace that their definitions give', () => {
    const f = toArray(forward(architecture, theta, X));
    const y = toArray(Y);
    const residuals = tensor(
      f.map((value, i) => (y[i] - value) / N),
      { backend, shape: [N, O] },
    );
    const flow = vjp(architecture, theta, { X, cotangent: residuals });
    const h = 1e-5;
    const kernel = (t: number) => toArray(empiricalNtk(architecture, along(theta, flow, t), { X }));
    expectClose(toArray(ntkDrift(architecture, theta, { X, Y })), difference(kernel(h), kernel(-h), h), {
      absolute: 1e-5,
      relative: 1e-5,
    });
    const G = toArray(exampleGradients(architecture, theta, { X, cotangent: Y }));
    const trace = toArray(outputHessianTrace(architecture, theta, { X, residuals: Y, learningRate: 0.3 }));
    for (let at = 0; at < N * O; at++) {
      const unit = new Float64Array(N * O);
      unit[at] = 1;
      const pick = tensor(unit, { backend, shape: [N, O] });
      let sum = 0;
      for (let i = 0; i < N; i++) {
        const g = G.subarray(i * P, (i + 1) * P);
        sum += dot(g, hvp(architecture, theta, { X, cotangent: pick, tangent: g })) * (0.3 / N);
      }
      expectClose(trace[at], sum, { relative: 1e-9, absolute: 1e-9 });
    }
  });

  it('computes the same in float32 and on the compiled backend', () => {
    const J = toArray(jacobian(architecture, theta, { X }));
    const size = Math.max(...J.map(Math.abs));
    const onWasm = tensor(toArray(X), { backend: wasmBackend(), shape: [N, d] });
    expectClose(toArray(jacobian(architecture, theta, { X: onWasm })), J, { absolute: 1e-12 * size });
    const single = tensor(toArray(X), { backend, dtype: 'float32', shape: [N, d] });
    const rounded = jacobian(architecture, Float32Array.from(theta), { X: single });
    expect(rounded.dtype).toBe('float32');
    expectClose(toArray(rounded), J, { absolute: 1e-4 * size });
  });

  it('trains, and goes on from a checkpoint with the same bits', async () => {
    const options = {
      X,
      Y,
      steps: 60,
      every: 20,
      learningRate: 0.003,
      optimizer: { kind: 'sgd', momentum: 0.9 },
      dropout: masks,
    } as const;
    const states = [];
    for await (const state of train(architecture, theta, options)) states.push(state);
    const loss = (at: FloatArray): number => {
      const r = toArray(forward(architecture, at, X)).map((f, i) => f - toArray(Y)[i]);
      return dot(r, r);
    };
    expect(loss(states[2].checkpoint.theta)).toBeLessThan(loss(theta));
    const resume = structuredClone(states[0].checkpoint);
    const resumed = [];
    for await (const state of train(architecture, theta, { ...options, resume })) resumed.push(state);
    expect(resumed).toEqual(states.slice(1));
  });
});

describe('parameters by name', () => {
  const architecture = network(
    2,
    dense(3, { biasVariance: 0 }),
    residual(activate(relu), dense(3)),
    dense(1),
  );

  it('share memory with the flat vector, in the order of the layout', () => {
    const theta = Float64Array.from({ length: 25 }, (_, i) => i);
    const views = parameterViews(architecture, theta);
    expect(views.map(({ name, shape }) => [name, shape])).toEqual([
      ['layers[0].W', [3, 2]],
      ['layers[1].branches[1].layers[1].W', [3, 3]],
      ['layers[1].branches[1].layers[1].b', [3]],
      ['layers[2].W', [1, 3]],
      ['layers[2].b', [1]],
    ]);
    expect(views.map(({ values }) => values[0])).toEqual([0, 9, 18, 21, 24]);
    views[1].values[0] = -5;
    expect(theta[9]).toBe(-5);
    expect(parameterLayout(architecture).size).toBe(25);
  });

  it('are refused when they do not fit', () => {
    expect(() => parameterViews(architecture, new Float64Array(3))).toThrow('theta must be of length 25');
  });
});

describe('a finite network', () => {
  it('normalizes each example to a second moment of 1', () => {
    const scales = { weightScale: 1, biasScale: 1 };
    const sizes = network(d, layerNorm(), dense(1, { parameterization: scales }));
    const ones = new Float64Array([1, 1, 1, 0]);
    const f = toArray(forward(sizes, ones, X));
    const x = toFloat64(X);
    for (let n = 0; n < N; n++) {
      const row = x.subarray(n * d, (n + 1) * d);
      const sum = row.reduce((a, b) => a + b, 0);
      expectClose(f[n], sum / Math.sqrt(dot(row, row) / d + 1e-12), { relative: 1e-14 });
    }
  });

  it('is all of its units without a stream, and right on average with one', () => {
    const scales = { weightScale: 1, biasScale: 1 };
    const dropped = network(d, dropout(0.4), dense(1, { parameterization: scales }));
    const theta = new Float64Array([1, 1, 1, 0]);
    const f = toArray(forward(dropped, theta, X));
    const x = toArray(X);
    expectClose(f[0], x[0] + x[1] + x[2], { relative: 1e-14 });
    const draws = Float64Array.from(
      { length: 4000 },
      (_, i) => toArray(forward(dropped, theta, X, { dropout: masks.split(i) }))[0],
    );
    const { mean, standardError } = meanAndStandardError(draws);
    expect(Math.abs(mean - f[0])).toBeLessThan(4 * standardError);
    // Var = (1/keep − 1) Σ x².
    const variance = standardError ** 2 * draws.length;
    const exact = 1.5 * (x[0] ** 2 + x[1] ** 2 + x[2] ** 2);
    expect(Math.abs(variance / exact - 1)).toBeLessThan(0.1);
  });

  it('refuses to train without the masks of its dropout layers', async () => {
    const [, dropped] = NETWORKS.find(([name]) => name === 'dropout')!;
    const theta = initialize(dropped, { rng });
    const states = train(dropped, theta, { X, Y, steps: 1, learningRate: 0.1 });
    await expect(states.next()).rejects.toThrow(
      'options.dropout must be a random stream, for the masks of dropout layers',
    );
  });

  it('refuses branches that cannot be merged, no dense layer, and a checkpoint of other branches', async () => {
    expect(() => parameterLayout(network(2, branches('sum', dense(3), dense(4))))).toThrow(
      'architecture.layers[0] must be a sum of branches of one width, got [3, 4]',
    );
    expect(() => parameterLayout(network(2, activate(relu)))).toThrow('at least one dense layer');
    const unknown = { kind: 'other' } as unknown as Layer;
    expect(() => parameterLayout(network(4, dense(1), serial(unknown)))).toThrow(
      'architecture.layers[1].layers[0].kind must be',
    );
    const [one, other] = [layerNorm(), layerNorm(0.5)].map((norm) => network(d, dense(4), norm, dense(O)));
    const theta = initialize(one, { rng });
    const options = { X, Y, learningRate: 0.01 };
    const { value } = await train(one, theta, { ...options, steps: 1 }).next();
    const next = train(other, theta, { ...options, steps: 2, resume: value!.checkpoint }).next();
    await expect(next).rejects.toThrow(
      /must be "3 → 4 → layerNorm\(0.5\) → 2, .*", got "3 → 4 → layerNorm\(1e-12\)/,
    );
    expect(() => empiricalNngp(network(2, dense(3), activate(relu)), new Float64Array(9), { X: Z })).toThrow(
      'a dense layer at the end, got "activation"',
    );
  });

  it.each(Object.values(ACTIVATIONS).filter(({ name }) => !['sign', 'step'].includes(name)))(
    'has the derivatives of $name units, to second order',
    (activation) => {
      const architecture = network(d, dense(5), activate(activation), dense(O));
      const theta = initialize(architecture, { rng: rng.split(activation.name) });
      const u = theta.map((_, p) => Math.sin(3 * p));
      const h = 1e-6;
      const close = { absolute: 1e-6, relative: 1e-6 };
      const at = (t: number) => toArray(forward(architecture, along(theta, u, t), X));
      expectClose(toArray(jvp(architecture, theta, { X, tangent: u })), difference(at(h), at(-h), h), close);
      const gradientAt = (t: number) => vjp(architecture, along(theta, u, t), { X, cotangent });
      const Hu = hvp(architecture, theta, { X, cotangent, tangent: u });
      expectClose(Hu, difference(gradientAt(h), gradientAt(-h), h), close);
    },
  );
});
