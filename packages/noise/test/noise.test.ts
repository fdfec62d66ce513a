import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
import { createRng, minibatches } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import {
  batchFactor,
  epochBatchFactor,
  functionNoise,
  measureTheoremOne,
  paperSntk,
  withinBatchNoise,
} from '../src/index.ts';

const backend = ndarrayBackend();
const N = 6;
const K = tensor(
  Array.from({ length: N }, (_, i) => Array.from({ length: N }, (_, j) => Math.exp(-((i - j) ** 2) / 4))),
  { backend },
);
const r = new Float64Array([1, -0.5, 2, 0.3, -1.2, 0.7]);

/** Every minibatch of size 2 with its probability, and the response `K ĝ` it gives. */
function responses(replacement: boolean): { weight: number; response: Float64Array }[] {
  const all: { weight: number; response: Float64Array }[] = [];
  const k = toArray(K);
  for (let i = 0; i < N; i++) {
    for (let j = 0; j < N; j++) {
      if (!replacement && i === j) continue;
      const weight = replacement ? 1 / (N * N) : 1 / (N * (N - 1));
      const response = Float64Array.from(
        { length: N },
        (_, m) => (k[m * N + i] * r[i] + k[m * N + j] * r[j]) / 2,
      );
      all.push({ weight, response });
    }
  }
  return all;
}

describe('the exact covariance (22)', () => {
  it.each([true, false])('is that of all minibatches of two, enumerated; replacement %s', (replacement) => {
    const all = responses(replacement);
    const mean = new Float64Array(N);
    for (const { weight, response } of all) for (let m = 0; m < N; m++) mean[m] += weight * response[m];
    const dense = toArray(functionNoise(K, r, { kind: 'exact', batch: 2, replacement }).dense());
    for (let m = 0; m < N; m++) {
      for (let n = 0; n < N; n++) {
        let covariance = 0;
        for (const { weight, response } of all) {
          covariance += weight * (response[m] - mean[m]) * (response[n] - mean[n]);
        }
        expect(dense[m * N + n]).toBeCloseTo(covariance, 14);
      }
    }
  });

  it('vanishes for the full batch and shrinks as 1/b', () => {
    expect(functionNoise(K, r, { kind: 'exact', batch: N }).trace()).toBe(0);
    const at = (batch: number) => functionNoise(K, r, { kind: 'exact', batch, replacement: true }).trace();
    expect(at(1) / at(8)).toBeCloseTo(8, 12);
  });

  it('is the leading one (23) less c_b times the mean gradient squared', () => {
    const options = { batch: 2, replacement: true } as const;
    const leading = toArray(functionNoise(K, r, { kind: 'leading', ...options }).dense());
    const exact = toArray(functionNoise(K, r, { kind: 'exact', ...options }).dense());
    const k = toArray(K);
    const mean = Array.from({ length: N }, (_, m) =>
      r.reduce((sum, ri, i) => sum + (k[m * N + i] * ri) / N, 0),
    );
    leading.forEach((value, p) => {
      expect(value - exact[p]).toBeCloseTo((mean[Math.floor(p / N)] * mean[p % N]) / 2, 14);
    });
  });
});

describe("the paper's SNTK (25)", () => {
  it('is b times the calibrated covariance on average over minibatches', () => {
    const b = 3;
    const k = toArray(K);
    const draws = 20_000;
    const batches = minibatches({ samples: N, batch: b, sampler: 'with-replacement', rng: createRng(3) });
    let traceSquares = 0;
    let traceSum = 0;
    for (let step = 0; step < draws; step++) {
      const noise = paperSntk(K, r, { members: batches.at(step) });
      traceSum += noise.trace();
      traceSquares += noise.trace() ** 2;
    }
    const calibrated = functionNoise(K, r, { kind: 'leading', batch: b, replacement: true });
    const mean = traceSum / draws;
    const error = Math.sqrt((traceSquares / draws - mean * mean) / draws);
    expect(Math.abs(mean - b * calibrated.trace())).toBeLessThan(4 * error);
    // By hand for one entry: (1/N) Σ r_i² k_0i².
    const first = r.reduce((sum, ri, i) => sum + (ri * ri * k[i] * k[i]) / N, 0);
    expect(b * toArray(calibrated.dense())[0]).toBeCloseTo(first, 14);
  });

  it('does not shrink with the batch when residuals and kernel rows are equal', () => {
    const ones = tensor(new Float64Array(16).fill(1), { backend, shape: [4, 4] });
    const equal = new Float64Array(4).fill(1);
    const trace = (members: number[]) => paperSntk(ones, equal, { members }).trace();
    expect(trace([0])).toBe(4);
    expect(trace([0, 1, 2, 3])).toBe(4);
  });
});

