import { fullyConnected } from '@sntk/architecture';
import { twoMoons } from '@sntk/datasets';
import { analyticKernel } from '@sntk/kernels';
import { ndarrayBackend, tensor, toFloat64 } from '@sntk/linalg';
import { createRng, minibatches } from '@sntk/random';
import { brownianIncrements } from '@sntk/sde';
import { describe, expect, it } from 'vitest';
import { exampleNoise } from '../src/epoch-noise.ts';
import {
  type DualEnsemble,
  gradientDescent,
  kernelSgd,
  kernelSpectrum,
  learningRateLimits,
  type SntkOptions,
  sntkLossPaths,
  sntkPaths,
} from '../src/index.ts';

const backend = ndarrayBackend();
const rng = createRng('epochs');

/** Shares of examples in the minibatches of an epoch, and the covariance of one example's indicators over all orders. */
function enumerateEpochs(samples: number, batch: number): number[][] {
  const length = Math.ceil(samples / batch);
  const sizes = Array.from({ length }, (_, t) => Math.min(batch, samples - t * batch));
  // In a uniform order the example stands at each of the places once.
  const stepOfPlace = Array.from({ length: samples }, (_, place) => Math.floor(place / batch));
  return sizes.map((p, s) =>
    sizes.map((q, t) => {
      const both = stepOfPlace.filter((step) => step === s && step === t).length / samples;
      return both - (p * q) / samples ** 2;
    }),
  );
}

describe('the noise of epochs', () => {
  it.each([
    [6, 2],
    [5, 2],
    [7, 3],
    [8, 4],
  ])('has the covariance of indicators of minibatches, N = %d, b = %d, and adds up to zero', (N, b) => {
    const expected = enumerateEpochs(N, b);
    const length = expected.length;
    const paths = 20000;
    const { draw, factor } = exampleNoise(
      'test',
      N,
      {
        learningRate: 1,
        steps: 2 * length,
        batch: b,
        paths,
        rng: rng.split(`covariance ${N}`),
        epochs: true,
      },
      { firstPath: 0, factor: () => Number.NaN },
    );
    const draws = Array.from({ length: 2 * length }, (_, step) => {
      const out = new Float64Array(N * paths);
      draw(step, out);
      const p = Math.min(b, N - (step % length) * b) / N;
      // c_b/N is the variance of (1[i ∈ B] − p)/b, up to N/(N − 1), MATH (22).
      expect((factor(step) / N) * (p * N) ** 2 * (1 - 1 / N)).toBeCloseTo(p * (1 - p), 14);
      return out.map((x) => x * Math.sqrt(p * (1 - p)));
    });
    for (let at = 0; at < N * paths; at++) {
      for (const first of [0, length]) {
        let sum = 0;
        for (let t = 0; t < length; t++) sum += draws[first + t][at];
        if (Math.abs(sum) > 1e-14) expect(sum).toBe(0);
      }
    }
    const count = N * paths;
    const product = (s: number, t: number): number =>
      draws[s].reduce((sum, x, at) => sum + x * draws[t][at], 0) / count;
    for (let s = 0; s < length; s++) {
      for (let t = 0; t < length; t++) {
        const error = Math.sqrt((expected[s][s] * expected[t][t] + expected[s][t] ** 2) / count);
        expect(Math.abs(product(s, t) - expected[s][t])).toBeLessThan(4.5 * error);
        // Epochs do not know of each other.
        expect(Math.abs(product(s, length + t))).toBeLessThan(
          4.5 * Math.sqrt((expected[s][s] * expected[t][t]) / count),
        );
      }
    }
  });

  it('is that of a path whatever the block it is drawn in', () => {
    const whole = run(sntkPaths, { paths: 6 });
    const part = run(sntkPaths, { paths: 2, firstPath: 3 });
    for (let i = 0; i < N; i++) {
      expect(part.residual.subarray(2 * i, 2 * i + 2)).toEqual(whole.residual.subarray(6 * i + 3, 6 * i + 5));
    }
  });
});

const N = 24;
const BATCH = 6;
const X = tensor(twoMoons({ samples: N, noise: 0.1, rng: rng.split('moons') }).X, { backend });
const K = analyticKernel(fullyConnected({ inputs: 2, hidden: [1, 1] }), { X }).ntk;
const spectrum = kernelSpectrum(K);
const limit = learningRateLimits(spectrum, { batch: BATCH }).mean;
const r0 = new Float64Array(N);
rng.split('residual').fillNormal(r0);

function run(
  paths: (s: typeof spectrum, r: Float64Array, o: SntkOptions) => DualEnsemble,
  options: Partial<SntkOptions>,
): DualEnsemble {
  return paths(spectrum, r0, {
    learningRate: 0.1 * limit,
    steps: 20,
    batch: BATCH,
    paths: 1,
    rng: rng.split('paths'),
    epochs: true,
    ...options,
  });
}

