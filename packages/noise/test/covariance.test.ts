import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
import { topEigenpairs } from '@sntk/linalg/operators';
import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import {
  addNoises,
  functionDrift,
  functionNoise,
  implicitGradientNoise,
  labelNoise,
  type NoiseCovariance,
} from '../src/index.ts';
import { gap } from './enumerate.ts';

const backend = ndarrayBackend();
const N = 5;
const K = tensor(
  Array.from({ length: N }, (_, i) => Array.from({ length: N }, (_, j) => 1 / (1 + Math.abs(i - j)))),
  { backend },
);
const r = new Float64Array([1, -0.5, 2, 0.3, -1.2]);
const exact = functionNoise(K, r, { kind: 'exact', batch: 2 });
const labels = labelNoise(K, { variance: 0.3, batch: 2 });

/** The largest deviation of second moments of samples from the matrix, in standard errors. */
function sampleDeviation(noise: NoiseCovariance, draws: number): number {
  const n = noise.size;
  const stream = createRng(4);
  const sums = new Float64Array(n * n);
  for (let draw = 0; draw < draws; draw++) {
    const x = noise.sample(stream);
    for (let p = 0; p < n * n; p++) sums[p] += (x[Math.floor(p / n)] * x[p % n]) / draws;
  }
  const dense = toArray(noise.toDense());
  return Math.max(
    ...sums.map((value, p) => {
      const [m, i] = [Math.floor(p / n), p % n];
      // The variance of a product of two Gaussians.
      const error = Math.sqrt((dense[m * (n + 1)] * dense[i * (n + 1)] + dense[p] ** 2) / draws);
      return Math.abs(value - dense[p]) / error;
    }),
  );
}

describe('a covariance as an operator', () => {
  const dense = toArray(exact.toDense());

  it('times vectors is the dense matrix times them', () => {
    const x = new Float64Array([1, 2, -1, 0.5, 3, -2, 0, 1, 4, 4]);
    const image = exact.apply(tensor(x, { backend, shape: [N, 2] }));
    const wanted = Float64Array.from({ length: 2 * N }, (_, p) => {
      let sum = 0;
      for (let n = 0; n < N; n++) sum += dense[(p >> 1) * N + n] * x[n * 2 + (p % 2)];
      return sum;
    });
    expect(gap(toArray(image), wanted)).toBeLessThan(1e-13);
    expect(() => exact.apply(tensor(x, { backend, shape: [2, N] }))).toThrow('of 5 rows');
  });

  it('has the diagonal and the trace of the dense matrix', () => {
    const diagonal = Float64Array.from({ length: N }, (_, m) => dense[m * (N + 1)]);
    expect(gap(exact.diagonal(), diagonal)).toBeLessThan(1e-14);
    expect(exact.trace()).toBeCloseTo(
      diagonal.reduce((sum, variance) => sum + variance),
      13,
    );
  });

  it('has samples of that covariance', () => {
    expect(sampleDeviation(exact, 20_000)).toBeLessThan(4.5);
  });

  it('is taken by solvers, and has rank N − 1', () => {
    const { values } = topEigenpairs(exact, { count: N, rng: createRng(1) });
    expect(Math.abs(values[0])).toBeLessThan(1e-12 * values[N - 1]);
    expect(values[1]).toBeGreaterThan(1e-6 * values[N - 1]);
  });
});

describe('a float32 kernel', () => {
  it('gives a float32 operator, near the float64 one', () => {
    const single = tensor(toArray(K), { backend, dtype: 'float32', shape: [N, N] });
    const noise = functionNoise(single, r, { kind: 'exact', batch: 2 });
    expect(noise.dtype).toBe('float32');
    expect(gap(toArray(noise.toDense()), toArray(exact.toDense()))).toBeLessThan(1e-6);
    expect(gap(noise.diagonal(), exact.diagonal())).toBeLessThan(1e-6);
    expect(gap(noise.sample(createRng(2)), exact.sample(createRng(2)))).toBeLessThan(1e-6);
  });
});

describe('the sum of independent noises', () => {
  it('has the sum of the covariances, and samples of it', () => {
    const sum = addNoises(exact, labels);
    const wanted = toArray(exact.toDense()).map((value, p) => value + toArray(labels.toDense())[p]);
    expect(gap(toArray(sum.toDense()), wanted)).toBeLessThan(1e-14);
    expect(sampleDeviation(sum, 20_000)).toBeLessThan(4.5);
  });

  it('must be of noises of one size', () => {
    const smaller = labelNoise(tensor([[1]], { backend }), { variance: 1, batch: 1 });
    expect(() => addNoises(exact, smaller)).toThrow(
      'noises[1] must be of size 5 on backend ndarray (float64)',
    );
    expect(() => addNoises()).toThrow('one at least');
  });
});

describe('a result that no memory holds', () => {
  it('is refused with its need before anything is made', () => {
    const K = tensor(new Float64Array(4000), { backend, shape: [1, 4000] });
    expect(() => labelNoise(K, { variance: 1, batch: 1, outputs: 1000 })).toThrow(
      '[1000, 4000000], which needs 29.8 GiB',
    );
  });
});

describe('numbers that overflow', () => {
  const huge = tensor([[1e200, -1e200]], { backend });
  const ones = new Float64Array([1, 1]);

  it('are refused, not returned as infinite variances', () => {
    const law = { kind: 'printed', members: [0] } as const;
    expect(() => functionNoise(huge, ones, law)).toThrow('the variance at position 0 overflows float64');
    expect(() => labelNoise(huge, { variance: 1, batch: 1 })).toThrow('overflows float64');
    const single = tensor([[1e15, 1]], { backend, dtype: 'float32' });
    expect(() => functionNoise(single, new Float64Array([1e5, 1]), law)).toThrow('overflows float32');
    expect(functionNoise(single, new Float64Array([1e4, 1]), law).trace() / 1e38).toBeCloseTo(1, 6);
    expect(() => functionDrift(huge, new Float64Array([1e200, 1e200]))).toThrow('position 0 overflows');
  });

  it('are refused from products with a Jacobian that are none', () => {
    const slopes = tensor([[1]], { backend });
    const noise = implicitGradientNoise(
      {
        parameters: 1,
        slopes,
        jvp: () => tensor([[Number.NaN]], { backend }),
        vjp: () => new Float64Array([Number.NaN]),
      },
      { kind: 'leading', batch: 1, replacement: true },
    );
    expect(() => noise.trace()).toThrow('products.vjp(…) must be finite numbers');
    expect(() => noise.apply(slopes)).toThrow('products.jvp(…) must be finite numbers');
  });
});
