import { fullyConnected } from '@sntk/architecture';
import { analyticKernel } from '@sntk/kernels';
import { ndarrayBackend, tensor, toFloat64 } from '@sntk/linalg';
import { wasmBackend } from '@sntk/linalg-wasm';
import { forward, initialize, trainSgd } from '@sntk/mlp';
import { createRng, minibatches } from '@sntk/random';
import { fitSlope, meanAndStandardError } from '@sntk/testing';
import { describe, expect, it } from 'vitest';
import { gradientFlow, kernelSpectrum, predict } from '../src/index.ts';

describe('the limit of gradient flow (15)', () => {
  it('is what a trained wide network predicts, up to n^{-1/2}', () => {
    const backend = wasmBackend();
    const N = 6;
    const rng = createRng('limit');
    const circle = (count: number, shift: number): Float64Array =>
      Float64Array.from({ length: 2 * count }, (_, q) => {
        const angle = (2 * Math.PI * (Math.floor(q / 2) + shift)) / count;
        return 1.5 * (q % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
      });
    const [x, t] = [circle(N, 0), circle(4, 0.3)];
    const y = new Float64Array([1, -1, 1, 1, -1, 0.5]);
    const X = tensor(x, { backend, shape: [N, 2] });
    const T = tensor(t, { backend, shape: [4, 2] });
    const kernelOf = fullyConnected({ inputs: 2, hidden: [1, 1] });
    const spectrum = kernelSpectrum(analyticKernel(kernelOf, { X }).ntk);
    const Kx = analyticKernel(kernelOf, { X: T, Z: X }).ntk;
    const [slowest, fastest] = [spectrum.values[0], spectrum.values[N - 1]];
    const steps = Math.ceil((8 * fastest) / slowest);
    const widths = [64, 256, 1024];
    const gaps = widths.map((width) =>
      meanAndStandardError(
        Array.from({ length: 8 }, (_, draw) => {
          const network = fullyConnected({ inputs: 2, hidden: [width, width] });
          const theta = initialize(network, { rng: rng.split(width).split(draw), dtype: 'float32' });
          const { theta: trained, losses } = trainSgd(network, theta, {
            X: tensor(x, { backend, dtype: 'float32', shape: [N, 2] }),
            Y: tensor(y, { backend, dtype: 'float32', shape: [N, 1] }),
            batches: minibatches({ samples: N, batch: N, sampler: 'epoch', rng }),
            steps,
            learningRate: N / fastest,
          });
          // Trained to the end: what is left is far below what the width leaves.
          expect(losses[steps - 1]).toBeLessThan(1e-5);
          const r0 = toFloat64(forward(network, theta, X)).map((f, i) => f - y[i]);
          const { alpha, leftOut } = gradientFlow(spectrum, r0, { time: Number.POSITIVE_INFINITY });
          expect(leftOut).toBe(0);
          const wanted = predict(Kx, alpha, toFloat64(forward(network, theta, T)));
          const got = toFloat64(forward(network, trained, T));
          return Math.log(Math.hypot(...got.map((value, i) => value - wanted[i])));
        }),
      ),
    );
    const { slope } = fitSlope(
      widths.map(Math.log),
      gaps.map((gap) => gap.mean),
    );
    const error = Math.hypot(gaps[0].standardError, gaps[2].standardError) / Math.log(widths[2] / widths[0]);
    expect(error).toBeLessThan(0.15);
    expect(Math.abs(slope + 0.5)).toBeLessThan(2.5 * error);
  });

  it('leaves modes of eigenvalue zero where they start, and says how many', () => {
    const ones = kernelSpectrum(
      tensor(
        [
          [1, 1],
          [1, 1],
        ],
        { backend: ndarrayBackend() },
      ),
    );
    const { residual, alpha, leftOut } = gradientFlow(ones, new Float64Array([3, 1]), {
      time: Number.POSITIVE_INFINITY,
    });
    expect(leftOut).toBe(1);
    [1, -1].forEach((value, i) => {
      expect(residual[i]).toBeCloseTo(value, 14);
      expect(alpha[i]).toBeCloseTo(-1, 14);
    });
    const long = gradientFlow(
      kernelSpectrum(
        tensor(
          [
            [2, 1],
            [1, 2],
          ],
          { backend: ndarrayBackend() },
        ),
      ),
      new Float64Array([3, 1]),
      { time: 1e3 },
    );
    const limit = gradientFlow(
      kernelSpectrum(
        tensor(
          [
            [2, 1],
            [1, 2],
          ],
          { backend: ndarrayBackend() },
        ),
      ),
      new Float64Array([3, 1]),
      { time: Number.POSITIVE_INFINITY },
    );
    limit.alpha.forEach((value, i) => {
      expect(value).toBeCloseTo(long.alpha[i], 14);
    });
  });

  it('leaves out the rounding of a singular kernel of single precision', () => {
    const n = 20;
    // cos(i − j) + 2 cos 2(i − j) has rank four.
    const entries = Float32Array.from({ length: n * n }, (_, q) => {
      const lag = Math.floor(q / n) - (q % n);
      return Math.cos(lag) + 2 * Math.cos(2 * lag);
    });
    const K = tensor(entries, { backend: ndarrayBackend(), dtype: 'float32', shape: [n, n] });
    const r0 = Float64Array.from({ length: n }, (_, i) => Math.sin(i * i));
    const { alpha, leftOut } = gradientFlow(kernelSpectrum(K), r0, { time: Number.POSITIVE_INFINITY });
    expect(leftOut).toBe(n - 4);
    // α is at most |r_0| over the smallest of the four, above 9.
    expect(Math.hypot(...alpha)).toBeLessThan(Math.hypot(...r0) / 9);
  });
});
