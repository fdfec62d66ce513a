import { type Activation, erfActivation, fullyConnected, relu } from '@sntk/architecture';
import { type FloatArray, ndarrayBackend, type Tensor, tensor, toArray } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { expectClose, fitSlope } from '@sntk/testing';
import { describe, expect, it } from 'vitest';
import {
  empiricalNtk,
  exampleGradients,
  expandToSecondOrder,
  forward,
  hvp,
  initialize,
  jacobian,
  lazyMeters,
  linearize,
  ntkDrift,
  outputHessianTrace,
  vjp,
} from '../src/index.ts';

const backend = ndarrayBackend();
const [N, O] = [4, 2];

function setup(activation: Activation, width = 6) {
  const network = fullyConnected({ inputs: 3, hidden: [width, width], outputs: O, activation });
  const rng = createRng('expansion');
  const normals = (label: string, size: number): Float64Array => {
    const out = new Float64Array(size);
    rng.split(label).fillNormal(out);
    return out;
  };
  const theta = initialize(network, { rng }) as Float64Array;
  const matrix = (label: string, columns: number): Tensor =>
    tensor(normals(label, N * columns), { backend, shape: [N, columns] });
  return { network, theta, X: matrix('X', 3), Y: matrix('Y', O), v: normals('v', theta.length) };
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};
const moved = (theta: FloatArray, v: FloatArray, h: number): Float64Array =>
  Float64Array.from(theta, (t, p) => t + h * v[p]);

/** A cotangent that picks output `o` of example `n`. */
function pick(n: number, o: number): Tensor {
  const data = new Float64Array(N * O);
  data[n * O + o] = 1;
  return tensor(data, { backend, shape: [N, O] });
}

describe('the expansions of a smooth network', () => {
  const { network, theta, X, v } = setup(erfActivation);

  it.each([
    ['the linearization', linearize, 2],
    ['the second-order expansion', expandToSecondOrder, 3],
  ] as const)('leave, in %s, an error of the next order', (_, expand, order) => {
    const approximate = expand(network, theta);
    const steps = [0.004, 0.002, 0.001, 0.0005];
    const errors = steps.map((h) => {
      const at = moved(theta, v, h);
      const f = toArray(forward(network, at, X));
      const g = toArray(approximate(at, X));
      return Math.hypot(...f.map((value, i) => value - g[i]));
    });
    const { slope } = fitSlope(steps.map(Math.log), errors.map(Math.log));
    // The order after that bends the line by about the largest step times the ratio of derivatives.
    expect(Math.abs(slope - order)).toBeLessThan(0.1);
  });

  it('are f + Jv and f + Jv + ½ vᵀHv, H by Hessian–vector products', () => {
    const at = moved(theta, v, 1);
    const f = toArray(forward(network, theta, X));
    const J = toArray(jacobian(network, theta, { X }));
    const first = toArray(linearize(network, theta)(at, X));
    const second = toArray(expandToSecondOrder(network, theta)(at, X));
    for (let n = 0; n < N; n++) {
      for (let o = 0; o < O; o++) {
        const i = n * O + o;
        const Jv = dot(J.subarray(i * theta.length, (i + 1) * theta.length), v);
        const Hv = hvp(network, theta, { X, cotangent: pick(n, o), tangent: v });
        expectClose(first[i], f[i] + Jv, { absolute: 1e-11 });
        expectClose(second[i], f[i] + Jv + dot(v, Hv) / 2, { absolute: 1e-11 });
      }
    }
  });

  it('keep their own copy of θ₀ and refuse parameters of another network', () => {
    const own = theta.slice();
    const expansion = linearize(network, own);
    const before = toArray(expansion(theta, X)).slice();
    own.fill(0);
    expect(toArray(expansion(theta, X))).toEqual(before);
    expect(() => expansion(theta.subarray(1), X)).toThrow('linearize: theta must be of length');
  });
});

describe.each([relu, erfActivation])('the drift of the kernel, of $name units', (activation) => {
  const { network, theta, X, Y } = setup(activation);
  const f = toArray(forward(network, theta, X));
  const residuals = tensor(
    f.map((value, i) => value - toArray(Y)[i]),
    { backend, shape: [N, O] },
  );
  const descent = vjp(network, theta, { X, cotangent: residuals }).map((g) => -g / N);

  it('is what central differences along gradient flow see', () => {
    const h = 1e-5;
    for (const o of [0, 1]) {
      const plus = toArray(empiricalNtk(network, moved(theta, descent, h), { X, outputs: [o, o] }));
      const minus = toArray(empiricalNtk(network, moved(theta, descent, -h), { X, outputs: [o, o] }));
      const slope = plus.map((k, i) => (k - minus[i]) / (2 * h));
      const size = Math.max(...slope.map(Math.abs));
      expect(size).toBeGreaterThan(0.1);
      // h² of truncation and eps/h of rounding, of kernels of size 100.
      expectClose(toArray(ntkDrift(network, theta, { X, Y, output: o })), slope, {
        absolute: 1e-6 * (1 + size),
      });
    }
  });

  it('is −(1/m) Σ r_γ [g_βᵀ H_α g_γ + g_αᵀ H_β g_γ] by Hessian–vector products', () => {
    const drift = toArray(ntkDrift(network, theta, { X, Y, output: 1 }));
    const J = toArray(jacobian(network, theta, { X }));
    const gradient = (n: number): FloatArray =>
      J.subarray((n * O + 1) * theta.length, (n * O + 2) * theta.length);
    const curved = Array.from({ length: N }, (_, n) =>
      hvp(network, theta, { X, cotangent: pick(n, 1), tangent: descent }),
    );
    for (let a = 0; a < N; a++) {
      for (let b = 0; b < N; b++) {
        expectClose(drift[a * N + b], dot(gradient(b), curved[a]) + dot(gradient(a), curved[b]), {
          absolute: 1e-10,
        });
        expect(drift[a * N + b]).toBe(drift[b * N + a]);
      }
    }
  });
});

