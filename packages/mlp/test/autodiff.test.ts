import { type Activation, erfActivation, fullyConnected, linear, relu } from '@sntk/architecture';
import { type FloatArray, ndarrayBackend, type Tensor, tensor, toArray, toFloat64 } from '@sntk/linalg';
import { wasmBackend } from '@sntk/linalg-wasm';
import { createRng } from '@sntk/random';
import { expectClose } from '@sntk/testing';
import { describe, expect, it } from 'vitest';
import {
  empiricalNtk,
  exampleGradients,
  forward,
  hvp,
  initialize,
  jacobian,
  jvp,
  lazyMeters,
  linearize,
  ntkDrift,
  outputHessianTrace,
  vjp,
} from '../src/index.ts';

const N = 4;
const O = 3;

function setup(
  activation: Activation,
  { dtype = 'float64' as 'float64' | 'float32', on = ndarrayBackend() } = {},
) {
  const network = fullyConnected({ inputs: 3, hidden: [6, 5], outputs: O, activation, biasVariance: 0.7 });
  const rng = createRng('autodiff');
  const normals = (label: string, size: number): Float64Array => {
    const out = new Float64Array(size);
    rng.split(label).fillNormal(out);
    return out;
  };
  const theta = initialize(network, { rng, dtype });
  const matrix = (label: string, columns: number): Tensor =>
    tensor(normals(label, N * columns), { backend: on, dtype, shape: [N, columns] });
  return {
    network,
    theta,
    X: matrix('X', 3),
    cotangent: matrix('c', O),
    u: normals('u', theta.length),
    v: normals('v', theta.length),
  };
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};
const along = (theta: FloatArray, v: Float64Array, h: number): Float64Array =>
  Float64Array.from(theta, (t, p) => t + h * v[p]);

describe.each([relu, erfActivation, linear])('derivatives of a network of $name units', (activation) => {
  const { network, theta, X, cotangent, u, v } = setup(activation);

  it('move the outputs as central differences do', () => {
    const h = 1e-5;
    const plus = toFloat64(forward(network, along(theta, u, h), X));
    const minus = toFloat64(forward(network, along(theta, u, -h), X));
    const slope = plus.map((f, i) => (f - minus[i]) / (2 * h));
    // h² of truncation and eps/h of rounding, of outputs of size 10.
    expectClose(toArray(jvp(network, theta, { X, tangent: u })), slope, { absolute: 1e-7 });
  });

  it('satisfy ⟨c, J u⟩ = ⟨Jᵀ c, u⟩', () => {
    const forwards = dot(toArray(cotangent), toArray(jvp(network, theta, { X, tangent: u })));
    const backwards = dot(vjp(network, theta, { X, cotangent }), u);
    expectClose(forwards, backwards, { relative: 1e-12 });
  });

  it('are rows of one Jacobian, which jvp, vjp and the per-example gradients multiply', () => {
    const J = jacobian(network, theta, { X });
    expect(J.shape).toEqual([N, O, theta.length]);
    const entries = toArray(J);
    const row = (i: number): FloatArray => entries.subarray(i * theta.length, (i + 1) * theta.length);
    const Ju = Array.from({ length: N * O }, (_, i) => dot(row(i), u));
    expectClose(toArray(jvp(network, theta, { X, tangent: u })), Ju, { absolute: 1e-12 });
    const c = toArray(cotangent);
    const G = toArray(exampleGradients(network, theta, { X, cotangent }));
    const total = new Float64Array(theta.length);
    for (let n = 0; n < N; n++) {
      const g = Float64Array.from(theta, (_, p) => {
        let sum = 0;
        for (let o = 0; o < O; o++) sum += c[n * O + o] * row(n * O + o)[p];
        return sum;
      });
      expectClose(G.subarray(n * theta.length, (n + 1) * theta.length), g, { absolute: 1e-12 });
      for (let p = 0; p < total.length; p++) total[p] += g[p];
    }
    expectClose(vjp(network, theta, { X, cotangent }), total, { absolute: 1e-12 });
  });

  it('have the Hessian product that central differences of the gradient see', () => {
    const h = 1e-5;
    const plus = vjp(network, along(theta, u, h), { X, cotangent });
    const minus = vjp(network, along(theta, u, -h), { X, cotangent });
    const slope = Float64Array.from(plus, (g, p) => (g - minus[p]) / (2 * h));
    expectClose(hvp(network, theta, { X, cotangent, tangent: u }), slope, { absolute: 1e-7 });
  });

  it('have a symmetric Hessian', () => {
    const Hu = hvp(network, theta, { X, cotangent, tangent: u });
    const Hv = hvp(network, theta, { X, cotangent, tangent: v });
    expect(Math.abs(dot(Hu, v))).toBeGreaterThan(0.01);
    expectClose(dot(Hu, v), dot(Hv, u), { relative: 1e-11 });
  });

  it('agree in float32, on the plain and the compiled backend', () => {
    for (const on of [ndarrayBackend(), wasmBackend()]) {
      const single = setup(activation, { dtype: 'float32', on });
      const options = { X: single.X, cotangent: single.cotangent };
      // Sums of some 20 products of size up to 10, each rounded to 6e-8.
      const close = { absolute: 2e-4 };
      const tangent = Float32Array.from(u);
      const Ju = jvp(network, single.theta, { X: single.X, tangent });
      expect(Ju.dtype).toBe('float32');
      expectClose(toArray(Ju), toArray(jvp(network, theta, { X, tangent: u })), close);
      expectClose(
        hvp(network, single.theta, { ...options, tangent }),
        hvp(network, theta, { X, cotangent, tangent: u }),
        close,
      );
      expectClose(
        toArray(exampleGradients(network, single.theta, options)),
        toArray(exampleGradients(network, theta, { X, cotangent })),
        close,
      );
    }
  });
});

