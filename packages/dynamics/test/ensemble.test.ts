import { fullyConnected } from '@sntk/architecture';
import { analyticKernel } from '@sntk/kernels';
import { cholesky, matmul, ndarrayBackend, tensor, toFloat64 } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { ensembleLaw, gaussianRegression, gradientFlow, kernelSpectrum, predict } from '../src/index.ts';

const backend = ndarrayBackend();
const N = 6;
const M = 3;
const rng = createRng('ensemble');
const data = new Float64Array(2 * (N + M));
rng.split('points').fillNormal(data);
const network = fullyConnected({ inputs: 2, hidden: [1, 1] });
const X = tensor(data.slice(0, 2 * N), { backend, shape: [N, 2] });
const T = tensor(data.slice(2 * N), { backend, shape: [M, 2] });
const all = analyticKernel(network, { X: tensor(data, { backend, shape: [N + M, 2] }) });
const train = analyticKernel(network, { X });
const cross = analyticKernel(network, { X: T, Z: X });
const nngp = { train: train.nngp, cross: cross.nngp, test: analyticKernel(network, { X: T }).nngp };
const spectrum = kernelSpectrum(train.ntk);
const y = new Float64Array([1, -1, 0.5, 2, 0, -0.3]);

describe('ensembleLaw (16)', () => {
  it.each([0, 0.7, 1e5])(
    'is the law of many trained draws of f_0 within standard errors, time %s',
    (time) => {
      const draws = 4000;
      const L = cholesky(all.nngp).L;
      const stream = rng.split(`draws ${time}`);
      const values = new Float64Array(M * draws);
      for (let p = 0; p < draws; p++) {
        const xi = new Float64Array(N + M);
        stream.fillNormal(xi);
        const f = toFloat64(matmul(L, tensor(xi, { backend, shape: [N + M, 1] })));
        const r0 = y.map((target, i) => f[i] - target);
        const { alpha } = gradientFlow(spectrum, r0, { time });
        predict(cross.ntk, alpha, f.slice(N)).forEach((value, i) => {
          values[i * draws + p] = value;
        });
      }
      const { mean, covariance } = ensembleLaw(spectrum, y, { time, cross: cross.ntk, nngp });
      for (let i = 0; i < M; i++) {
        const own = covariance[i * (M + 1)];
        const row = values.subarray(i * draws, (i + 1) * draws);
        const average = row.reduce((sum, value) => sum + value / draws, 0);
        expect(Math.abs(average - mean[i])).toBeLessThan(4 * Math.sqrt(own / draws));
        for (let j = 0; j <= i; j++) {
          let sum = 0;
          for (let p = 0; p < draws; p++)
            sum += ((row[p] - mean[i]) * (values[j * draws + p] - mean[j])) / draws;
          const expected = covariance[i * M + j];
          const error = Math.sqrt((own * covariance[j * (M + 1)] + expected ** 2) / draws);
          expect(Math.abs(sum - expected)).toBeLessThan(4.5 * error);
        }
      }
    },
  );

  it('of the NNGP ends in its posterior', () => {
    const own = kernelSpectrum(nngp.train);
    const limit = ensembleLaw(own, y, { time: Number.POSITIVE_INFINITY, cross: nngp.cross, nngp });
    const posterior = gaussianRegression(nngp, y, { noiseVariance: 1e-10 });
    limit.mean.forEach((value, i) => {
      expect(value).toBeCloseTo(posterior.mean[i], 7);
    });
    limit.covariance.forEach((value, p) => {
      expect(value).toBeCloseTo(posterior.covariance[p], 7);
    });
  });

  it('is certain of the targets at training points after a long time', () => {
    const at = { train: train.nngp, cross: train.nngp, test: train.nngp };
    const { mean, covariance } = ensembleLaw(spectrum, y, {
      time: Number.POSITIVE_INFINITY,
      cross: train.ntk,
      nngp: at,
    });
    mean.forEach((value, i) => {
      expect(value).toBeCloseTo(y[i], 10);
    });
    expect(Math.max(...covariance.map(Math.abs))).toBeLessThan(1e-10);
  });

  it('refuses shapes that do not fit and negative times', () => {
    const call =
      (time: number, other = cross.ntk) =>
      () =>
        ensembleLaw(spectrum, y, { time, cross: other, nngp });
    expect(call(-1)).toThrow('at least 0');
    expect(call(Number.NaN)).toThrow('at least 0');
    expect(call(1, train.ntk)).toThrow('options.nngp.cross');
  });

  it('refuses kernels that are not finite', () => {
    const broken = tensor(new Float64Array(M * N).fill(Number.NaN), { backend, shape: [M, N] });
    expect(() => ensembleLaw(spectrum, y, { time: 1, cross: broken, nngp })).toThrow(
      'options.cross must be finite',
    );
  });

  it('has the law of gradient flow at long times, where eigenvalues are tiny', () => {
    const tiny = kernelSpectrum(tensor(new Float64Array([1, 0, 0, 1e-15]), { backend, shape: [2, 2] }));
    const points = { train: tiny.K, cross: tiny.K, test: tiny.K };
    const labels = new Float64Array([1, 2]);
    const { mean } = ensembleLaw(tiny, labels, { time: 4e15, cross: tiny.K, nngp: points });
    expect(mean[1]).toBeCloseTo(2 * (1 - Math.exp(-2)), 12);
  });
});
