import { fullyConnected } from '@sntk/architecture';
import { analyticKernel } from '@sntk/kernels';
import { ndarrayBackend, tensor } from '@sntk/linalg';
import { createRng, type Minibatches, minibatches } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { kernelSgd, kernelSgdMoments, kernelSpectrum, learningRateLimits } from '../src/index.ts';

const N = 8;
const BATCH = 3;
const STEPS = 10;
const RUNS = 100_000;
const BLOCK = 5000;
const rng = createRng('many runs');
const points = new Float64Array(N * 2);
rng.split('points').fillNormal(points);
const X = tensor(points, { backend: ndarrayBackend(), shape: [N, 2] });
const K = analyticKernel(fullyConnected({ inputs: 2, hidden: [1, 1] }), { X }).ntk;
const spectrum = kernelSpectrum(K);
const learningRate = 0.2 * learningRateLimits(spectrum, { batch: BATCH }).mean;
const r0 = new Float64Array(N);
rng.split('start').fillNormal(r0);

/** One stream for each run would spend most of the time on making streams: run p sees steps `p STEPS …` of one source. */
function slices(source: Minibatches, first: number): Minibatches[] {
  return Array.from({ length: BLOCK }, (_, p) => ({
    stepsPerEpoch: source.stepsPerEpoch,
    at: (step: number) => source.at((first + p) * STEPS + step),
  }));
}

describe('100,000 runs of kernel SGD', () => {
  it.each(['with-replacement', 'without-replacement'] as const)(
    'have the mean and covariance (33) within three standard errors, %s',
    (sampler) => {
      const source = minibatches({ samples: N, batch: BATCH, sampler, rng: rng.split(sampler) });
      const replacement = sampler === 'with-replacement';
      const exact = kernelSgdMoments(spectrum, r0, { learningRate, steps: STEPS, batch: BATCH, replacement });
      const sums = new Float64Array(N);
      const squares = new Float64Array(N * N);
      const fourths = new Float64Array(N * N);
      let [total, totalSquare] = [0, 0];
      for (let first = 0; first < RUNS; first += BLOCK) {
        const { residual } = kernelSgd(K, r0, {
          learningRate,
          steps: STEPS,
          batches: slices(source, first),
        });
        for (let p = 0; p < BLOCK; p++) {
          let square = 0;
          for (let i = 0; i < N; i++) {
            const a = residual[i * BLOCK + p] - exact.mean[i];
            sums[i] += a;
            square += a * a;
            for (let j = 0; j <= i; j++) {
              const product = a * (residual[j * BLOCK + p] - exact.mean[j]);
              squares[i * N + j] += product;
              fourths[i * N + j] += product * product;
            }
          }
          total += square;
          totalSquare += square * square;
        }
      }
      const error = (sum: number, sumOfSquares: number): number =>
        Math.sqrt((sumOfSquares / RUNS - (sum / RUNS) ** 2) / RUNS);
      let trace = 0;
      let worst = 0;
      for (let i = 0; i < N; i++) {
        trace += exact.covariance[i * (N + 1)];
        worst = Math.max(worst, Math.abs(sums[i] / RUNS) / Math.sqrt(exact.covariance[i * (N + 1)] / RUNS));
        for (let j = 0; j <= i; j++) {
          const at = i * N + j;
          const gap = Math.abs(squares[at] / RUNS - exact.covariance[at]);
          worst = Math.max(worst, gap / error(squares[at], fourths[at]));
        }
      }
      expect(Math.abs(total / RUNS - trace)).toBeLessThan(3 * error(total, totalSquare));
      // The total is known to 0.3 %. Of 44 means and covariances the farthest is beyond 3 errors in one of nine seeds.
      expect(error(total, totalSquare)).toBeLessThan(0.004 * trace);
      expect(worst).toBeLessThan(4);
    },
  );
});
