import { ndarrayBackend, tensor, toFloat64 } from '@sntk/linalg';
import { createRng, minibatches } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { gradientFlow, kernelSgd, kernelSpectrum, lossFlow } from '../src/index.ts';

const backend = ndarrayBackend();
const N = 5;
const K = tensor(
  Array.from({ length: N }, (_, i) => Array.from({ length: N }, (_, j) => 2 * Math.exp(-((i - j) ** 2) / 5))),
  { backend },
);
const y = [1, -1, 1, 1, -1];
const r0 = new Float64Array([-1.2, 0.7, 0.1, -2, 1.5]);
/** Of log(1 + e^{−yf}), with f = r + y. */
const logistic = (r: number, i: number): number => -y[i] / (1 + Math.exp(y[i] * (r + y[i])));

describe('lossFlow (17)', () => {
  it('is gradient flow (13) for the squared loss, to fourth order', () => {
    const closed = gradientFlow(kernelSpectrum(K), r0, { time: 3 });
    const gap = (steps: number): number =>
      Math.hypot(
        ...lossFlow(K, r0, { slope: (r) => r, time: 3, steps }).alpha.map((v, i) => v - closed.alpha[i]),
      );
    expect(gap(400)).toBeLessThan(1e-9);
    expect(Math.log2(gap(20) / gap(40))).toBeCloseTo(4, 0);
  });

  it('solves the logistic loss of one example, where f + e^f grows linearly', () => {
    const one = tensor([[1.5]], { backend });
    const slope = (r: number): number => -1 / (1 + Math.exp(r + 1));
    const f = lossFlow(one, new Float64Array([-0.6]), { slope, time: 4, steps: 400 }).residual[0] + 1;
    expect(f + Math.exp(f)).toBeCloseTo(0.4 + Math.exp(0.4) + 1.5 * 4, 9);
  });

  it('is the limit of kernel SGD with full batches and the same loss, at first order', () => {
    const flow = lossFlow(K, r0, { slope: logistic, time: 2, steps: 400 });
    const gap = (steps: number): number => {
      const batches = [minibatches({ samples: N, batch: N, sampler: 'epoch', rng: createRng(1) })];
      const run = kernelSgd(K, r0, { learningRate: 2 / steps, steps, batches, slope: logistic });
      return Math.hypot(...run.residual.map((value, i) => value - flow.residual[i]));
    };
    expect(gap(200) / gap(400)).toBeCloseTo(2, 1);
  });
});

describe('kernelSgd (28) with another loss', () => {
  it('is the step of its gradient, by finite differences of the loss of the minibatch', () => {
    const batches = [
      minibatches({ samples: N, batch: 2, sampler: 'without-replacement', rng: createRng(2) }),
    ];
    const members = [...batches[0].at(0)];
    const k = toFloat64(K);
    // f = Φ w: the step along the gradient moves f by −η K times the slopes over b.
    const loss = (f: number, i: number): number => Math.log1p(Math.exp(-y[i] * f));
    const { residual } = kernelSgd(K, r0, { learningRate: 0.3, steps: 1, batches, slope: logistic });
    residual.forEach((value, j) => {
      const moved = members.reduce((sum, i) => {
        const f = r0[i] + y[i];
        const slope = (loss(f + 1e-5, i) - loss(f - 1e-5, i)) / 2e-5;
        return sum - (0.3 / 2) * slope * k[j * N + i];
      }, 0);
      expect(value - r0[j]).toBeCloseTo(moved, 9);
    });
  });
});
