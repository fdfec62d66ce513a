import { fullyConnected } from '@sntk/architecture';
import { twoMoons } from '@sntk/datasets';
import { analyticKernel } from '@sntk/kernels';
import { matmul, ndarrayBackend, type Tensor, tensor, toArray } from '@sntk/linalg';
import { createRng, minibatches, type Sampler } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import {
  type DualEnsemble,
  gradientDescent,
  gradientFlow,
  kernelSgd,
  kernelSgdMoments,
  kernelSpectrum,
  learningRateLimits,
  paperSntkPaths,
  sntkPaths,
} from '../src/index.ts';

const backend = ndarrayBackend();
const N = 20;
const BATCH = 4;
const rng = createRng('stochastic');
const X = tensor(twoMoons({ samples: N, noise: 0.1, rng: rng.split('moons') }).X, { backend });
const K: Tensor = analyticKernel(fullyConnected({ inputs: 2, hidden: [1, 1, 1] }), { X }).ntk;
const spectrum = kernelSpectrum(K);
const limits = learningRateLimits(spectrum, { batch: BATCH });
const learningRate = 0.1 * limits.mean;
const STEPS = 60;
const r0 = new Float64Array(N);
rng.split('residual').fillNormal(r0);

/** Mean and covariance over paths of residuals row-major `[N, P]`. */
function moments({ residual, paths }: DualEnsemble): { mean: Float64Array; covariance: Float64Array } {
  const mean = new Float64Array(N);
  for (let q = 0; q < residual.length; q++) mean[Math.floor(q / paths)] += residual[q] / paths;
  const centred = residual.map((value, q) => value - mean[Math.floor(q / paths)]);
  const block = tensor(centred, { backend, shape: [N, paths] });
  const covariance = toArray(matmul(block, block, { transposeB: true })).map((value) => value / (paths - 1));
  return { mean, covariance: covariance as Float64Array };
}

function trace(covariance: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < N; i++) sum += covariance[i * N + i];
  return sum;
}

/** Relative standard error of a trace estimated from paths, by splitting them into twenty groups. */
function traceError(ensemble: DualEnsemble): number {
  const groups = 20;
  const { paths, residual } = ensemble;
  const size = paths / groups;
  const traces = Array.from({ length: groups }, (_, g) => {
    const part = new Float64Array(N * size);
    for (let i = 0; i < N; i++)
      for (let p = 0; p < size; p++) part[i * size + p] = residual[i * paths + g * size + p];
    return trace(moments({ residual: part, alpha: part, paths: size }).covariance);
  });
  const mean = traces.reduce((sum, value) => sum + value / groups, 0);
  const variance = traces.reduce((sum, value) => sum + (value - mean) ** 2 / (groups - 1), 0);
  return Math.sqrt(variance / groups) / mean;
}

function runs(sampler: Sampler, paths: number, steps = STEPS): DualEnsemble {
  const batches = Array.from({ length: paths }, (_, p) =>
    minibatches({ samples: N, batch: BATCH, sampler, rng: rng.split(sampler).split(p) }),
  );
  return kernelSgd(K, r0, { learningRate, steps, batches });
}