/** The covariance's trace with its relative standard error by twenty groups of paths, and the mean. */
function spread({ residual, paths }: DualEnsemble): { trace: number; error: number; mean: Float64Array } {
  const samples = residual.length / paths;
  const groups = 20;
  const traceOf = (from: number, count: number): number => {
    let trace = 0;
    for (let i = 0; i < samples; i++) {
      const row = residual.subarray(i * paths + from, i * paths + from + count);
      const mean = row.reduce((sum, value) => sum + value / count, 0);
      trace += row.reduce((sum, value) => sum + (value - mean) ** 2 / (count - 1), 0);
    }
    return trace;
  };
  const size = paths / groups;
  const parts = Array.from({ length: groups }, (_, g) => traceOf(g * size, size));
  const trace = traceOf(0, paths);
  const variance = parts.reduce((sum, value) => sum + (value - trace) ** 2, 0) / (groups * (groups - 1));
  const mean = Float64Array.from({ length: samples }, (_, i) =>
    residual.subarray(i * paths, (i + 1) * paths).reduce((sum, value) => sum + value / paths, 0),
  );
  return { trace, error: Math.sqrt(variance) / trace, mean };
}

describe('SNTK paths on epochs', () => {
  const paths = 4000;
  const steps = 20;
  const ofSgd = (share: number, sampler: 'epoch' | 'without-replacement') =>
    spread(
      kernelSgd(K, r0, {
        learningRate: share * limit,
        steps,
        batches: Array.from({ length: paths }, (_, p) =>
          minibatches({ samples: N, batch: BATCH, sampler, rng: rng.split(sampler).split(p) }),
        ),
      }),
    );
  const ours = (share: number, options: Partial<SntkOptions>) =>
    spread(run(sntkPaths, { paths, learningRate: share * limit, ...options }));
  const slow = ofSgd(0.02, 'epoch');
  const fast = ofSgd(0.3, 'epoch');

  it.each([
    ['leading', 0.02, slow],
    ['exact', 0.02, slow],
    ['exact', 0.3, fast],
  ] as const)(
    'spread as kernel SGD on epochs does, with %s noise at %d of the stable rate',
    (noise, share, sgd) => {
      const { trace, error } = ours(share, { noise });
      expect(Math.abs(trace / sgd.trace - 1)).toBeLessThan(4 * Math.hypot(error, sgd.error));
    },
  );

  it('spread as little as epochs do: independent minibatches have hundreds of times the variance at a small rate', () => {
    expect(ours(0.02, { epochs: false }).trace / slow.trace).toBeGreaterThan(300);
    expect(ofSgd(0.02, 'without-replacement').trace / slow.trace).toBeGreaterThan(300);
  });

  it('move the mean as epochs do, away from gradient descent', () => {
    const { mean, trace } = ours(0.02, {});
    const descent = gradientDescent(spectrum, r0, { learningRate: 0.02 * limit, steps }).residual;
    const distance = (to: Float64Array): number => Math.hypot(...slow.mean.map((value, i) => value - to[i]));
    const error = Math.sqrt((slow.trace + trace) / paths);
    expect(distance(descent)).toBeGreaterThan(5 * error);
    expect(distance(mean)).toBeLessThan(3 * error);
  });

  it.each(['leading', 'exact'] as const)(
    'are steps of SGD with normals for indicators, with %s noise, a schedule, outputs, and an epoch that is cut short',
    (noise) => {
      // 24 = 3 · 7 + 3, and ten steps are two epochs and a half.
      const [batch, O, P] = [7, 2, 3];
      const learningRate = (step: number): number => 0.1 * limit * (1 + Math.sin(step) / 2);
      const start = Float64Array.from({ length: N * O }, (_, q) => Math.cos(q));
      const options = { learningRate, steps: 10, batch, outputs: O, paths: P, rng, noise, epochs: true };
      const normals = brownianIncrements({ rng, noiseDimension: N, paths: P, step: 1 });
      const k = toFloat64(K);
      const alpha = new Float64Array(N * O * P);
      const xi = new Float64Array(N * P);
      let sums = new Float64Array(N * P);
      for (let step = 0; step < 10; step++) {
        const [size, place] = [step % 4 === 3 ? 3 : batch, step % 4];
        if (place === 0) sums = new Float64Array(N * P);
        normals(step, xi);
        const [p, q] = [size / N, (N - place * batch) / N];
        const x = xi.map((z, at) => -(p / q) * sums[at] + Math.sqrt(p * (1 - p / q)) * z);
        x.forEach((value, at) => {
          sums[at] += value;
        });
        const before = alpha.slice();
        const rate = learningRate(step);
        for (let at = 0; at < alpha.length; at++) {
          const [i, o, path] = [Math.floor(at / (O * P)), Math.floor(at / P) % O, at % P];
          let r = start[i * O + o];
          for (let j = 0; j < N; j++) r += k[i * N + j] * before[(j * O + o) * P + path];
          let mean = 0;
          for (let j = 0; j < N; j++) mean += x[j * P + path] / N;
          const noisy = x[i * P + path] - (noise === 'exact' ? mean : 0);
          // The sign of a normal number is free.
          alpha[at] += (-rate / N + (rate / size) * Math.sqrt(N / (N - 1)) * noisy) * r;
        }
      }
      for (const got of [sntkPaths(spectrum, start, options), sntkLossPaths(K, start, options)]) {
        got.alpha.forEach((value, at) => {
          expect(Math.abs(value - alpha[at])).toBeLessThan(1e-12);
        });
      }
    },
  );

  it('have no spread with exact noise where all examples are alike, as SGD has none', () => {
    const alike = tensor(new Float64Array(N * N).fill(1), { backend, shape: [N, N] });
    const ones = new Float64Array(N).fill(1);
    const learningRate = (step: number): number => 0.2 + 0.1 * (step % 3);
    const options = {
      learningRate,
      steps: 6,
      batch: 7,
      paths: 2,
      rng,
      noise: 'exact',
      epochs: true,
    } as const;
    let kept = 1;
    for (let step = 0; step < 6; step++) kept *= 1 - learningRate(step);
    for (const { residual } of [
      sntkPaths(kernelSpectrum(alike), ones, options),
      sntkLossPaths(alike, ones, options),
    ]) {
      residual.forEach((r) => {
        expect(Math.abs(r - kept)).toBeLessThan(1e-13);
      });
    }
  });

  it('spread less than epochs do where a step takes much of its own examples’ residuals, and as they do where it takes little', () => {
    // A row of points with few neighbours each, and a last minibatch of one: ηK/b is 1.7 there, or 0.05.
    const M = 33;
    const row = Float64Array.from(
      { length: M * M },
      (_, q) => Math.exp(-((Math.floor(q / M) - (q % M)) ** 2) / 18) + (q % (M + 1) === 0 ? 0.05 : 0),
    );
    const narrow = tensor(row, { backend, shape: [M, M] });
    const basis = kernelSpectrum(narrow);
    const start = Float64Array.from({ length: M }, (_, i) => Math.cos(i));
    const ratio = (learningRate: number, steps: number): readonly [number, number] => {
      const batches = Array.from({ length: paths }, (_, p) =>
        minibatches({ samples: M, batch: 8, sampler: 'epoch', rng: rng.split('narrow').split(p) }),
      );
      const sgd = spread(kernelSgd(narrow, start, { learningRate, steps, batches }));
      const options = { learningRate, steps, batch: 8, paths, rng, epochs: true };
      const own = spread(sntkPaths(basis, start, options));
      return [own.trace / sgd.trace, Math.hypot(own.error, sgd.error)];
    };
    const [coarse, coarseError] = ratio(1.6, 40);
    const [fine, fineError] = ratio(0.05, 40);
    expect(coarse).toBeLessThan(1 - 4 * coarseError);
    expect(Math.abs(fine - 1)).toBeLessThan(4 * fineError);
  });

  it('are those of the squared loss when any loss may be given', () => {
    const own = run(sntkPaths, { paths: 3 });
    const any = run((_, r, o) => sntkLossPaths(K, r, { ...o, noise: 'leading' }), { paths: 3 });
    own.residual.forEach((value, q) => {
      expect(Math.abs(any.residual[q] - value)).toBeLessThan(1e-12);
    });
  });
});

