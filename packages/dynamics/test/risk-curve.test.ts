import { fullyConnected } from '@sntk/architecture';
import { twoMoons } from '@sntk/datasets';
import { analyticKernel } from '@sntk/kernels';
import { ndarrayBackend, tensor, toFloat64 } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import {
  criticalBatch,
  dualMoments,
  kernelSgdMoments,
  kernelSpectrum,
  learningRateLimits,
  riskCurve,
  stationaryCovariance,
} from '../src/index.ts';

const backend = ndarrayBackend();
const N = 15;
const BATCH = 3;
const rng = createRng('risk');
/** A kernel on equally spaced points of a circle: all examples are alike. */
const circulant = kernelSpectrum(
  tensor(
    Float64Array.from({ length: N * N }, (_, q) => {
      const angle = (2 * Math.PI * (Math.floor(q / N) - (q % N))) / N;
      return Math.exp(2 * (Math.cos(angle) - 1));
    }),
    { backend, shape: [N, N] },
  ),
);
const r0 = new Float64Array(N);
rng.split('start').fillNormal(r0);
const learningRate = 0.4 * learningRateLimits(circulant, { batch: BATCH }).meanSquare;

/** `E (1/2N) |r|²` from a mean and a covariance. */
function lossOf({ mean, covariance }: { mean: Float64Array; covariance: Float64Array }): number {
  const n = mean.length;
  let sum = mean.reduce((total, value) => total + value * value, 0);
  for (let i = 0; i < n; i++) sum += covariance[i * (n + 1)];
  return sum / (2 * n);
}

describe('the risk curve (37)', () => {
  it.each([true, false])(
    'is the trace of the exact moments (33) where all examples are alike, replacement %s',
    (replacement) => {
      const options = { learningRate, steps: 40, batch: BATCH, replacement };
      const { loss } = riskCurve(circulant, r0, options);
      expect(loss).toHaveLength(41);
      for (const steps of [0, 1, 7, 40]) {
        const exact = lossOf(kernelSgdMoments(circulant, r0, { ...options, steps }));
        expect(Math.abs(loss[steps] / exact - 1)).toBeLessThan(1e-12);
      }
    },
  );

  it.each(['exact', 'leading'] as const)(
    'is that of the moments (34) of the SDEs, to second order in the step, %s',
    (model) => {
      const time = 30 * learningRate;
      const moments = dualMoments(circulant, r0, {
        learningRate,
        steps: 30,
        batch: BATCH,
        model,
        tolerance: 1e-7,
      });
      // Finer steps of the same equation: η and c_b stay in the noise, η c_b.
      const gap = (division: number): number => {
        const options = {
          learningRate: learningRate / division,
          steps: 30 * division,
          batch: BATCH,
          batchFactor: (division * (N - BATCH)) / (BATCH * (N - 1)),
          model,
        };
        expect(options.learningRate * options.steps).toBeCloseTo(time, 12);
        return Math.abs(riskCurve(circulant, r0, options).loss[30 * division] / lossOf(moments) - 1);
      };
      expect(gap(1)).toBeLessThan(0.02);
      expect(gap(4) / gap(8)).toBeCloseTo(4, 0);
    },
  );

  it('solves the Volterra equation', () => {
    const options = { learningRate, steps: 200, batch: BATCH, model: 'leading' as const };
    const { loss } = riskCurve(circulant, r0, options);
    const c = (N - BATCH) / (BATCH * (N - 1));
    const h = learningRate;
    const { values } = circulant;
    const start = values.map((_, j) => {
      let sum = 0;
      const q = toFloat64(circulant.Q);
      for (let i = 0; i < N; i++) sum += q[i * N + j] * r0[i];
      return sum * sum;
    });
    const F = (t: number): number =>
      start.reduce((sum, value, j) => sum + (value * Math.exp((-2 * values[j] * t) / N)) / (2 * N), 0);
    const k = (t: number): number =>
      values.reduce(
        (sum, value) => sum + ((h * c) / N ** 2) * value ** 2 * Math.exp((-2 * value * t) / N),
        0,
      );
    for (const n of [20, 200]) {
      let sum = F(n * h);
      for (let s = 0; s <= n; s++) sum += (s === 0 || s === n ? 0.5 : 1) * h * k((n - s) * h) * loss[s];
      // The trapezoid rule errs by (h λ/N)²/6 of what noise breeds.
      expect(Math.abs(loss[n] / sum - 1)).toBeLessThan(((h * values[N - 1] * 2) / N) ** 2 / 6);
    }
  });

  it('is stable where the kernel of the equation has a mass below one', () => {
    const at = (rate: number) => riskCurve(circulant, r0, { learningRate: rate, steps: 4000, batch: BATCH });
    const { meanSquare } = learningRateLimits(circulant, { batch: BATCH });
    const [below, above] = [at(0.98 * meanSquare), at(1.02 * meanSquare)];
    expect(below.kernelMass).toBeLessThan(1);
    expect(above.kernelMass).toBeGreaterThan(1);
    expect(above.loss[4000]).toBeGreaterThan(above.loss[2000]);
    expect(below.loss[4000]).toBeLessThan(below.loss[2000]);
    expect(() => at(40 * meanSquare)).toThrow('the loss overflows at step');
  });

  it('has the floor that label noise leaves', () => {
    const options = { learningRate, steps: 3000, batch: BATCH, labelNoise: 0.3 };
    const { loss } = riskCurve(circulant, r0, options);
    const exact = lossOf(dualMoments(circulant, r0, { ...options, tolerance: 1e-8 }));
    expect(Math.abs(loss[3000] / exact - 1)).toBeLessThan(1e-6);
  });

  it.each(['exact', 'leading'] as const)('has the floor of the SDEs, %s', (model) => {
    const options = { learningRate, batch: BATCH, labelNoise: 0.3, model };
    const covariance = stationaryCovariance(circulant, options);
    const wanted = lossOf({ mean: new Float64Array(N), covariance });
    // From zero, modes that hardly move in the run have no start to forget.
    const { loss } = riskCurve(circulant, new Float64Array(N), { ...options, steps: 400_000 });
    expect(Math.abs(loss[400_000] / wanted - 1)).toBeLessThan(1e-6);
  });

  it('is close to the exact moments on data, where examples are not all alike', () => {
    const X = tensor(twoMoons({ samples: 60, noise: 0.1, rng: rng.split('moons') }).X, { backend });
    const spectrum = kernelSpectrum(analyticKernel(fullyConnected({ inputs: 2, hidden: [1, 1] }), { X }).ntk);
    const start = new Float64Array(60);
    rng.split('residual').fillNormal(start);
    const rate = 0.1 * learningRateLimits(spectrum, { batch: 4 }).mean;
    const options = { learningRate: rate, steps: 100, batch: 4 };
    const { loss } = riskCurve(spectrum, start, options);
    const exact = lossOf(dualMoments(spectrum, start, options));
    // No theorem bounds this; noise is a part of the loss, and diag(S) varies by a part of itself.
    expect(Math.abs(loss[100] / exact - 1)).toBeLessThan(0.05);
  });
});

