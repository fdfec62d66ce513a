import { erfActivation, fullyConnected } from '@sntk/architecture';
import { analyticKernel } from '@sntk/kernels';
import { ndarrayBackend, tensor, toArray, toFloat64 } from '@sntk/linalg';
import { forward, initialize } from '@sntk/mlp';
import { createRng, minibatches } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { functionNoise } from '../../src/index.ts';
import { measureCovariance } from '../../src/measurements.ts';

const backend = ndarrayBackend();
const N = 5;
const k = Float64Array.from({ length: N * N }, (_, p) => 1 / (1 + Math.abs(Math.floor(p / N) - (p % N))));
const K = tensor(k, { backend, shape: [N, N] });
const r = new Float64Array([1, -0.5, 2, 0.3, -1.2]);

describe('draws', () => {
  it('of the noise of Lemma 6 have K_S, and the sampling error is that of Gaussian draws', () => {
    const noise = functionNoise(K, r, { kind: 'printed', members: [0, 2, 3] });
    const rng = createRng(1);
    const P = 5000;
    const draws = Array.from({ length: P }, () => noise.sample(rng));
    const result = measureCovariance(draws, noise.toDense());
    expect(result.holds).toBe(true);
    expect(result.traceRatio).toBeCloseTo(1, 1);
    const C = toFloat64(noise.toDense());
    const square = C.reduce((sum, c) => sum + c * c, 0);
    const gaussian = Math.sqrt((noise.trace() ** 2 + square) / P / square);
    expect(result.samplingError / gaussian).toBeCloseTo(1, 1);
  });

  it('of minibatch gradients have (22), and neither (23) without the mean nor (25)', () => {
    const b = 2;
    const batches = minibatches({ samples: N, batch: b, sampler: 'without-replacement', rng: createRng(2) });
    const draws = Array.from({ length: 5000 }, (_, step) =>
      Float64Array.from({ length: N }, (__, m) =>
        Array.from(batches.at(step)).reduce((sum, i) => sum + (k[m * N + i] * r[i]) / b, 0),
      ),
    );
    const exact = functionNoise(K, r, { kind: 'exact', batch: b }).toDense();
    const leading = functionNoise(K, r, { kind: 'leading', batch: b }).toDense();
    const printed = functionNoise(K, r, { kind: 'printed', members: [0, 1, 2, 3, 4] }).toDense();
    expect(measureCovariance(draws, exact).holds).toBe(true);
    expect(measureCovariance(draws, leading).holds).toBe(false);
    expect(measureCovariance(draws, printed).holds).toBe(false);
  });
});

describe('the approximation of a kernel by random functions (20)', () => {
  const network = fullyConnected({ inputs: 2, hidden: [512], activation: erfActivation });
  const X = tensor(
    [
      [1, 0],
      [0.2, -1],
      [-1, 0.5],
      [0.3, 0.4],
    ],
    { backend },
  );
  const { nngp } = analyticKernel(network, { X });
  const mean = new Float64Array(4);
  const functions = Array.from({ length: 800 }, (_, p) =>
    Float64Array.from(toArray(forward(network, initialize(network, { rng: createRng('f').split(p) }), X))),
  );

  it('comes to the NNGP kernel with networks at initialization, as P^{−1/2}', () => {
    const many = measureCovariance(functions, nngp, { mean });
    expect(many.holds).toBe(true);
    const few = measureCovariance(functions.slice(0, 50), nngp, { mean });
    expect(few.holds).toBe(true);
    expect(few.samplingError / many.samplingError).toBeGreaterThan(2.5);
    expect(few.samplingError / many.samplingError).toBeLessThan(6.4);
    // The estimate itself, by hand.
    const first = functions.reduce((sum, f) => sum + (f[0] * f[1]) / 800, 0);
    expect(many.estimate[1]).toBeCloseTo(first, 13);
    expect(many.estimate[4]).toBe(many.estimate[1]);
  });
});

describe('draws that do not fit', () => {
  it('are refused', () => {
    const one = new Float64Array(N);
    expect(() => measureCovariance([one], K)).toThrow('two at least');
    expect(() => measureCovariance([one, new Float64Array(4)], K)).toThrow('draws[1] must be of length 5');
    expect(() => measureCovariance([one.slice(1), one.slice(1)], K)).toThrow('of shape [4, 4]');
  });
});
