import { fullyConnected } from '@sntk/architecture';
import { analyticKernel } from '@sntk/kernels';
import {
  add,
  cholesky,
  eye,
  logDeterminant,
  matmul,
  mul,
  ndarrayBackend,
  solveCholesky,
  sub,
  type Tensor,
  tensor,
  toFloat64,
} from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { meanAndStandardError } from '@sntk/testing';
import { describe, expect, it } from 'vitest';
import { gaussianRegression, kernelSpectrum, marginalLikelihood, momentumDescent } from '../src/index.ts';

const backend = ndarrayBackend();
const N = 14;
const rng = createRng('evidence');
const points = new Float64Array(N * 2);
rng.split('points').fillNormal(points);
const X = tensor(points, { backend, shape: [N, 2] });
const y = new Float64Array(N);
rng.split('labels').fillNormal(y);
const noiseVariance = 0.05;

function nngp(parameters: { weightVariance?: number; biasVariance?: number; depth?: number }): Tensor {
  const { depth = 2, ...variances } = parameters;
  return analyticKernel(
    fullyConnected({ inputs: 2, hidden: Array.from({ length: depth }, () => 1), ...variances }),
    { X },
  ).nngp;
}

const difference = (at: (value: number) => Tensor, value: number, h: number): Tensor =>
  mul(sub(at(value + h), at(value - h)), 1 / (2 * h));