describe('critical minibatch sizes', () => {
  it('halve the stable learning rate', () => {
    const { stability } = criticalBatch(circulant, { replacement: true });
    expect(stability).toBeGreaterThan(1);
    expect(stability).toBeLessThan(N);
    // Limits at integers on both sides of it.
    const share = (batch: number): number => {
      const { mean, meanSquare } = learningRateLimits(circulant, { batch, replacement: true });
      return meanSquare / mean;
    };
    expect(share(Math.floor(stability))).toBeLessThan(0.5);
    expect(share(Math.ceil(stability))).toBeGreaterThan(0.5);
    // c_b is the same for a smaller batch without replacement.
    const without = criticalBatch(circulant).stability;
    expect((N - without) / (without * (N - 1))).toBeCloseTo(1 / stability, 4);
  });

  it('have the noise scale of gradients that are given one by one', () => {
    // Gradients g_i = r_i φ_i with φ φᵀ = K.
    const { Q, values } = circulant;
    const phi = toFloat64(Q).map((value, q) => value * Math.sqrt(values[q % N]));
    const g = phi.map((value, q) => value * r0[Math.floor(q / N)]);
    const mean = Float64Array.from({ length: N }, (_, p) =>
      g.reduce((s, v, q) => (q % N === p ? s + v / N : s), 0),
    );
    const variance = g.reduce((s, v, q) => s + (v - mean[q % N]) ** 2 / N, 0);
    const wanted = variance / mean.reduce((s, v) => s + v * v, 0);
    expect(criticalBatch(circulant, { residual: r0 }).noiseScale).toBeCloseTo(wanted, 9);
  });

  it('are one where no minibatch is too small', () => {
    const one = kernelSpectrum(tensor(new Float64Array(4).fill(1), { backend, shape: [2, 2] }));
    expect(criticalBatch(one).stability).toBe(1);
  });

  it('refuse a state at rest, which has no noise scale', () => {
    expect(() => criticalBatch(circulant, { residual: new Float64Array(N) })).toThrow(
      'a state whose gradient is not zero',
    );
  });
});

describe('the mass of the kernel (37)', () => {
  it('is finite for kernels whose eigenvalues fall to rounding, and the sum of its modes', () => {
    const values = [1, 1e-4, 1e-17, 1e-30, 0];
    const n = values.length;
    const K = Float64Array.from({ length: n * n }, (_, q) => (q % (n + 1) === 0 ? values[q / (n + 1)] : 0));
    const spectrum = kernelSpectrum(tensor(K, { backend, shape: [n, n] }));
    const options = { learningRate: 0.5, steps: 1, batch: 2 };
    const c = (n - 2) / (2 * (n - 1));
    const sum = (mode: (x: number) => number): number =>
      values.reduce((total, value) => total + mode((0.5 * value) / n), 0);
    const mass = (model: 'sgd' | 'exact' | 'leading'): number =>
      riskCurve(spectrum, new Float64Array(n).fill(1), { ...options, model }).kernelMass;
    expect(mass('sgd')).toBeCloseTo(
      sum((x) => (c * x) / (2 - (1 - c) * x)),
      14,
    );
    expect(mass('exact')).toBeCloseTo(
      sum((x) => (c * x) / (2 + c * x)),
      14,
    );
    expect(mass('leading')).toBeCloseTo(
      sum((x) => (c * x) / 2),
      14,
    );
  });

  it('is infinite where the mean diverges, also without noise', () => {
    const rate = 1.01 * learningRateLimits(circulant, { batch: N }).mean;
    const mass = (share: number): number =>
      riskCurve(circulant, r0, { learningRate: share * rate, steps: 1, batch: N }).kernelMass;
    expect(mass(0.98)).toBe(0);
    expect(mass(1)).toBe(Number.POSITIVE_INFINITY);
  });
});