describe('the Hessian of a product of two numbers', () => {
  it('is x off the diagonal and 0 on it', () => {
    const network = fullyConnected({
      inputs: 1,
      hidden: [1],
      activation: linear,
      parameterization: { weightScale: 1, biasScale: 1 },
    });
    const backend = ndarrayBackend();
    const X = tensor([[3]], { backend });
    const theta = new Float64Array([2, 5, 7, 11]);
    const cotangent = tensor([[1]], { backend });
    const columns = [0, 1, 2, 3].map((p) => {
      const tangent = new Float64Array(4);
      tangent[p] = 1;
      return [...hvp(network, theta, { X, cotangent, tangent })];
    });
    // f = w₂ (3 w₁ + β₁) + β₂
    expect(columns).toEqual([
      [0, 0, 3, 0],
      [0, 0, 1, 0],
      [3, 1, 0, 0],
      [0, 0, 0, 0],
    ]);
  });
});

describe('derivatives', () => {
  const { network, theta, X, cotangent, u } = setup(relu);

  it('refuse a Jacobian that is too large before computing it', () => {
    expect(() => jacobian(network, theta, { X, maxEntries: 100 })).toThrow(
      `options.X must be small enough for 100 entries, got "[4, 3, ${theta.length}], which is ${12 * theta.length}"`,
    );
    expect(() => exampleGradients(network, theta, { X, cotangent, maxEntries: 100 })).toThrow('100 entries');
  });

  it('refuse what is not finite, rather than give NaN', () => {
    const spoil = <T extends { slice(): T }>(values: T): T =>
      Object.assign(values.slice(), { 1: Number.NaN });
    const spoiled = tensor(spoil(toArray(cotangent)), { backend: X.backend, shape: cotangent.shape });
    const calls: readonly (() => unknown)[] = [
      () => forward(network, spoil(theta), X),
      () => empiricalNtk(network, spoil(theta), { X }),
      () => linearize(network, theta)(spoil(theta), X),
      () => jvp(network, theta, { X, tangent: spoil(u) }),
      () => vjp(network, theta, { X, cotangent: spoiled }),
      () => hvp(network, theta, { X, cotangent: spoiled, tangent: u }),
      () => exampleGradients(network, theta, { X, cotangent: spoiled }),
      () => ntkDrift(network, theta, { X, Y: spoiled }),
      () => outputHessianTrace(network, theta, { X, residuals: spoiled, learningRate: 1 }),
      () => lazyMeters(network, theta, theta, { X, Y: spoiled }),
    ];
    for (const call of calls) expect(call).toThrow('must be finite numbers, got "NaN at position 1"');
  });

  it('refuse directions and cotangents of another size', () => {
    expect(() => jvp(network, theta, { X, tangent: u.subarray(1) })).toThrow(
      'options.tangent must be of length',
    );
    expect(() => hvp(network, theta, { X, cotangent: X.backend.transpose(X), tangent: u })).toThrow(
      'hvp: options.cotangent must be of shape [4, 3], got [3, 4]',
    );
  });
});
