import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
import { createRng, minibatches } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { batchFactor, functionNoise, type NoiseLaw, samplerBatchFactor } from '../src/index.ts';
import { measureTheoremOne } from '../src/measurements.ts';
import { allMinibatches, gap, momentsOf } from './enumerate.ts';

const backend = ndarrayBackend();
const N = 6;
const k = Float64Array.from({ length: N * N }, (_, p) => Math.exp(-((Math.floor(p / N) - (p % N)) ** 2) / 4));
const K = tensor(k, { backend, shape: [N, N] });
const r = new Float64Array([1, -0.5, 2, 0.3, -1.2, 0.7]);

/** `∇f(x)ᵀ ĝ` at all points and outputs, for a minibatch. */
function response(members: readonly number[], entry: (row: number, i: number) => number, rows = N) {
  return Float64Array.from({ length: rows }, (_, row) =>
    members.reduce((sum, i) => sum + entry(row, i) / members.length, 0),
  );
}

describe('the exact covariance (22)', () => {
  it.each([
    [1, true],
    [2, true],
    [3, true],
    [1, false],
    [2, false],
    [3, false],
    [5, false],
  ])('is that of all minibatches of %i, enumerated; replacement %s', (batch, replacement) => {
    const law = [...allMinibatches(N, batch, replacement)].map(({ members, weight }) => ({
      weight,
      value: response(members, (m, i) => k[m * N + i] * r[i]),
    }));
    const { covariance } = momentsOf(law);
    const noise = functionNoise(K, r, { kind: 'exact', batch, replacement });
    expect(gap(toArray(noise.toDense()), covariance)).toBeLessThan(1e-13);
  });

  it('vanishes for the full batch and shrinks as 1/b', () => {
    expect(functionNoise(K, r, { kind: 'exact', batch: N }).trace()).toBe(0);
    const at = (batch: number) => functionNoise(K, r, { kind: 'exact', batch, replacement: true }).trace();
    expect(at(1) / at(8)).toBeCloseTo(8, 12);
  });

  it('is the leading one (23) less c_b times the mean gradient squared', () => {
    const options = { batch: 2, replacement: true } as const;
    const leading = toArray(functionNoise(K, r, { kind: 'leading', ...options }).toDense());
    const exact = toArray(functionNoise(K, r, { kind: 'exact', ...options }).toDense());
    const mean = response([0, 1, 2, 3, 4, 5], (m, i) => k[m * N + i] * r[i]);
    const difference = leading.map((value, p) => value - exact[p]);
    expect(
      gap(
        difference,
        leading.map((_, p) => (mean[Math.floor(p / N)] * mean[p % N]) / 2),
      ),
    ).toBeLessThan(1e-13);
  });
});

describe("the paper's SNTK (25)", () => {
  it('is b times the calibrated covariance on average over minibatches', () => {
    const b = 3;
    const draws = 20_000;
    const batches = minibatches({ samples: N, batch: b, sampler: 'with-replacement', rng: createRng(3) });
    let traceSquares = 0;
    let traceSum = 0;
    for (let step = 0; step < draws; step++) {
      const trace = functionNoise(K, r, { kind: 'printed', members: batches.at(step) }).trace();
      traceSum += trace;
      traceSquares += trace ** 2;
    }
    const calibrated = functionNoise(K, r, { kind: 'leading', batch: b, replacement: true });
    const mean = traceSum / draws;
    const error = Math.sqrt((traceSquares / draws - mean * mean) / draws);
    expect(Math.abs(mean - b * calibrated.trace())).toBeLessThan(4 * error);
    // By hand for one entry: (1/N) Σ r_i² k_0i².
    const first = r.reduce((sum, ri, i) => sum + (ri * ri * k[i] * k[i]) / N, 0);
    expect(b * toArray(calibrated.toDense())[0]).toBeCloseTo(first, 14);
  });

  it('does not shrink with the batch when residuals and kernel rows are equal', () => {
    const ones = tensor(new Float64Array(16).fill(1), { backend, shape: [4, 4] });
    const equal = new Float64Array(4).fill(1);
    const trace = (members: number[]) => functionNoise(ones, equal, { kind: 'printed', members }).trace();
    expect(trace([0])).toBe(4);
    expect(trace([0, 1, 2, 3])).toBe(4);
  });
});

describe('the covariance within a minibatch (24)', () => {
  it.each([[[0, 2, 5]], [[1]], [[3, 3, 4]]])('is that of the examples %j, one by one', (members) => {
    const value = (i: number) => Float64Array.from({ length: N }, (_, m) => k[m * N + i] * r[i]);
    const { covariance } = momentsOf(members.map((i) => ({ value: value(i), weight: 1 / members.length })));
    const within = toArray(functionNoise(K, r, { kind: 'within', members }).toDense());
    within.forEach((entry, p) => {
      expect(entry).toBeCloseTo(covariance[p], 14);
    });
  });

  it('is the SNTK as printed plus the error of Theorem 1', () => {
    const members = [0, 2, 5];
    const sigma = toArray(functionNoise(K, r, { kind: 'within', members }).toDense());
    const leading = toArray(functionNoise(K, r, { kind: 'printed', members }).toDense());
    const { error } = measureTheoremOne(K, r, members);
    sigma.forEach((value, p) => {
      expect(value - leading[p]).toBeCloseTo(error[p], 13);
    });
  });
});