describe('the trace of the output Hessian against SGD noise', () => {
  it.each([relu, erfActivation])(
    'is (η/b) Σ g_iᵀ H(x) g_i by Hessian–vector products, of $name units',
    (activation) => {
      const { network, theta, X, Y } = setup(activation);
      const trace = toArray(outputHessianTrace(network, theta, { X, residuals: Y, learningRate: 0.3 }));
      const G = toArray(exampleGradients(network, theta, { X, cotangent: Y }));
      for (let n = 0; n < N; n++) {
        for (let o = 0; o < O; o++) {
          let sum = 0;
          for (let i = 0; i < N; i++) {
            const g = G.subarray(i * theta.length, (i + 1) * theta.length);
            sum += dot(g, hvp(network, theta, { X, cotangent: pick(n, o), tangent: g }));
          }
          expectClose(trace[n * O + o], (0.3 / N) * sum, { absolute: 1e-10, relative: 1e-11 });
        }
      }
    },
  );
});

describe('lazy meters', () => {
  it('have the values of their definitions', () => {
    const { network, theta, X, Y, v } = setup(erfActivation);
    const at = moved(theta, v, 0.1);
    const meters = lazyMeters(network, theta, at, { X, Y });
    expectClose(meters.parameterChange, 0.1 * Math.sqrt(dot(v, v) / dot(theta, theta)), { relative: 1e-12 });
    const [K, K0] = [at, theta].map((t) => toArray(empiricalNtk(network, t, { X, outputs: 'trace' })));
    const change = K.map((k, i) => k - K0[i]);
    expectClose(meters.kernelChange, Math.sqrt(dot(change, change) / dot(K0, K0)), { relative: 1e-12 });
    // Centering by products with H = I − 11ᵀ/N.
    const H = tensor(
      Float64Array.from({ length: N * N }, (_, i) => (i % (N + 1) === 0 ? 1 : 0) - 1 / N),
      { backend, shape: [N, N] },
    );
    const centered = (k: FloatArray): FloatArray =>
      toArray(backend.matmul(backend.matmul(H, tensor(k, { backend, shape: [N, N] }), {}), H, {}));
    const y = toArray(Y);
    const yy = Float64Array.from({ length: N * N }, (_, i) => {
      const [a, b] = [Math.floor(i / N), i % N];
      return y[a * O] * y[b * O] + y[a * O + 1] * y[b * O + 1];
    });
    const alignment = (a: FloatArray, b: FloatArray): number => {
      const [p, q] = [centered(a), centered(b)];
      return dot(p, q) / Math.sqrt(dot(p, p) * dot(q, q));
    };
    expectClose(meters.kernelAlignment, alignment(K, K0), { relative: 1e-12 });
    expectClose(meters.targetAlignment!, alignment(K, yy), { absolute: 1e-12 });
    const f = toArray(forward(network, at, X));
    const linear = toArray(linearize(network, theta)(at, X));
    expect(meters.linearizationGap).toBe(Math.max(...f.map((value, i) => Math.abs(value - linear[i]))));
  });

  it('are 0, and the kernels aligned, where training starts', () => {
    const { network, theta, X } = setup(relu);
    const { kernelAlignment, ...rest } = lazyMeters(network, theta, theta, { X });
    expect(rest).toEqual({ parameterChange: 0, kernelChange: 0, linearizationGap: 0 });
    expectClose(kernelAlignment, 1, { relative: 1e-15 });
  });

  it('refuse targets of another shape, of as many entries too', () => {
    const { network, theta, X, Y } = setup(relu);
    const turned = tensor(toArray(Y), { backend, shape: [O, N] });
    expect(() => lazyMeters(network, theta, theta, { X, Y: turned })).toThrow(
      'lazyMeters: options.Y must be of shape [4, 2], got [2, 4]',
    );
  });

  it('refuse parameters that have no size to compare with', () => {
    const { network, theta, X } = setup(relu);
    expect(() =>
      lazyMeters(
        network,
        theta.map(() => 0),
        theta,
        { X },
      ),
    ).toThrow('theta0 is 0');
  });
});
