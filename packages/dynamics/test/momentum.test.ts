import { ndarrayBackend, tensor, toFloat64 } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { integrate } from '@sntk/sde';
import { describe, expect, it } from 'vitest';
import {
  gaussianRegression,
  gradientDescent,
  kernelSpectrum,
  momentumDescent,
  momentumFlow,
  predict,
} from '../src/index.ts';

const backend = ndarrayBackend();
const N = 5;
const rng = createRng('momentum');
const K = tensor(
  Array.from({ length: N }, (_, i) => Array.from({ length: N }, (_, j) => 3 * Math.exp(-((i - j) ** 2) / 5))),
  { backend },
);
const k = toFloat64(K);
const spectrum = kernelSpectrum(K);
const r0 = new Float64Array(N);
rng.fillNormal(r0);

function residualOf(alpha: ArrayLike<number>): Float64Array {
  return r0.map((value, i) => {
    let sum = value;
    for (let j = 0; j < N; j++) sum += k[i * N + j] * alpha[j];
    return sum;
  });
}

describe('momentumDescent (21)', () => {
  it.each([
    [0, 0],
    [0.9, 0],
    [0.5, 0.2],
  ])('is the recursion v ← μ v + g written out, μ = %s, ridge %s', (momentum, ridge) => {
    const options = { learningRate: 0.3, steps: 37, momentum, ridge };
    const alpha = new Float64Array(N);
    const v = new Float64Array(N);
    for (let step = 0; step < options.steps; step++) {
      const r = residualOf(alpha);
      for (let i = 0; i < N; i++) v[i] = momentum * v[i] + r[i] / N + ridge * alpha[i];
      for (let i = 0; i < N; i++) alpha[i] -= options.learningRate * v[i];
    }
    const closed = momentumDescent(spectrum, r0, options);
    residualOf(alpha).forEach((value, i) => {
      expect(closed.residual[i]).toBeCloseTo(value, 12);
      expect(closed.alpha[i]).toBeCloseTo(alpha[i], 12);
    });
  });

  it('is gradient descent without momentum', () => {
    const options = { learningRate: 0.2, steps: 1001 };
    const plain = gradientDescent(spectrum, r0, options);
    momentumDescent(spectrum, r0, options).alpha.forEach((value, i) => {
      expect(value).toBeCloseTo(plain.alpha[i], 10);
    });
  });

  it('with a ridge ends in regression with errors of variance Nρ, at test points too', () => {
    const ridge = 0.04;
    const Kx = tensor([[1, 2, 0.5, 0, -1]], { backend });
    const one = tensor([[9]], { backend });
    const options = { learningRate: 0.3, steps: 4000, momentum: 0.8, ridge };
    const { alpha } = momentumDescent(spectrum, r0, options);
    const targets = r0.map((value) => -value);
    const points = { train: K, cross: Kx, test: one };
    const { mean } = gaussianRegression(points, targets, { noiseVariance: N * ridge });
    expect(predict(Kx, alpha, new Float64Array(1))[0]).toBeCloseTo(mean[0], 10);
  });
});

describe('momentumFlow (21)', () => {
  it.each([
    [0, 0],
    [0.7, 0],
    [2 * Math.sqrt(spectrum.values[2] / N), 0],
    [8, 0.3],
  ])('agrees with a fine solution of the oscillator, friction %s, ridge %s', (friction, ridge) => {
    const problem = {
      dimension: 2 * N,
      noiseDimension: 0,
      noise: 'none' as const,
      calculus: 'ito' as const,
      drift: (_t: number, x: Float64Array, out: Float64Array) => {
        const r = residualOf(x.subarray(0, N));
        for (let i = 0; i < N; i++) {
          out[i] = x[N + i];
          out[N + i] = -friction * x[N + i] - r[i] / N - ridge * x[i];
        }
      },
    };
    const { final } = integrate(problem, { method: 'rk4', x0: new Float64Array(2 * N), t1: 6, steps: 6000 });
    const { alpha, residual } = momentumFlow(spectrum, r0, { time: 6, friction, ridge });
    residualOf(alpha).forEach((value, i) => {
      expect(alpha[i]).toBeCloseTo(final[i], 10);
      expect(residual[i]).toBeCloseTo(value, 11);
    });
  });

  it('is the limit of momentumDescent for small learning rates, at first order in √η', () => {
    const flow = momentumFlow(spectrum, r0, { time: 2, friction: 1.5 }).residual;
    const gap = (steps: number): number => {
      const root = 2 / steps;
      const options = { learningRate: root ** 2, steps, momentum: 1 - 1.5 * root };
      return Math.hypot(
        ...momentumDescent(spectrum, r0, options).residual.map((value, i) => value - flow[i]),
      );
    };
    expect(gap(2000) / gap(4000)).toBeCloseTo(2, 1);
  });

  it('is exact for eigenvalues of zero: uniform acceleration without friction', () => {
    const ones = kernelSpectrum(tensor(new Float64Array(4).fill(1), { backend, shape: [2, 2] }));
    const { alpha } = momentumFlow(ones, new Float64Array([1, -1]), { time: 3, friction: 0 });
    expect(alpha[0]).toBeCloseTo(-9 / 4, 12);
  });

  it.each([0, 1e-16, 1e-12, 1e-6, 1e4])('keeps its digits beside friction, eigenvalue %s', (value) => {
    const [friction, time] = [1.7, 3];
    const diagonal = kernelSpectrum(tensor(new Float64Array([1, 0, 0, value]), { backend, shape: [2, 2] }));
    const { alpha } = momentumFlow(diagonal, new Float64Array([0, 1]), { time, friction });
    // α̈ + γ α̇ + (λ/2) α = −1/2 from rest: its impulse response (e^{st} − e^{ut})/(s − u), integrated.
    const w = value / 2;
    const split = friction ** 2 / 4 - w;
    let wanted: number;
    if (split > 0) {
      const u = -friction / 2 - Math.sqrt(split);
      const s = w / u;
      const slow = s < 0 ? Math.expm1(s * time) / s : time;
      wanted = -(slow - Math.expm1(u * time) / u) / (s - u) / 2;
    } else {
      const nu = Math.sqrt(-split);
      const swing = Math.cos(nu * time) + (friction / (2 * nu)) * Math.sin(nu * time);
      wanted = -(1 - Math.exp((-friction * time) / 2) * swing) / value;
    }
    expect(Math.abs(alpha[1] / wanted - 1)).toBeLessThan(1e-12);
  });
});