describe('kernel SGD (28)', () => {
  it('is gradient descent (14) with full batches', () => {
    const batches = [minibatches({ samples: N, batch: N, sampler: 'epoch', rng })];
    const { residual, alpha } = kernelSgd(K, r0, { learningRate, steps: 30, batches });
    const closed = gradientDescent(spectrum, r0, { learningRate, steps: 30 });
    closed.residual.forEach((value, i) => {
      expect(residual[i]).toBeCloseTo(value, 12);
      expect(alpha[i]).toBeCloseTo(closed.alpha[i], 12);
    });
  });

  it('is SGD of an explicit linear model, step for step', () => {
    // Features are the rows of a factor of K, so f = Φ w and the step is w ← w − (η/b) Σ r_i φ_i.
    const features = tensor(
      toArray(spectrum.Q).map((value, q) => value * Math.sqrt(spectrum.values[q % N])),
      { backend, shape: [N, N] },
    );
    const phi = toArray(features);
    const source = () =>
      minibatches({ samples: N, batch: BATCH, sampler: 'epoch', rng: rng.split('linear') });
    const w = new Float64Array(N);
    const batches = source();
    for (let step = 0; step < 40; step++) {
      const members = [...batches.at(step)];
      const f = members.map((i) => w.reduce((sum, value, p) => sum + value * phi[i * N + p], r0[i]));
      members.forEach((i, m) => {
        for (let p = 0; p < N; p++) w[p] -= (learningRate / members.length) * f[m] * phi[i * N + p];
      });
    }
    const { residual } = kernelSgd(K, r0, { learningRate, steps: 40, batches: [source()] });
    for (let i = 0; i < N; i++) {
      expect(residual[i]).toBeCloseTo(
        w.reduce((sum, value, p) => sum + value * phi[i * N + p], r0[i]),
        11,
      );
    }
  });

  it.each(['with-replacement', 'without-replacement'] as const)(
    'has the exact moments (33) within standard errors, %s',
    (sampler) => {
      const ensemble = runs(sampler, 4000);
      const replacement = sampler === 'with-replacement';
      const exact = kernelSgdMoments(spectrum, r0, { learningRate, steps: STEPS, batch: BATCH, replacement });
      const sampled = moments(ensemble);
      sampled.mean.forEach((value, i) => {
        const error = Math.sqrt(exact.covariance[i * N + i] / ensemble.paths);
        expect(Math.abs(value - exact.mean[i])).toBeLessThan(4 * error);
      });
      const ratio = trace(sampled.covariance) / trace(exact.covariance);
      expect(Math.abs(ratio - 1)).toBeLessThan(3.5 * traceError(ensemble));
    },
  );

  it('refuses minibatches of other data and kernels that are not finite', () => {
    const other = [minibatches({ samples: N + 9, batch: N + 9, sampler: 'epoch', rng })];
    const options = { learningRate, steps: 1 };
    expect(() => kernelSgd(K, r0, { ...options, batches: other })).toThrow('minibatches of 20 examples');
    const bad = tensor(new Float64Array(N * N).fill(Number.NaN), { backend, shape: [N, N] });
    expect(() => kernelSgd(bad, r0, { ...options, batches: other })).toThrow('K must be finite numbers');
  });

  it('says which path diverged', () => {
    const batches = [minibatches({ samples: N, batch: BATCH, sampler: 'epoch', rng })];
    const options = { learningRate: 50 * limits.mean, steps: 2000, batches };
    expect(() => kernelSgd(K, r0, options)).toThrow('path 0 diverged');
  });
});

describe('exact moments (33)', () => {
  it('agree with the recursion written in the basis of examples', () => {
    const steps = 7;
    const k = toArray(K) as Float64Array;
    const times = (a: Float64Array, b: Float64Array): Float64Array =>
      toArray(
        matmul(tensor(a, { backend, shape: [N, N] }), tensor(b, { backend, shape: [N, N] })),
      ) as Float64Array;
    const A = k.map((value, q) => (q % (N + 1) === 0 ? 1 : 0) - (learningRate * value) / N);
    const c = (N - BATCH) / (BATCH * (N - 1));
    let S = Float64Array.from({ length: N * N }, (_, q) => r0[Math.floor(q / N)] * r0[q % N]);
    for (let step = 0; step < steps; step++) {
      const D = S.map((value, q) => (q % (N + 1) === 0 ? value : 0));
      const kept = times(times(A, S), A);
      const kdk = times(times(k, D), k);
      const ksk = times(times(k, S), k);
      S = kept.map((value, q) => value + learningRate ** 2 * c * (kdk[q] / N - ksk[q] / N ** 2));
    }
    const { mean, covariance } = kernelSgdMoments(spectrum, r0, { learningRate, steps, batch: BATCH });
    covariance.forEach((value, q) => {
      expect(value + mean[Math.floor(q / N)] * mean[q % N]).toBeCloseTo(S[q], 12);
    });
  });
});

