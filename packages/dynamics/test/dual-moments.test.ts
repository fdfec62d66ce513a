import { fullyConnected } from '@sntk/architecture';
import { twoMoons } from '@sntk/datasets';
import { analyticKernel } from '@sntk/kernels';
import { matmul, ndarrayBackend, tensor, toArray, toFloat64 } from '@sntk/linalg';
import { createRng, minibatches } from '@sntk/random';
import { integrate, type SdeProblem } from '@sntk/sde';
import { describe, expect, it } from 'vitest';
import {
  dualMoments,
  gradientFlow,
  kernelSgd,
  kernelSgdMoments,
  kernelSpectrum,
  learningRateLimits,
  predict,
  predictMoments,
  sntkPaths,
  stationaryCovariance,
} from '../src/index.ts';

const backend = ndarrayBackend();
const N = 16;
const M = 3;
const BATCH = 4;
const rng = createRng('dual moments');
const points = twoMoons({ samples: N + M + 1, noise: 0.1, rng: rng.split('moons') }).X.data as Float64Array;
const X = tensor(points.slice(0, 2 * N), { backend, shape: [N, 2] });
const T = tensor(points.slice(2 * N, 2 * (N + M)), { backend, shape: [M, 2] });
const network = fullyConnected({ inputs: 2, hidden: [1, 1, 1] });
const K = analyticKernel(network, { X }).ntk;
const Kt = analyticKernel(network, { X: T, Z: X }).ntk;
const spectrum = kernelSpectrum(K);
const learningRate = 0.2 * (N / spectrum.values[N - 1]);
const r0 = new Float64Array(N);
rng.split('residual').fillNormal(r0);
const f0 = new Float64Array([0.3, -1, 2]);

function distance(a: Float64Array, b: Float64Array): number {
  return Math.hypot(...a.map((value, p) => value - b[p])) / Math.hypot(...b);
}

function times(a: Float64Array, b: Float64Array): Float64Array {
  const square = (entries: Float64Array) => tensor(entries, { backend, shape: [N, N] });
  return toFloat64(matmul(square(a), square(b)));
}

/** Right-hand side of (34) for S alone, in the basis of examples, as printed. */
function secondMomentOde(kind: 'exact' | 'leading', c: number, labelVariance: number): SdeProblem {
  const k = toFloat64(K);
  return {
    dimension: N * N,
    noiseDimension: 0,
    noise: 'none',
    calculus: 'ito',
    drift: (_t, S, out) => {
      const KS = times(k, S);
      const D = S.map((value, p) => (p % (N + 1) === 0 ? value : 0));
      const KDK = times(times(k, D), k);
      const KSK = times(KS, k);
      const KK = times(k, k);
      for (let i = 0; i < N; i++) {
        for (let j = 0; j < N; j++) {
          const p = i * N + j;
          out[p] = -(KS[p] + KS[j * N + i]) / N + (learningRate * c * KDK[p]) / N;
          if (kind === 'exact') out[p] -= (learningRate * c * KSK[p]) / N ** 2;
          out[p] += (learningRate * labelVariance * KK[p]) / (BATCH * N);
        }
      }
    },
  };
}

/** Sample variance over the columns of row-major `[rows, P]`, with the standard error of each. */
function sampled(values: Float64Array, rows: number): { mean: number; variance: number; error: number }[] {
  const P = values.length / rows;
  return Array.from({ length: rows }, (_, i) => {
    const row = values.subarray(i * P, (i + 1) * P);
    const mean = row.reduce((sum, v) => sum + v, 0) / P;
    const second = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (P - 1);
    const fourth = row.reduce((sum, v) => sum + (v - mean) ** 4, 0) / P;
    return { mean, variance: second, error: Math.sqrt((fourth - second ** 2) / P) };
  });
}

