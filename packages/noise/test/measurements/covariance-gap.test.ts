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

describe('the sampling error', () => {
  it.each([
    [5, true],
    [5, false],
    [20, false],
  ])('of %i draws is that of the distance on average; mean known %s', (P, known) => {
    const stream = createRng('sampling').split(P).split(Number(known));
    const I = tensor(
      [
        [1, 0],
        [0, 1],
      ],
      { backend },
    );
    const repetitions = 4000;
    const differences = Array.from({ length: repetitions }, () => {
      const draws = Array.from({ length: P }, () => {
        const x = new Float64Array([3, -1]);
        if (known) x.fill(0);
        return x.map((value) => value + stream.normal());
      });
      const { measured, samplingError } = measureCovariance(
        draws,
        I,
        known ? { mean: new Float64Array(2) } : {},
      );
      return [measured ** 2, samplingError ** 2];
    });
    // E‖Ĉ − I‖²/‖I‖² of Gaussian draws: (tr² + ‖C‖²)/‖C‖² over the degrees of freedom.
    const wanted = (4 + 2) / 2 / (known ? P : P - 1);
    const mean = (which: number) => differences.reduce((sum, pair) => sum + pair[which] / repetitions, 0);
    const error = (which: number) =>
      Math.sqrt(differences.reduce((sum, pair) => sum + (pair[which] - mean(which)) ** 2, 0)) / repetitions;
    expect(Math.abs(mean(0) - wanted)).toBeLessThan(4 * error(0));
    // Exact with a known mean; without one it is so to first order in 1/P.
    const bias = known ? 0 : (2 * wanted) / P;
    expect(Math.abs(mean(1) - wanted)).toBeLessThan(4 * error(1) + bias);
  });

  it('does not depend on the scale of the draws', () => {
    const stream = createRng('scale');
    const draws = Array.from({ length: 50 }, () => {
      const x = new Float64Array(N);
      stream.fillNormal(x);
      return x;
    });
    const { measured, bound, traceRatio, estimate } = measureCovariance(draws, K);
    const variances = estimate.reduce((sum, value, p) => (p % (N + 1) ? sum : sum + value), 0);
    expect(traceRatio).toBeCloseTo(variances / N, 12);
    expect(Math.abs(traceRatio - 1)).toBeGreaterThan(1e-3);
    for (const scale of [1e-100, 1e100]) {
      const result = measureCovariance(
        draws.map((draw) => draw.map((value) => value * scale)),
        tensor(
          k.map((value) => value * scale ** 2),
          { backend, shape: [N, N] },
        ),
      );
      expect(result.measured).toBeCloseTo(measured, 10);
      expect(result.bound).toBeCloseTo(bound, 10);
      expect(result.traceRatio).toBeCloseTo(traceRatio, 10);
      expect(result.estimate[0] / scale ** 2 / measureCovariance(draws, K).estimate[0]).toBeCloseTo(1, 10);
    }
  });
});

describe('draws that do not fit', () => {
  it('are refused', () => {
    const one = new Float64Array(N);
    expect(() => measureCovariance([one, one], K)).toThrow('3 at least');
    expect(() => measureCovariance([one], K, { mean: one })).toThrow('2 at least');
    const zeros = tensor(new Float64Array(N * N), { backend, shape: [N, N] });
    expect(() => measureCovariance([one, one, one], zeros)).toThrow('one that is not zero');
    const mean = one.map(() => Number.NaN);
    expect(() => measureCovariance([one, one], K, { mean })).toThrow('NaN at position 0');
    const far = one.map(() => 1e200);
    expect(() => measureCovariance([one, far, one], K)).toThrow('a number overflows');
    expect(() => measureCovariance([one, new Float64Array(4), one], K)).toThrow(
      'draws[1] must be of length 5',
    );
    expect(() =>
      measureCovariance(
        [one, one, one].map((draw) => draw.slice(1)),
        K,
      ),
    ).toThrow('of shape [4, 4]');
  });
});
