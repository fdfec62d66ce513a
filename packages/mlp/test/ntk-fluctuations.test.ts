import { fullyConnected } from '@sntk/architecture';
import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { expectClose } from '@sntk/testing';
import { describe, expect, it } from 'vitest';
import { ntkFluctuations } from '../src/experiments.ts';
import { empiricalNtk, initialize, ntkDrift } from '../src/index.ts';

const x = tensor([[0.6, 0.8]], { backend: ndarrayBackend() });
const rng = createRng('fluctuations');
const relus = (hidden: number[]) => fullyConnected({ inputs: 2, hidden, biasVariance: 0 });

describe('the tangent kernel of ReLU networks without biases', () => {
  it('has, with one hidden layer, mean 2, E Θ̂²/(E Θ̂)² = 1 + 3/n and the relative drift −4/n towards 0', () => {
    // Θ̂ = (2/n) Σ 1[h > 0] (h² + a²) with h, a ~ N(0, 1), and ∂_t Θ̂ = −(8/n) f² with E f² = 1.
    const widths = [6, 18];
    const networks = widths.map((n) => relus([n]));
    const { points } = ntkFluctuations({ networks, draws: 2000, x, rng: rng.split('one') });
    points.forEach(({ beta, mean, meanError, variance, logRatio, logRatioError, drift, driftError }, i) => {
      const n = widths[i];
      expect(beta).toBe(1 / n);
      expect(Math.abs(mean - 2)).toBeLessThan(4 * meanError);
      expect(logRatioError).toBeLessThan(0.05);
      expect(Math.abs(logRatio - Math.log(1 + 3 / n))).toBeLessThan(4 * logRatioError);
      expect(variance).toBeCloseTo((Math.exp(logRatio) - 1) * mean ** 2 * (2000 / 1999), 8);
      expect(driftError).toBeLessThan(0.2 / n ** 0.5);
      expect(Math.abs(drift + 4 / n)).toBeLessThan(4 * driftError);
    });
  });

  it('grows with β at the rate of its layers’ moments', () => {
    // Of two layers' terms, l − l' apart, a layer outside contributes 1 + 5/n (a fourth moment) and one between them
    // 1 + 1/n; what is left out is of order 4/n² a layer, at most 4β/n in the logarithm.
    const L = 4;
    const widths = [16, 24, 40];
    const networks = widths.map((n) => relus(Array(L).fill(n)));
    const { points, slope, slopeError } = ntkFluctuations({
      networks,
      draws: 1200,
      x,
      rng: rng.split('deep'),
    });
    const predicted = widths.map((n) => {
      let sum = 0;
      for (let l = 0; l <= L; l++) {
        for (let k = 0; k <= L; k++)
          sum += (1 + 5 / n) ** (L - Math.abs(l - k)) * (1 + 1 / n) ** Math.abs(l - k);
      }
      return Math.log(sum / (L + 1) ** 2);
    });
    points.forEach(({ beta, mean, meanError, logRatio, logRatioError }, i) => {
      expect(Math.abs(mean - (L + 1))).toBeLessThan(4 * meanError);
      expect(Math.abs(logRatio - predicted[i])).toBeLessThan(4 * logRatioError + (4 * beta) / widths[i]);
    });
    const predictedSlope = (predicted[0] - predicted[2]) / (points[0].beta - points[2].beta);
    expect(slopeError).toBeLessThan(0.5);
    expect(Math.abs(slope - predictedSlope)).toBeLessThan(4 * slopeError + 4 / widths[0]);
  });

  it('has the standard errors that leaving out one draw at a time gives', () => {
    const networks = [relus([4]), relus([6, 6])];
    const draws = 400;
    const { points } = ntkFluctuations({ networks, draws, x, rng: rng.split('errors') });
    const Y = tensor([[0]], { backend: x.backend });
    const average = (a: readonly number[]): number => a.reduce((sum, v) => sum + v, 0) / a.length;
    points.forEach(({ logRatioError, driftError }, at) => {
      const seeds = Array.from({ length: draws }, (_, i) => rng.split('errors').split(at).split(i));
      const thetas = seeds.map((seed) => initialize(networks[at], { rng: seed }));
      const kernels = thetas.map((theta) => toArray(empiricalNtk(networks[at], theta, { X: x }))[0]);
      const drifts = thetas.map((theta) => toArray(ntkDrift(networks[at], theta, { X: x, Y }))[0]);
      const errorOf = (statistic: (keep: (_: number, i: number) => boolean) => number): number => {
        const parts = seeds.map((_, left) => statistic((_, i) => i !== left));
        const mean = average(parts);
        return Math.sqrt((draws - 1) * average(parts.map((part) => (part - mean) ** 2)));
      };
      // The two ways differ by terms of relative size 1/draws, times moments of the kernel.
      const ratio = errorOf((keep) => {
        const kept = kernels.filter(keep);
        return Math.log(average(kept.map((k) => k * k)) / average(kept) ** 2);
      });
      expectClose(logRatioError, ratio, { relative: 0.05 });
      const drift = errorOf((keep) => average(drifts.filter(keep)) / average(kernels.filter(keep)));
      expectClose(driftError, drift, { relative: 0.05 });
    });
  });

  it('is not measured where the kernel is not random', () => {
    const zero = tensor([[0, 0]], { backend: x.backend });
    const networks = [relus([4]), relus([8])];
    expect(() => ntkFluctuations({ networks, draws: 3, x: zero, rng })).toThrow(
      'all 3 kernels of network 0 are 0',
    );
  });

  it('is not measured at two points, by networks of one β, or after an abort', () => {
    const networks = [relus([4]), relus([8])];
    const options = { networks, draws: 2, x, rng };
    expect(() => ntkFluctuations({ ...options, networks: [relus([4]), relus([4])] })).toThrow('two β');
    const two = tensor(
      [
        [1, 0],
        [0, 1],
      ],
      { backend: x.backend },
    );
    expect(() => ntkFluctuations({ ...options, x: two })).toThrow('one point, [1, d]');
    expect(() => ntkFluctuations({ ...options, signal: AbortSignal.abort() })).toThrow('abort');
  });
});