describe('the calibrated SNTK (30) and the exact-covariance SDE (29)', () => {
  // A tenth of the learning rate, ten times the steps: the same time, where SDE and SGD differ by O(η).
  const fine = { learningRate: learningRate / 10, steps: STEPS * 10, batch: BATCH };
  const exact = kernelSgdMoments(spectrum, r0, fine);

  /** Exact moments of the splitting itself: half the drift, the noise of MATH (30) or (29), half the drift. */
  function splittingCovariance(noise: 'leading' | 'exact', start = r0, steps = fine.steps): Float64Array {
    const k = toArray(K) as Float64Array;
    const t = (a: ArrayLike<number>) => tensor(Float64Array.from(a), { backend, shape: [N, N] });
    const half = spectrum.values.map((value) => Math.exp((-value * fine.learningRate) / (2 * N)));
    const scaled = t(toArray(spectrum.Q).map((value, q) => value * half[q % N]));
    const E = matmul(scaled, spectrum.Q, { transposeB: true });
    const c = (N - BATCH) / (BATCH * (N - 1));
    let S: Float64Array = Float64Array.from(
      { length: N * N },
      (_, q) => start[Math.floor(q / N)] * start[q % N],
    );
    for (let step = 0; step < steps; step++) {
      S = toArray(matmul(matmul(E, t(S)), E)) as Float64Array;
      const D = S.map(
        (value, q) => (q % (N + 1) === 0 ? value / N : 0) - (noise === 'exact' ? value / N ** 2 : 0),
      );
      const kick = toArray(matmul(matmul(t(k), t(D)), t(k)));
      S = S.map((value, q) => value + fine.learningRate ** 2 * c * kick[q]) as Float64Array;
      S = toArray(matmul(matmul(E, t(S)), E)) as Float64Array;
    }
    const flow = gradientFlow(spectrum, start, { time: fine.learningRate * steps }).residual;
    return S.map((value, q) => value - flow[Math.floor(q / N)] * flow[q % N]) as Float64Array;
  }

  it.each(['leading', 'exact'] as const)(
    'have the mean of gradient flow and the moments of their noise, %s',
    (noise) => {
      const options = { ...fine, paths: 600, rng: rng.split('both') };
      const ensemble = sntkPaths(spectrum, r0, { ...options, noise });
      const sampled = moments(ensemble);
      const flow = gradientFlow(spectrum, r0, { time: fine.learningRate * fine.steps }).residual;
      sampled.mean.forEach((value, i) => {
        const error = Math.sqrt(sampled.covariance[i * N + i] / ensemble.paths);
        expect(Math.abs(value - flow[i])).toBeLessThan(4.5 * error);
      });
      const ratio = trace(sampled.covariance) / trace(splittingCovariance(noise));
      expect(Math.abs(ratio - 1)).toBeLessThan(3.5 * traceError(ensemble));
    },
  );

  it('differ by the mean gradient, which dominates while all residuals are alike', () => {
    const equal = new Float64Array(N).fill(1);
    const steps = 30;
    const options = { ...fine, steps, paths: 2000, rng: rng.split('both') };
    // Both see the same Brownian paths, so their ratio is known better than either.
    const [leading, centred] = (['leading', 'exact'] as const).map((noise) => ({
      sampled: trace(moments(sntkPaths(spectrum, equal, { ...options, noise })).covariance),
      truth: trace(splittingCovariance(noise, equal, steps)),
    }));
    expect(centred.truth / leading.truth).toBeLessThan(0.7);
    const relative = (got: number, wanted: number): number => Math.abs(got / wanted - 1);
    // A trace of few strong modes from 2,000 paths is known to a few times 1/√2000.
    for (const { sampled, truth } of [leading, centred]) expect(relative(sampled, truth)).toBeLessThan(0.12);
  });

  it("are the small-step limit of SGD's noise: within O(η) of the exact moments (33)", () => {
    const ratio = trace(splittingCovariance('exact')) / trace(exact.covariance);
    // ηλ_max/N is 0.02, which is what the stiffest mode's variance differs by.
    expect(Math.abs(ratio - 1)).toBeLessThan(0.02);
  });

  it('give a path the same bits in whatever block it runs', () => {
    const options = { ...fine, steps: 20, rng: rng.split('blocks') };
    const whole = sntkPaths(spectrum, r0, { ...options, paths: 5 });
    const part = sntkPaths(spectrum, r0, { ...options, paths: 2, firstPath: 3 });
    for (let i = 0; i < N; i++) {
      expect(part.alpha[i * 2]).toBe(whole.alpha[i * 5 + 3]);
      expect(part.alpha[i * 2 + 1]).toBe(whole.alpha[i * 5 + 4]);
    }
  });

  it('keep r = r_0 + Kα on every path', () => {
    const { alpha, residual } = sntkPaths(spectrum, r0, { ...fine, steps: 30, paths: 3, rng });
    const moved = toArray(matmul(K, tensor(alpha, { backend, shape: [N, 3] })));
    residual.forEach((value, q) => {
      expect(value).toBeCloseTo(r0[Math.floor(q / 3)] + moved[q], 11);
    });
  });
});

