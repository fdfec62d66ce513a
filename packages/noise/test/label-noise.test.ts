import { ndarrayBackend, tensor, toArray, transpose } from '@sntk/linalg';
import { describe, expect, it } from 'vitest';
import { addNoises, functionNoise, labelNoise } from '../src/index.ts';
import { allMinibatches, gap, momentsOf } from './enumerate.ts';

const backend = ndarrayBackend();
const N = 4;
const k = new Float64Array([2, 1, 0.5, 0, 1, 3, 1, -0.4, 0.5, 1, 1.5, 0.2, 0, -0.4, 0.2, 1]);
const K = tensor(k, { backend, shape: [N, N] });
const r = new Float64Array([1, -0.5, 2, 0.3]);
const sigma = 0.7;

/** Every minibatch with every sign of the errors of its labels, each label wrong by ±σ. */
function* noisyMinibatches(b: number, replacement: boolean, outputs: number) {
  for (const { members, weight } of allMinibatches(N, b, replacement)) {
    const signs = 2 ** (b * outputs);
    for (let s = 0; s < signs; s++) {
      const error = (j: number, o: number): number => ((s >> (j * outputs + o)) & 1 ? sigma : -sigma);
      yield { members, weight: weight / signs, error };
    }
  }
}

describe('label noise', () => {
  it.each([
    [1, true],
    [2, true],
    [2, false],
    [4, false],
  ])(
    'adds σ²/(bN) K Kᵀ: all minibatches of %i with all errors, enumerated; replacement %s',
    (b, replacement) => {
      const law = [...noisyMinibatches(b, replacement, 1)].map(({ members, weight, error }) => ({
        weight,
        value: Float64Array.from({ length: N }, (_, m) =>
          members.reduce((sum, i, j) => sum + (k[m * N + i] * (r[i] - error(j, 0))) / b, 0),
        ),
      }));
      const noise = addNoises(
        functionNoise(K, r, { kind: 'exact', batch: b, replacement }),
        labelNoise(K, { variance: sigma ** 2, batch: b }),
      );
      expect(gap(toArray(noise.toDense()), momentsOf(law).covariance)).toBeLessThan(1e-13);
    },
  );

  it.each([true, false])(
    'has p(1 − p) for flipped labels, about their mean; replacement %s',
    (replacement) => {
      const [p, b] = [0.2, 2];
      const y = [0, 1, 1, 0];
      const f = [0.3, 0.9, 0.4, 0.1];
      const flips = [...allMinibatches(N, b, replacement)].flatMap(({ members, weight }) =>
        [0, 1, 2, 3].map((pattern) => {
          const flipped = [pattern & 1, pattern >> 1];
          const chance = flipped.reduce((product, flip) => product * (flip ? p : 1 - p), weight);
          const value = Float64Array.from({ length: N }, (_, m) =>
            members.reduce(
              (sum, i, j) => sum + (k[m * N + i] * (f[i] - (flipped[j] ? 1 - y[i] : y[i]))) / b,
              0,
            ),
          );
          return { value, weight: chance };
        }),
      );
      const meanResidual = Float64Array.from(f, (value, i) => value - (y[i] + p * (1 - 2 * y[i])));
      const noise = addNoises(
        functionNoise(K, meanResidual, { kind: 'exact', batch: b, replacement }),
        labelNoise(K, { variance: p * (1 - p), batch: b }),
      );
      expect(gap(toArray(noise.toDense()), momentsOf(flips).covariance)).toBeLessThan(1e-13);
    },
  );

  it('is independent between outputs, which share their minibatches', () => {
    const R = new Float64Array([1, 2, -0.5, 0, 2, 1, 0.3, -1]);
    const law = [...noisyMinibatches(2, false, 2)].map(({ members, weight, error }) => ({
      weight,
      value: Float64Array.from({ length: 2 * N }, (_, row) =>
        members.reduce(
          (sum, i, j) => sum + (k[(row >> 1) * N + i] * (R[2 * i + (row % 2)] - error(j, row % 2))) / 2,
          0,
        ),
      ),
    }));
    const noise = addNoises(
      functionNoise(K, R, { kind: 'exact', batch: 2, outputs: 2 }),
      labelNoise(K, { variance: sigma ** 2, batch: 2, outputs: 2 }),
    );
    expect(gap(toArray(noise.toDense()), momentsOf(law).covariance)).toBeLessThan(1e-13);
  });

  it('is over parameters what a transposed Jacobian makes of it', () => {
    const J = tensor(new Float64Array([1, 2, 0, -1, 0.5, 1, 3, 0, 1, 1, -2, 0.3]), {
      backend,
      shape: [N, 3],
    });
    const inParameters = toArray(labelNoise(transpose(J), { variance: 0.4, batch: 2 }).toDense());
    const law = [...noisyMinibatches(2, true, 1)].map(({ members, weight, error }) => ({
      weight,
      value: Float64Array.from({ length: 3 }, (_, p) =>
        members.reduce((sum, i, j) => sum - (error(j, 0) * toArray(J)[i * 3 + p]) / 2, 0),
      ),
    }));
    const scaled = momentsOf(law).covariance.map((value) => (value * 0.4) / sigma ** 2);
    expect(gap(inParameters, scaled)).toBeLessThan(1e-13);
  });

  it('stays where the noise of minibatches is none: with a full batch and at interpolation', () => {
    const zero = new Float64Array(N);
    expect(functionNoise(K, zero, { kind: 'exact', batch: 1 }).trace()).toBe(0);
    expect(labelNoise(K, { variance: 1, batch: N }).trace()).toBeGreaterThan(0);
  });

  it('has a variance of at least 0', () => {
    expect(() => labelNoise(K, { variance: -1, batch: 1 })).toThrow('options.variance must be');
    expect(() => labelNoise(K, { variance: 1, batch: 0 })).toThrow('options.batch must be');
  });
});