describe('the marginal likelihood', () => {
  it('is the density of the normal law, for one and two labels by hand', () => {
    const one = marginalLikelihood(tensor([[2]], { backend }), new Float64Array([3]), { noiseVariance: 1 });
    expect(one.value).toBeCloseTo(-9 / 6 - Math.log(2 * Math.PI * 3) / 2, 13);
    const two = marginalLikelihood(
      tensor(
        [
          [1, 1],
          [1, 1],
        ],
        { backend },
      ),
      new Float64Array([1, -1]),
      { noiseVariance: 1 },
    );
    // A = [[2, 1], [1, 2]]: eigenvalue 1 along (1, −1), determinant 3.
    expect(two.value).toBeCloseTo(-1 - Math.log(3) / 2 - Math.log(2 * Math.PI), 13);
  });

  it('has the gradient of its own differences in σ_w², σ_b² and the noise', () => {
    const at = (weightVariance: number, biasVariance: number, noise = noiseVariance) =>
      marginalLikelihood(nngp({ weightVariance, biasVariance }), y, { noiseVariance: noise }).value;
    const [w, b, h] = [1.7, 0.6, 1e-4];
    const derivatives = [
      difference((value) => nngp({ weightVariance: value, biasVariance: b }), w, h),
      difference((value) => nngp({ weightVariance: w, biasVariance: value }), b, h),
    ];
    const { gradient, noiseGradient } = marginalLikelihood(nngp({ weightVariance: w, biasVariance: b }), y, {
      noiseVariance,
      derivatives,
    });
    const wanted = [
      (at(w + h, b) - at(w - h, b)) / (2 * h),
      (at(w, b + h) - at(w, b - h)) / (2 * h),
      (at(w, b, noiseVariance + h) - at(w, b, noiseVariance - h)) / (2 * h),
    ];
    // Differences of both sides err by h² times third derivatives; values of order 10 lose 1e-15/h.
    [...gradient, noiseGradient].forEach((value, p) => {
      expect(Math.abs(value / wanted[p] - 1)).toBeLessThan(1e-5);
    });
  });

  it('is summed over independent outputs, and so is its gradient', () => {
    const K = nngp({});
    const z = new Float64Array(N);
    rng.split('more').fillNormal(z);
    const both = Float64Array.from({ length: 2 * N }, (_, q) => (q % 2 === 0 ? y : z)[Math.floor(q / 2)]);
    const options = { noiseVariance, derivatives: [K] };
    const [a, b, sum] = [y, z, both].map((labels) => marginalLikelihood(K, labels, options));
    expect(sum.value).toBeCloseTo(a.value + b.value, 10);
    expect(sum.gradient[0]).toBeCloseTo(a.gradient[0] + b.gradient[0], 9);
    expect(sum.noiseGradient).toBeCloseTo(a.noiseGradient + b.noiseGradient, 7);
  });

  it('prefers the depth that made the labels, by the Kullback–Leibler divergence of the two laws', () => {
    const [shallow, deep] = [nngp({ depth: 1 }), nngp({ depth: 4 })];
    const noisy = (K: Tensor) => add(K, mul(eye(N, { backend }), noiseVariance));
    const { L } = cholesky(noisy(deep));
    const gains = Array.from({ length: 400 }, (_, draw) => {
      const normals = new Float64Array(N);
      rng.split('draws').split(draw).fillNormal(normals);
      const labels = toFloat64(matmul(L, tensor(normals, { backend, shape: [N, 1] })));
      const [a, b] = [deep, shallow].map((K) => marginalLikelihood(K, labels, { noiseVariance }).value);
      return a - b;
    });
    const factor = cholesky(noisy(shallow));
    const ratio = toFloat64(solveCholesky(factor, noisy(deep)));
    let trace = 0;
    for (let i = 0; i < N; i++) trace += ratio[i * (N + 1)];
    const divergence = (trace - N + logDeterminant(factor) - logDeterminant(cholesky(noisy(deep)))) / 2;
    const { mean, standardError } = meanAndStandardError(gains);
    expect(divergence).toBeGreaterThan(0.1);
    expect(Math.abs(mean - divergence)).toBeLessThan(3 * standardError);
  });

  it('refuses labels and derivatives that do not fit, and a kernel that is not positive', () => {
    const K = nngp({});
    expect(() => marginalLikelihood(K, new Float64Array(N + 1), { noiseVariance })).toThrow(
      `labels must be of length ${N}, or ${N} times the number of outputs, got "length ${N + 1}"`,
    );
    const options = { noiseVariance, derivatives: [tensor([[1]], { backend })] };
    expect(() => marginalLikelihood(K, y, options)).toThrow('options.derivatives[0] must be');
    expect(() => marginalLikelihood(K, y, { noiseVariance: 0 })).toThrow('options.noiseVariance');
    const broken = tensor(new Float64Array(N * N).fill(Number.NaN), { backend, shape: [N, N] });
    expect(() => marginalLikelihood(K, y, { noiseVariance, derivatives: [broken] })).toThrow(
      'options.derivatives[0] must be finite',
    );
    expect(() =>
      marginalLikelihood(
        tensor(
          [
            [1, 3],
            [3, 1],
          ],
          { backend },
        ),
        new Float64Array(2),
        { noiseVariance },
      ),
    ).toThrow('pivot');
  });
});

describe('the MAP view', () => {
  it('training with a ridge ρ ends where the posterior of the tangent kernel has its mode, with errors of variance Nρ', () => {
    const K = nngp({});
    const ridge = noiseVariance / N;
    const { alpha } = momentumDescent(
      kernelSpectrum(K),
      y.map((label) => -label),
      {
        learningRate: 0.3,
        steps: 40_000,
        momentum: 0.9,
        ridge,
      },
    );
    const f = toFloat64(matmul(K, tensor(alpha, { backend, shape: [N, 1] })));
    const { mean } = gaussianRegression({ train: K, cross: K, test: K }, y, { noiseVariance });
    mean.forEach((value, i) => {
      expect(f[i]).toBeCloseTo(value, 8);
    });
    // The mode of ½|f − y|²/σ² + ½ fᵀK⁻¹f: its gradient (f − y)/σ² + α vanishes for f = Kα.
    alpha.forEach((value, i) => {
      expect((f[i] - y[i]) / noiseVariance + value).toBeCloseTo(0, 6);
    });
  });
});