describe('the SNTK as printed (31)', () => {
  it("has about b times SGD's variance, and SGD's mean", () => {
    const fine = { learningRate: learningRate / 10, steps: STEPS * 10, batch: BATCH };
    const ensemble = paperSntkPaths(spectrum, r0, { ...fine, paths: 600, rng: rng.split('paper') });
    const sampled = moments(ensemble);
    const exact = kernelSgdMoments(spectrum, r0, fine);
    // c_b is 0.84/b here, and (29) has a little less noise than (30): the printed form is b/0.84 times the leading one.
    const overstated = ((BATCH * (N - 1)) / (N - BATCH)) * trace(exact.covariance);
    const ratio = trace(sampled.covariance) / overstated;
    expect(Math.abs(ratio - 1)).toBeLessThan(3.5 * traceError(ensemble) + 0.1);
    const flow = gradientFlow(spectrum, r0, { time: fine.learningRate * fine.steps }).residual;
    sampled.mean.forEach((value, i) => {
      const error = Math.sqrt(sampled.covariance[i * N + i] / ensemble.paths);
      expect(Math.abs(value - flow[i])).toBeLessThan(4.5 * error);
    });
  });
});

describe('learning-rate limits (36)', () => {
  /** Spectral radius of the map (33) on symmetric matrices, by power iteration in the basis of examples. */
  function radius(eta: number, batch: number): number {
    const c = (N - batch) / (batch * (N - 1));
    const k = toArray(K) as Float64Array;
    const t = (a: Float64Array) => tensor(a, { backend, shape: [N, N] });
    const A = k.map((value, q) => (q % (N + 1) === 0 ? 1 : 0) - (eta * value) / N);
    let S = Float64Array.from({ length: N * N }, (_, q) => (q % (N + 1) === 0 ? 1 : 0));
    let growth = 0;
    for (let i = 0; i < 3000; i++) {
      const D = S.map((value, q) => (q % (N + 1) === 0 ? value : 0));
      const product = (a: Float64Array, b: Float64Array) => toArray(matmul(matmul(t(a), t(b)), t(a)));
      const [kept, kdk, ksk] = [product(A, S), product(k, D), product(k, S)];
      const next = kept.map(
        (value, q) => value + eta * eta * c * (kdk[q] / N - ksk[q] / N ** 2),
      ) as Float64Array;
      growth = trace(next) / trace(S);
      const size = trace(next);
      S = next.map((value) => value / size);
    }
    return growth;
  }

  it.each([1, 4, 12])('put the spectral radius of the second-moment map at one, b = %i', (batch) => {
    const { meanSquare, mean } = learningRateLimits(spectrum, { batch });
    expect(meanSquare).toBeLessThanOrEqual(mean);
    expect(meanSquare).toBeLessThan(mean);
    expect(radius(0.9999 * meanSquare, batch)).toBeLessThan(1);
    expect(radius(1.0001 * meanSquare, batch)).toBeGreaterThan(1);
  });

  it('go to 2N/λ_max as the batch goes to N', () => {
    const all = learningRateLimits(spectrum, { batch: N });
    expect(all.meanSquare).toBe((2 * N) / spectrum.values[N - 1]);
    const some = [1, 4, 12].map((batch) => learningRateLimits(spectrum, { batch }).meanSquare);
    expect([...some].sort((a, b) => a - b)).toEqual(some);
  });
});