describe('batchFactor', () => {
  it('is 1/b with replacement and (N − b)/(b(N − 1)) without', () => {
    expect(batchFactor({ samples: 500, batch: 8, replacement: true })).toBe(1 / 8);
    expect(batchFactor({ samples: 500, batch: 8 })).toBe(492 / (8 * 499));
    expect(batchFactor({ samples: 1, batch: 1 })).toBe(0);
    expect(batchFactor({ samples: 4, batch: 9, replacement: true })).toBe(1 / 9);
  });

  it('is averaged over the minibatches of an epoch, the short last one included', () => {
    const c = (batch: number) => batchFactor({ samples: 10, batch });
    expect(epochBatchFactor({ samples: 10, batch: 4 })).toBeCloseTo((2 * c(4) + c(2)) / 3, 15);
    expect(epochBatchFactor({ samples: 10, batch: 5 })).toBe(c(5));
  });

  it('refuses batches that cannot be drawn', () => {
    expect(() => batchFactor({ samples: 4, batch: 9 })).toThrow('at most the number of samples, 4, got 9');
    expect(() => batchFactor({ samples: 4, batch: 0 })).toThrow('at least 1, got 0');
    expect(() => functionNoise(K, new Float64Array(5), { kind: 'exact', batch: 1 })).toThrow(
      'one entry per column',
    );
    expect(() => paperSntk(K, r, { members: [6] })).toThrow('examples from 0 to 5, got 6');
    expect(() =>
      functionNoise(
        K,
        r.map(() => Number.NaN),
        { kind: 'exact', batch: 1 },
      ),
    ).toThrow('NaN at position 0');
  });
});

describe('a covariance as an operator', () => {
  const noise = functionNoise(K, r, { kind: 'exact', batch: 2 });
  const dense = toArray(noise.dense());

  it('times a vector is the dense matrix times it', () => {
    const v = new Float64Array([1, 2, -1, 0.5, 3, -2]);
    noise.apply(v).forEach((value, m) => {
      expect(value).toBeCloseTo(
        v.reduce((sum, entry, n) => sum + dense[m * N + n] * entry, 0),
        13,
      );
    });
  });

  it('has samples of that covariance', () => {
    const draws = 20_000;
    const stream = createRng(4);
    const sums = new Float64Array(N * N);
    for (let draw = 0; draw < draws; draw++) {
      const x = noise.sample(stream);
      for (let p = 0; p < N * N; p++) sums[p] += (x[Math.floor(p / N)] * x[p % N]) / draws;
    }
    sums.forEach((value, p) => {
      const [m, n] = [Math.floor(p / N), p % N];
      // The variance of a product of two Gaussians.
      const error = Math.sqrt((dense[m * (N + 1)] * dense[n * (N + 1)] + dense[p] ** 2) / draws);
      expect(Math.abs(value - dense[p])).toBeLessThan(4.5 * error);
    });
  });
});

describe('several outputs', () => {
  const R = new Float64Array([1, 2, -0.5, 0, 2, 1, 0.3, -1, -1.2, 0.4, 0.7, 3]);

  it('are drawn together: the covariance is that of all minibatches of one, enumerated', () => {
    const k = toArray(K);
    const dense = toArray(functionNoise(K, R, { kind: 'exact', batch: 1, outputs: 2 }).dense());
    const response = (row: number, i: number): number =>
      k[Math.floor(row / 2) * N + i] * R[i * 2 + (row % 2)];
    const mean = Array.from({ length: 2 * N }, (_, row) => {
      let sum = 0;
      for (let i = 0; i < N; i++) sum += response(row, i) / N;
      return sum;
    });
    dense.forEach((value, p) => {
      const [a, b] = [Math.floor(p / (2 * N)), p % (2 * N)];
      let covariance = 0;
      for (let i = 0; i < N; i++) covariance += ((response(a, i) - mean[a]) * (response(b, i) - mean[b])) / N;
      expect(value).toBeCloseTo(covariance, 13);
    });
  });
});

describe('the covariance within a minibatch (24)', () => {
  it('is the SNTK as printed plus the error of Theorem 1', () => {
    const members = [0, 2, 5];
    const sigma = toArray(withinBatchNoise(K, r, { members }).dense());
    const leading = toArray(paperSntk(K, r, { members }).dense());
    const { error } = measureTheoremOne(K, r, members);
    sigma.forEach((value, p) => {
      expect(value - leading[p]).toBeCloseTo(error[p], 13);
    });
  });
});