describe('epochs', () => {
  it.each([
    ['with sparse noise', { noise: 'sparse' }, "options.noise must be 'leading' or 'exact' with epochs"],
    ['with a schedule of sizes', { batch: () => 3 }, 'options.batch must be a number with epochs'],
    ['drawn with replacement', { replacement: true }, 'options.replacement must be nothing with epochs'],
    ['and a factor of their own', { batchFactor: 0.1 }, 'options.batchFactor must be nothing with epochs'],
    [
      'of minibatches larger than N',
      { batch: N + 1 },
      `sntkPaths: options.batch must be at most the number of samples, ${N}, got ${N + 1}`,
    ],
  ] as const)('are refused %s', (_name, options, message) => {
    expect(() => run(sntkPaths, options)).toThrow(message);
  });

  it('of one example are gradient descent', () => {
    const one = tensor([[2]], { backend });
    const options = { learningRate: 0.1, steps: 3, batch: 1, paths: 2, rng, epochs: true };
    for (const { residual } of [
      sntkPaths(kernelSpectrum(one), new Float64Array([1]), options),
      sntkLossPaths(one, new Float64Array([1]), options),
    ]) {
      residual.forEach((r) => {
        expect(Math.abs(r - 0.8 ** 3)).toBeLessThan(1e-15);
      });
    }
  });

  it('of one minibatch have no noise', () => {
    const { residual } = run(sntkPaths, { paths: 2, batch: N });
    for (let i = 0; i < N; i++) expect(residual[2 * i]).toBe(residual[2 * i + 1]);
  });
});
