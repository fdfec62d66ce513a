import { fullyConnected } from '@sntk/architecture';
import { analyticKernel } from '@sntk/kernels';
import { matmul, ndarrayBackend, type Tensor, tensor, toArray, toFloat64 } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { integrate } from '@sntk/sde';
import { describe, expect, it } from 'vitest';
import { gradientDescent, gradientFlow, kernelSpectrum, predict } from '../src/index.ts';

const backend = ndarrayBackend();
const N = 12;
const rng = createRng('closed form');

function kernel(): Tensor {
  const data = new Float64Array(N * 2);
  rng.split('points').fillNormal(data);
  const network = fullyConnected({ inputs: 2, hidden: [1, 1] });
  return analyticKernel(network, { X: tensor(data, { backend, shape: [N, 2] }) }).ntk;
}

const K = kernel();
const spectrum = kernelSpectrum(K);
const r0 = new Float64Array(N);
rng.split('residual').fillNormal(r0);

function apply(alpha: Float64Array): Float64Array {
  return toFloat64(matmul(K, tensor(alpha, { backend, shape: [N, 1] })));
}

describe('gradient flow (13)', () => {
  it('agrees with a fine solution of ṙ = −K r/N', () => {
    const k = toArray(K);
    const flow = {
      dimension: N,
      noiseDimension: 0,
      noise: 'none' as const,
      calculus: 'ito' as const,
      drift: (_t: number, x: Float64Array, out: Float64Array) => {
        for (let i = 0; i < N; i++) {
          out[i] = 0;
          for (let j = 0; j < N; j++) out[i] -= (k[i * N + j] * x[j]) / N;
        }
      },
    };
    const { final } = integrate(flow, { method: 'rk4', x0: r0, t1: 1.5, steps: 4000 });
    const { residual } = gradientFlow(spectrum, r0, { time: 1.5 });
    residual.forEach((value, i) => {
      expect(value).toBeCloseTo(final[i], 12);
    });
  });

  it('keeps r = r_0 + Kα at every time, zero and long ones too', () => {
    for (const time of [0, 1e-9, 1, 1e4]) {
      const { residual, alpha } = gradientFlow(spectrum, r0, { time });
      apply(alpha).forEach((value, i) => {
        expect(r0[i] + value).toBeCloseTo(residual[i], 11);
      });
    }
  });

  it('is exact on eigenvalues of zero, where (1 − e^{−λt})/λ becomes t', () => {
    const singular = kernelSpectrum(
      tensor(
        [
          [1, 1],
          [1, 1],
        ],
        { backend },
      ),
    );
    const { residual, alpha } = gradientFlow(singular, new Float64Array([1, -1]), { time: 3 });
    expect([...residual].map((value) => Math.abs(value))).toEqual(
      [1, 1].map((value) => expect.closeTo(value, 14)),
    );
    expect(alpha[0]).toBeCloseTo(-1.5, 14);
  });

  it('refuses to predict from coordinates that are not finite', () => {
    const alpha = new Float64Array(N).fill(Number.NaN);
    expect(() => predict(K, alpha, r0)).toThrow('alpha must be finite numbers, got "NaN at position 0"');
  });

  it('predicts at the training points what the residual says', () => {
    const { residual, alpha } = gradientFlow(spectrum, r0, { time: 0.7 });
    const f0 = r0.map((value) => value + 3);
    predict(K, alpha, f0).forEach((value, i) => {
      expect(value - 3).toBeCloseTo(residual[i], 12);
    });
  });
});

describe('gradient descent (14)', () => {
  it('is the recursion r ← r − η K r/N, with α beside it', () => {
    const learningRate = N / spectrum.values[N - 1];
    let r = r0.slice();
    const alpha = new Float64Array(N);
    for (let step = 0; step < 25; step++) {
      r.forEach((value, i) => {
        alpha[i] -= (learningRate * value) / N;
      });
      const moved = apply(r);
      r = r.map((value, i) => value - (learningRate * moved[i]) / N);
    }
    const closed = gradientDescent(spectrum, r0, { learningRate, steps: 25 });
    closed.residual.forEach((value, i) => {
      expect(value).toBeCloseTo(r[i], 12);
      expect(closed.alpha[i]).toBeCloseTo(alpha[i], 12);
    });
  });

  it('says when a rate above the limit has overflowed', () => {
    const options = { learningRate: 100 * N, steps: 1_000_000 };
    expect(() => gradientDescent(spectrum, r0, options)).toThrow(
      'too large for a number; lower the learning rate',
    );
  });

  it('becomes gradient flow for small steps, at first order', () => {
    const flow = gradientFlow(spectrum, r0, { time: 1 }).residual;
    const gap = (steps: number): number =>
      Math.hypot(
        ...gradientDescent(spectrum, r0, { learningRate: 1 / steps, steps }).residual.map(
          (v, i) => v - flow[i],
        ),
      );
    expect(gap(2000) / gap(4000)).toBeCloseTo(2, 1);
  });
});

describe('kernelSpectrum', () => {
  it('refuses a kernel that is not positive semidefinite and says by how much', () => {
    expect(() =>
      kernelSpectrum(
        tensor(
          [
            [1, 2],
            [2, 1],
          ],
          { backend },
        ),
      ),
    ).toThrow('K is not positive semidefinite: its smallest eigenvalue is -1.000e+0, its largest 3.000e+0');
  });
});
