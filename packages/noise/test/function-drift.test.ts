import { matmul, ndarrayBackend, tensor, toArray } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { functionDrift, functionNoise } from '../src/index.ts';
import { allMinibatches, gap, momentsOf } from './enumerate.ts';

const backend = ndarrayBackend();
const [N, M, P] = [4, 3, 6];
const normals = (label: string, length: number): Float64Array => {
  const out = new Float64Array(length);
  createRng('drift').split(label).fillNormal(out);
  return out;
};
const phi = tensor(normals('phi', N * P), { backend, shape: [N, P] });
const psi = tensor(normals('psi', M * P), { backend, shape: [M, P] });
const K = matmul(psi, phi, { transposeB: true });
const theta = normals('theta', P);
const centre = normals('centre', P);
const r = normals('r', N);
const times = (v: Float64Array, row: number): number => {
  const entries = toArray(psi);
  return v.reduce((sum, value, p) => sum + value * entries[row * P + p], 0);
};

describe('the mean and covariance of a step of a linear model with weight decay', () => {
  const [rate, eta, b] = [0.3, 0.1, 2];
  const features = toArray(phi);
  // θ ← θ − η (ĝ + rate (θ − θ_c)), in parameters, for every minibatch.
  const law = [...allMinibatches(N, b, false)].map(({ members, weight }) => {
    const step = theta.map((value, p) => {
      const gradient = members.reduce((sum, i) => sum + (r[i] * features[i * P + p]) / b, 0);
      return -eta * (gradient + rate * (value - centre[p]));
    });
    return { weight, value: Float64Array.from({ length: M }, (_, row) => times(step, row) / eta) };
  });
  const { mean, covariance } = momentsOf(law);

  it('are the drift, enumerated over minibatches,', () => {
    const away = theta.map((value, p) => value - centre[p]);
    const displacement = Float64Array.from({ length: M }, (_, row) => times(away, row));
    expect(gap(functionDrift(K, r, { weightDecay: { rate, displacement } }), mean)).toBeLessThan(1e-13);
  });

  it('and the noise without weight decay', () => {
    const noise = functionNoise(K, r, { kind: 'exact', batch: b });
    expect(gap(toArray(noise.toDense()), covariance)).toBeLessThan(1e-13);
  });
});

describe('functionDrift', () => {
  it('acts on each output by itself', () => {
    const R = normals('R', 2 * N);
    const both = functionDrift(K, R, { outputs: 2 });
    for (const o of [0, 1]) {
      const one = functionDrift(
        K,
        Float64Array.from({ length: N }, (_, i) => R[2 * i + o]),
      );
      one.forEach((value, m) => {
        expect(both[2 * m + o]).toBeCloseTo(value, 14);
      });
    }
  });

  it('refuses what does not fit', () => {
    expect(() => functionDrift(K, new Float64Array(3))).toThrow('one entry per column of K, 4');
    const displacement = new Float64Array(2);
    expect(() => functionDrift(K, r, { weightDecay: { rate: 1, displacement } })).toThrow('length 3');
    expect(() =>
      functionDrift(K, r, { weightDecay: { rate: -1, displacement: new Float64Array(M) } }),
    ).toThrow('weightDecay.rate must be');
  });
});
