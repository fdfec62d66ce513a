import { type Activation, erfActivation, fullyConnected, linear, relu } from '@sntk/architecture';
import { ndarrayBackend, type Tensor, tensor, toArray, toFloat64 } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { empiricalNtk, forward, initialize, vjp } from '../src/index.ts';

const backend = ndarrayBackend();

function setup(activation: Activation, outputs: number, biasVariance = 0.7) {
  const network = fullyConnected({ inputs: 3, hidden: [5, 4], outputs, activation, biasVariance });
  const rng = createRng('derivatives');
  const theta = initialize(network, { rng }) as Float64Array;
  const data = new Float64Array(4 * 3);
  rng.split('data').fillNormal(data);
  return { network, theta, X: tensor(data, { backend, shape: [4, 3] }) };
}

/** Rows `∂f_o(x_i)/∂θ` by one vector–Jacobian product a row. */
function jacobian(parts: ReturnType<typeof setup>, outputs: number, output: number): Float64Array[] {
  const N = parts.X.shape[0];
  return Array.from({ length: N }, (_, i) => {
    const pick = new Float64Array(N * outputs);
    pick[i * outputs + output] = 1;
    const cotangent: Tensor = tensor(pick, { backend, shape: [N, outputs] });
    return vjp(parts.network, parts.theta, { X: parts.X, cotangent }) as Float64Array;
  });
}

describe.each([relu, erfActivation, linear])('a finite network with $name', (activation) => {
  it('has the gradient that central differences see', () => {
    const { network, theta, X } = setup(activation, 2);
    const cotangent = tensor(
      [
        [1, -2],
        [0.5, 0],
        [3, 1],
        [-1, 1],
      ],
      { backend },
    );
    const weights = toArray(cotangent);
    const gradient = vjp(network, theta, { X, cotangent });
    const value = (at: Float64Array): number =>
      toFloat64(forward(network, at, X)).reduce((sum, f, i) => sum + f * weights[i], 0);
    const h = 1e-5;
    for (let p = 0; p < theta.length; p++) {
      const plus = theta.slice();
      const minus = theta.slice();
      plus[p] += h;
      minus[p] -= h;
      // Second-order differences: h² of truncation and eps/h of rounding.
      expect(Math.abs((value(plus) - value(minus)) / (2 * h) - gradient[p])).toBeLessThan(1e-8);
    }
  });

  it('has the tangent kernel of its Jacobian, for every pair of outputs', () => {
    const parts = setup(activation, 2);
    for (const pair of [
      [0, 0],
      [0, 1],
      [1, 1],
    ] as const) {
      const left = jacobian(parts, 2, pair[0]);
      const right = jacobian(parts, 2, pair[1]);
      const kernel = toArray(empiricalNtk(parts.network, parts.theta, { X: parts.X, outputs: pair }));
      for (let i = 0; i < 4; i++) {
        for (let j = 0; j < 4; j++) {
          const inner = left[i].reduce((sum, g, p) => sum + g * right[j][p], 0);
          expect(kernel[i * 4 + j]).toBeCloseTo(inner, 12);
        }
      }
    }
  });
});

describe('empiricalNtk', () => {
  it('is the same for X against X and X against a copy, and symmetric to the last bit', () => {
    const { network, theta, X } = setup(relu, 1);
    const own = toArray(empiricalNtk(network, theta, { X }));
    const cross = toArray(empiricalNtk(network, theta, { X, Z: X }));
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        expect(own[i * 4 + j]).toBe(own[j * 4 + i]);
        expect(cross[i * 4 + j]).toBeCloseTo(own[i * 4 + j], 13);
      }
    }
  });

  it('refuses outputs and points that the network does not have', () => {
    const { network, theta, X } = setup(relu, 1);
    expect(() => empiricalNtk(network, theta, { X, outputs: [0, 1] })).toThrow('outputs below 1, got [0, 1]');
    expect(() => forward(network, theta, tensor([[1, 2]], { backend }))).toThrow(
      'of shape [N, 3], got [1, 2]',
    );
    expect(() => forward(network, theta.subarray(1), X)).toThrow('of length');
    expect(() => forward(network, theta, tensor([[1, Number.NaN, 2]], { backend }))).toThrow(
      'NaN at position 1',
    );
  });
});