describe('dual moments of kernel SGD (33)', () => {
  it.each([true, false])('are those of the recursion, step for step; replacement %s', (replacement) => {
    const options = { learningRate, steps: 301, batch: BATCH, replacement };
    const exact = kernelSgdMoments(spectrum, r0, options);
    const gap = (tolerance: number): number => {
      const result = dualMoments(spectrum, r0, { ...options, tolerance });
      expect(distance(result.covariance, exact.covariance)).toBeLessThan(result.errorEstimate + 1e-12);
      expect(distance(result.mean, exact.mean)).toBeLessThan(1e-11);
      return distance(result.covariance, exact.covariance);
    };
    expect(gap(1e-3)).toBeLessThan(1e-4);
    expect(gap(1e-5)).toBeLessThan(1e-6);
    expect(gap(1e-14)).toBeLessThan(1e-12);
  });

  it.each(['with-replacement', 'without-replacement'] as const)(
    'agree with many runs at test points within standard errors, %s',
    (sampler) => {
      const paths = 4000;
      const steps = 50;
      const batches = Array.from({ length: paths }, (_, p) =>
        minibatches({ samples: N, batch: BATCH, sampler, rng: rng.split(sampler).split(p) }),
      );
      const runs = kernelSgd(K, r0, { learningRate, steps, batches });
      const replacement = sampler === 'with-replacement';
      const moments = dualMoments(spectrum, r0, { learningRate, steps, batch: BATCH, replacement });
      const exact = predictMoments(Kt, moments, f0);
      sampled(predict(Kt, runs.alpha, f0), M).forEach(({ mean, variance, error }, i) => {
        expect(Math.abs(mean - exact.mean[i])).toBeLessThan(4 * Math.sqrt(exact.variance[i] / paths));
        expect(Math.abs(variance - exact.variance[i])).toBeLessThan(4 * error);
      });
      sampled(runs.alpha, N).forEach(({ mean, variance, error }, i) => {
        const own = moments.alphaCovariance[i * (N + 1)];
        expect(Math.abs(mean - moments.alphaMean[i])).toBeLessThan(4.5 * Math.sqrt(own / paths));
        expect(Math.abs(variance - own)).toBeLessThan(4.5 * error);
      });
    },
  );

  it('give Cov r = K Cov α K, and the training points what any point gets', () => {
    const moments = dualMoments(spectrum, r0, { learningRate, steps: 40, batch: BATCH });
    const at = predictMoments(K, moments, r0);
    expect(distance(at.covariance(), moments.covariance)).toBeLessThan(1e-11);
    expect(distance(at.mean, moments.mean)).toBeLessThan(1e-12);
    at.deviation.forEach((value, i) => {
      expect(value ** 2).toBeCloseTo(moments.covariance[i * (N + 1)], 12);
    });
  });

  it('do not spread with full batches, and work for singular kernels', () => {
    const full = dualMoments(spectrum, r0, { learningRate, steps: 9, batch: N });
    expect(Math.max(...full.alphaCovariance.map(Math.abs))).toBe(0);
    const ones = kernelSpectrum(tensor(new Float64Array(4).fill(1), { backend, shape: [2, 2] }));
    const r = new Float64Array([1, -1]);
    const { alphaCovariance } = dualMoments(ones, r, { learningRate: 0.5, steps: 1, batch: 1 });
    // One of two examples moves its α by −½ r: (−½, 0) or (0, ½), each with probability one half.
    [1 / 16, 1 / 16, 1 / 16, 1 / 16].forEach((value, p) => {
      expect(alphaCovariance[p]).toBeCloseTo(value, 14);
    });
  });
});

describe('dual moments of the SDEs (34)', () => {
  const steps = 30;
  const c = (N - BATCH) / (BATCH * (N - 1));

  it.each(['exact', 'leading'] as const)('solve the printed equation for S, %s', (model) => {
    const labelNoise = 0.3;
    const S0 = Float64Array.from({ length: N * N }, (_, p) => r0[Math.floor(p / N)] * r0[p % N]);
    const ode = secondMomentOde(model, c, labelNoise ** 2);
    const { final } = integrate(ode, { method: 'rk4', x0: S0, t1: learningRate * steps, steps: 800 });
    const moments = dualMoments(spectrum, r0, {
      learningRate,
      steps,
      batch: BATCH,
      model,
      labelNoise,
      tolerance: 1e-6,
    });
    const S = moments.covariance.map(
      (value, p) => value + moments.mean[Math.floor(p / N)] * moments.mean[p % N],
    );
    expect(distance(S, final)).toBeLessThan(1e-7);
    const flow = gradientFlow(spectrum, r0, { time: learningRate * steps });
    expect(distance(moments.alphaMean, flow.alpha)).toBeLessThan(1e-14);
  });

  it('have an error of third order in the interval', () => {
    const moments = (tolerance: number) =>
      dualMoments(spectrum, r0, { learningRate, steps: 64, batch: BATCH, model: 'exact', tolerance });
    const truth = moments(1e-9);
    const [coarse, fine] = [moments(1e-2), moments(1e-5)];
    const order =
      Math.log(distance(coarse.covariance, truth.covariance) / distance(fine.covariance, truth.covariance)) /
      Math.log(fine.intervals / coarse.intervals);
    expect(order).toBeGreaterThan(2.5);
  });

  it.each(['exact', 'leading'] as const)('agree with paths within standard errors, %s', (noise) => {
    // Ten steps of the splitting where the moments have one, so that its own error is far below the sampling's.
    const fine = { learningRate: learningRate / 10, steps: 300, batch: BATCH };
    const paths = 1000;
    const ensemble = sntkPaths(spectrum, r0, { ...fine, noise, paths, rng: rng.split(noise) });
    const moments = dualMoments(spectrum, r0, { ...fine, model: noise });
    const exact = predictMoments(Kt, moments, f0);
    sampled(predict(Kt, ensemble.alpha, f0), M).forEach(({ mean, variance, error }, i) => {
      expect(Math.abs(mean - exact.mean[i])).toBeLessThan(4 * Math.sqrt(exact.variance[i] / paths));
      expect(Math.abs(variance - exact.variance[i])).toBeLessThan(4 * error);
    });
  });
});