describe('several outputs', () => {
  const R = new Float64Array([1, 2, -0.5, 0, 2, 1, 0.3, -1, -1.2, 0.4, 0.7, 3]);
  // Blocks that couple the outputs, from gradients of 7 parameters.
  const phi = new Float64Array(N * 2 * 7);
  createRng('phi').fillNormal(phi);
  const block = (row: number, column: number): number => {
    let sum = 0;
    for (let q = 0; q < 7; q++) sum += phi[row * 7 + q] * phi[column * 7 + q];
    return sum;
  };
  const blocks = new Float64Array(N * N * 4);
  blocks.forEach((_, p) => {
    const [m, i, o, q] = [Math.floor(p / (4 * N)), Math.floor(p / 4) % N, (p >> 1) % 2, p % 2];
    blocks[p] = block(m * 2 + o, i * 2 + q);
  });

  it.each([true, false])(
    'are drawn together, with K ⊗ I: the covariance over all minibatches of two; replacement %s',
    (replacement) => {
      const entry = (row: number, i: number): number => k[(row >> 1) * N + i] * R[i * 2 + (row % 2)];
      const law = [...allMinibatches(N, 2, replacement)].map(({ members, weight }) => ({
        weight,
        value: response(members, entry, 2 * N),
      }));
      const noise = functionNoise(K, R, { kind: 'exact', batch: 2, replacement, outputs: 2 });
      expect(gap(toArray(noise.toDense()), momentsOf(law).covariance)).toBeLessThan(1e-13);
    },
  );

  it('may be coupled by a kernel of blocks', () => {
    const coupled = tensor(blocks, { backend, shape: [N, N, 2, 2] });
    const entry = (row: number, i: number): number =>
      block(row, 2 * i) * R[2 * i] + block(row, 2 * i + 1) * R[2 * i + 1];
    const law = [...allMinibatches(N, 2, false)].map(({ members, weight }) => ({
      weight,
      value: response(members, entry, 2 * N),
    }));
    const noise = functionNoise(coupled, R, { kind: 'exact', batch: 2 });
    expect(gap(toArray(noise.toDense()), momentsOf(law).covariance)).toBeLessThan(1e-13);
  });

  it('must be those of the kernel', () => {
    const law: NoiseLaw = { kind: 'exact', batch: 2 };
    expect(() => functionNoise(K, R, { ...law, outputs: 3 })).toThrow('column of K, 6, and output, 3, got');
    const coupled = tensor(blocks, { backend, shape: [N, N, 2, 2] });
    expect(() => functionNoise(coupled, R, { ...law, outputs: 3 })).toThrow('[M, N, 3, 3]');
    expect(() => functionNoise(tensor(r, { backend }), r, law)).toThrow('of shape [M, N]');
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
    const epoch = (batch: number): number => samplerBatchFactor({ samples: 10, batch, sampler: 'epoch' });
    expect(epoch(4)).toBeCloseTo((2 * c(4) + c(2)) / 3, 15);
    expect(epoch(5)).toBe(c(5));
    expect(samplerBatchFactor({ samples: 10, batch: 4, sampler: 'without-replacement' })).toBe(c(4));
    expect(samplerBatchFactor({ samples: 10, batch: 40, sampler: 'with-replacement' })).toBe(1 / 40);
  });

  it('refuses batches that cannot be drawn', () => {
    expect(() => batchFactor({ samples: 4, batch: 9 })).toThrow('at most the number of samples, 4, got 9');
    expect(() => batchFactor({ samples: 4, batch: 0 })).toThrow('at least 1, got 0');
  });
});

describe('what no noise can be made of', () => {
  it('is refused with what was wanted', () => {
    const law: NoiseLaw = { kind: 'exact', batch: 1 };
    expect(() => functionNoise(K, new Float64Array(5), law)).toThrow('one entry per column of K, 6');
    expect(() => functionNoise(K, r, { kind: 'printed', members: [6] })).toThrow(
      'from 0 to 5, one at least, got 6',
    );
    expect(() => functionNoise(K, r, { kind: 'within', members: [] })).toThrow('one at least');
    expect(() =>
      functionNoise(
        K,
        r.map(() => Number.NaN),
        law,
      ),
    ).toThrow('NaN at position 0');
    expect(() => functionNoise(K, r, { kind: 'paper' as 'exact', batch: 1 })).toThrow(
      'one of exact, leading, within, printed',
    );
  });
});