describe('label noise', () => {
  const labelNoise = 0.5;

  it.each([true, false])('has the moments of runs with fresh errors, replacement %s', (replacement) => {
    const paths = 4000;
    const steps = 20;
    const k = toArray(K);
    const last = new Float64Array(N * paths);
    for (let p = 0; p < paths; p++) {
      const stream = rng.split(`labels ${replacement}`).split(p);
      const batches = minibatches({
        samples: N,
        batch: BATCH,
        sampler: replacement ? 'with-replacement' : 'without-replacement',
        rng: stream,
      });
      const errors = stream.split('errors');
      const r = r0.slice();
      for (let step = 0; step < steps; step++) {
        const members = [...batches.at(step)];
        const pulls = members.map((i) => (learningRate / BATCH) * (r[i] - labelNoise * errors.normal()));
        members.forEach((i, m) => {
          for (let j = 0; j < N; j++) r[j] -= pulls[m] * k[i * N + j];
        });
      }
      for (let i = 0; i < N; i++) last[i * paths + p] = r[i];
    }
    const exact = dualMoments(spectrum, r0, { learningRate, steps, batch: BATCH, replacement, labelNoise });
    sampled(last, N).forEach(({ mean, variance, error }, i) => {
      const own = exact.covariance[i * (N + 1)];
      expect(Math.abs(mean - exact.mean[i])).toBeLessThan(4.5 * Math.sqrt(own / paths));
      expect(Math.abs(variance - own)).toBeLessThan(4.5 * error);
    });
  });

  it.each(['sgd', 'exact', 'leading'] as const)('settles to the stationary covariance, %s', (model) => {
    // Well conditioned, so that every mode has settled.
    const two = tensor(
      [
        [2, 1, 0],
        [1, 2, 0.5],
        [0, 0.5, 1],
      ],
      { backend },
    );
    const small = kernelSpectrum(two);
    const options = { learningRate: 0.4, batch: 2, labelNoise, model };
    const settled = stationaryCovariance(small, options);
    const long = dualMoments(small, new Float64Array([1, 2, 3]), { ...options, steps: 400, tolerance: 1e-8 });
    expect(Math.hypot(...settled)).toBeGreaterThan(0.01);
    settled.forEach((value, p) => {
      expect(long.covariance[p]).toBeCloseTo(value, 9);
    });
  });

  it('is what makes a floor: without it training interpolates and no noise is left', () => {
    const two = kernelSpectrum(
      tensor(
        [
          [2, 1],
          [1, 2],
        ],
        { backend },
      ),
    );
    const options = { learningRate: 0.3, batch: 1 };
    const at = (steps: number, noise: number): number => {
      const { covariance } = dualMoments(two, new Float64Array([1, -2]), {
        ...options,
        steps,
        labelNoise: noise,
      });
      return covariance[0] + covariance[3];
    };
    expect(at(2, 0)).toBeGreaterThan(0.1);
    expect(at(300, 0)).toBeLessThan(1e-15);
    expect(at(300, 0.1)).toBeCloseTo(at(600, 0.1), 6);
    expect(at(300, 0.1)).toBeGreaterThan(1e-4);
    expect([...stationaryCovariance(two, { ...options, labelNoise: 0 })].every((value) => value === 0)).toBe(
      true,
    );
  });

  it('is an autoregression for one example', () => {
    const one = kernelSpectrum(tensor([[1.5]], { backend }));
    const rate = 0.3 * 1.5;
    const [variance] = stationaryCovariance(one, { learningRate: 0.3, batch: 1, labelNoise });
    expect(variance).toBeCloseTo((labelNoise ** 2 * rate) / (2 - rate), 14);
  });

  it('has no stationary state above the mean-square limit', () => {
    const { meanSquare } = learningRateLimits(spectrum, { batch: 1 });
    const at = (share: number) => () =>
      stationaryCovariance(spectrum, { learningRate: share * meanSquare, batch: 1, labelNoise });
    expect(at(0.97)).not.toThrow();
    expect(at(1.03)).toThrow('above the mean-square limit');
  });
});

describe('gradients that are all equal', () => {
  it.each(['sgd', 'exact'] as const)('have no noise, and rounding of it is no overflow, %s', (model) => {
    for (const n of [1, 3]) {
      const equal = kernelSpectrum(tensor(new Float64Array(n * n).fill(3), { backend, shape: [n, n] }));
      const start = new Float64Array(n).fill(1);
      const options = { learningRate: 0.1, steps: 40, batch: 1, replacement: true, model };
      const { covariance, mean } = dualMoments(equal, start, options);
      expect(mean[0]).toBeCloseTo(model === 'sgd' ? 0.7 ** 40 : Math.exp(-12), 14);
      expect(Math.max(...covariance.map(Math.abs))).toBeLessThan(1e-14);
    }
  });
});
