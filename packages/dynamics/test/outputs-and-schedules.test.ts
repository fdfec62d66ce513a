import { fullyConnected } from '@sntk/architecture';
import { twoMoons } from '@sntk/datasets';
import { analyticKernel } from '@sntk/kernels';
import { type Backend, matmul, ndarrayBackend, type Tensor, tensor, toArray, toFloat64 } from '@sntk/linalg';
import { wasmBackend } from '@sntk/linalg-wasm';
import { createRng, minibatches, type Sampler } from '@sntk/random';
import { brownianIncrements } from '@sntk/sde';
import { describe, expect, it, vi } from 'vitest';
import {
  dualMoments,
  gradientFlow,
  kernelSgd,
  kernelSgdMoments,
  kernelSpectrum,
  learningRateLimits,
  paperSntkPaths,
  predict,
  sntkPaths,
} from '../src/index.ts';

const backend = ndarrayBackend();
const N = 12;
const O = 3;
const P = 4;
const BATCH = 3;
const rng = createRng('outputs');
const X = tensor(twoMoons({ samples: N, noise: 0.1, rng: rng.split('moons') }).X, { backend });
const K = analyticKernel(fullyConnected({ inputs: 2, hidden: [1, 1, 1] }), { X }).ntk;
const k = toArray(K);
const spectrum = kernelSpectrum(K);
/** The same decomposition on the backend whose fused kernel takes the steps of sparse noise. */
const onFused = { ...spectrum, K: on(wasmBackend(), K), Q: on(wasmBackend(), spectrum.Q) };
const learningRate = 0.1 * learningRateLimits(spectrum, { batch: BATCH }).mean;
const r0 = new Float64Array(N * O);
rng.split('residual').fillNormal(r0);

function on(other: Backend, t: Tensor): Tensor {
  return tensor(toArray(t).slice(), { backend: other, shape: t.shape });
}

/** Output `o` of a block `[N, O, P]`. */
function output(block: Float64Array, o: number, paths: number): Float64Array {
  return Float64Array.from(
    { length: N * paths },
    (_, q) => block[(Math.floor(q / paths) * O + o) * paths + (q % paths)],
  );
}

function expectClose(got: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  expect(got.length).toBe(wanted.length);
  let size = 0;
  for (let i = 0; i < wanted.length; i++) size = Math.max(size, Math.abs(wanted[i]));
  for (let i = 0; i < wanted.length; i++) {
    expect(Math.abs(got[i] - wanted[i])).toBeLessThanOrEqual(tolerance * size);
  }
}

function sources(sampler: Sampler, paths = P, label = 'batches') {
  return Array.from({ length: paths }, (_, p) =>
    minibatches({ samples: N, batch: BATCH, sampler, rng: rng.split(label).split(p) }),
  );
}

/** `e^{−K t/N}` by its series, whose terms here fall by ten: no eigenvectors. */
function decayMatrix(time: number): Float64Array {
  const block = (a: Float64Array) => tensor(a, { backend, shape: [N, N] });
  const times = (a: Float64Array, b: Float64Array) => toFloat64(matmul(block(a), block(b)));
  const small = k.map((value) => (-value * time) / N) as Float64Array;
  let sum = Float64Array.from({ length: N * N }, (_, q) => (q % (N + 1) === 0 ? 1 : 0));
  let term = sum;
  for (let n = 1; n < 18; n++) {
    term = times(term, small).map((value) => value / n) as typeof term;
    sum = sum.map((value, q) => value + term[q]);
  }
  return sum;
}

/** The same splitting for residuals with dense matrices: `r ← E r`, `r ← r + K (r ∘ noise)`, `r ← E r`. */
function densePath(start: Float64Array, kicks: (step: number) => Float64Array, steps: number): Float64Array {
  const half = decayMatrix(learningRate / 2);
  const apply = (a: ArrayLike<number>, x: Float64Array) =>
    x.map((_, i) => x.reduce((sum, value, j) => sum + a[i * N + j] * value, 0));
  let r = start;
  for (let step = 0; step < steps; step++) {
    r = apply(half, r);
    const noise = kicks(step);
    const moved = apply(
      k,
      r.map((value, i) => value * noise[i]),
    );
    r = apply(
      half,
      r.map((value, i) => value + moved[i]),
    );
  }
  return r;
}

describe('several outputs', () => {
  it('are so many runs of kernel SGD on the same minibatches', () => {
    const options = { learningRate, steps: 25 };
    const all = kernelSgd(K, r0, { ...options, outputs: O, batches: sources('epoch') });
    for (let o = 0; o < O; o++) {
      const one = kernelSgd(K, output(r0, o, 1), { ...options, batches: sources('epoch') });
      expectClose(output(all.alpha, o, P), one.alpha, 1e-13);
      expectClose(output(all.residual, o, P), one.residual, 1e-13);
    }
  });

  it.each(['leading', 'exact', 'sparse', 'paper'] as const)(
    'share the noise of their examples, %s',
    (noise) => {
      const options = { learningRate, steps: 15, batch: BATCH, paths: P, rng: rng.split('shared') };
      const run = (start: Float64Array, outputs: number) =>
        noise === 'paper'
          ? paperSntkPaths(spectrum, start, { ...options, outputs })
          : sntkPaths(spectrum, start, { ...options, noise, outputs });
      const all = run(r0, O);
      for (let o = 0; o < O; o++) {
        const one = run(output(r0, o, 1), 1);
        expectClose(output(all.alpha, o, P), one.alpha, 1e-11);
        expectClose(output(all.residual, o, P), one.residual, 1e-12);
      }
    },
  );

  it('are predicted with a start of their own', () => {
    const { alpha, residual } = kernelSgd(K, r0, {
      learningRate,
      steps: 5,
      outputs: O,
      batches: sources('epoch'),
    });
    expectClose(predict(K, alpha, r0), residual, 1e-13);
  });
});

describe('the dual, eigenbasis and dense forms', () => {
  const start = output(r0, 0, 1);
  const steps = 30;
  const options = { learningRate, steps, batch: BATCH, paths: 2, rng: rng.split('forms') };
  const factor = (N - BATCH) / (BATCH * (N - 1));

  it.each(['leading', 'exact'] as const)('of the SDE are equal to 1e-12, %s', (noise) => {
    const { residual, alpha } = sntkPaths(spectrum, start, { ...options, noise });
    const draw = brownianIncrements({ rng: options.rng, noiseDimension: N, paths: 1, firstPath: 1, step: 1 });
    const dense = densePath(
      start,
      (step) => {
        const dW = new Float64Array(N);
        draw(step, dW);
        const mean = noise === 'exact' ? dW.reduce((sum, value) => sum + value / N, 0) : 0;
        return dW.map((value) => learningRate * Math.sqrt(factor / N) * (value - mean));
      },
      steps,
    );
    expectClose(
      dense,
      residual.filter((_, q) => q % 2 === 1),
      1e-12,
    );
    expectClose(predict(K, alpha, start), residual, 1e-12);
  });

  const intensities = {
    sparse: learningRate * Math.sqrt(factor / BATCH),
    paper: learningRate / Math.sqrt(BATCH),
  };
  it.each([
    ['sparse', 'ndarray', spectrum],
    ['sparse', 'wasm', onFused],
    ['paper', 'ndarray', spectrum],
    ['paper', 'wasm', onFused],
  ] as const)('of noise on a minibatch are equal to 1e-12, %s on %s', (kind, _name, basis) => {
    const intensity = intensities[kind];
    const { residual } =
      kind === 'paper'
        ? paperSntkPaths(basis, start, options)
        : sntkPaths(basis, start, { ...options, noise: 'sparse' });
    const stream = options.rng.split(1);
    const batches = minibatches({
      samples: N,
      batch: BATCH,
      sampler: 'without-replacement',
      rng: stream.split('batches'),
    });
    const normals = stream.split('noise');
    const dense = densePath(
      start,
      (step) => {
        const noise = new Float64Array(N);
        const kicks = new Float64Array(BATCH);
        normals.fillNormal(kicks);
        batches.at(step).forEach((i, m) => {
          noise[i] = intensity * kicks[m];
        });
        return noise;
      },
      steps,
    );
    expectClose(
      dense,
      residual.filter((_, q) => q % 2 === 1),
      1e-12,
    );
  });
});

/** Total variance over paths of `[N, P]`, with its standard error from twenty groups of paths. */
function totalVariance(residual: Float64Array, paths: number): { value: number; error: number } {
  const groups = 20;
  const squares = new Float64Array(groups);
  for (let i = 0; i < N; i++) {
    const row = residual.subarray(i * paths, (i + 1) * paths);
    const mean = row.reduce((sum, value) => sum + value / paths, 0);
    row.forEach((value, p) => {
      squares[p % groups] += ((value - mean) ** 2 * groups) / (paths - 1);
    });
  }
  const value = squares.reduce((sum, square) => sum + square / groups, 0);
  const spread = squares.reduce((sum, square) => sum + (square - value) ** 2 / (groups - 1), 0);
  return { value, error: Math.sqrt(spread / groups) };
}

function trace(covariance: Float64Array): number {
  return covariance.reduce((sum, value, q) => (q % (N + 1) === 0 ? sum + value : sum), 0);
}

describe('sparse noise (30b)', () => {
  it('gives a path the same bits in whatever block it runs, and however its draws are cut', () => {
    // 3,000 paths go three steps at a time, thirty all eleven.
    const options = {
      learningRate,
      steps: 11,
      batch: BATCH,
      noise: 'sparse',
      rng: rng.split('blocks'),
    } as const;
    const start = output(r0, 0, 1);
    for (const basis of [spectrum, onFused]) {
      const whole = sntkPaths(basis, start, { ...options, paths: 3000 });
      const part = sntkPaths(basis, start, { ...options, paths: 30, firstPath: 1234 });
      for (let i = 0; i < N; i++) {
        for (let p = 0; p < 30; p++) {
          expect(part.alpha[i * 30 + p]).toBe(whole.alpha[i * 3000 + 1234 + p]);
        }
      }
    }
  });

  it('runs thousands of paths in groups, each the path that it is alone, with one progress for all', () => {
    const [paths, first] = [4200, 4080];
    const dones: number[] = [];
    const options = { learningRate, steps: 4, batch: BATCH, outputs: O, noise: 'sparse', rng } as const;
    const whole = sntkPaths(onFused, r0, {
      ...options,
      paths,
      onProgress: ({ done, total }) => dones.push(done / total),
    });
    const part = sntkPaths(onFused, r0, { ...options, paths: 32, firstPath: first });
    for (let row = 0; row < N * O; row++) {
      const same = whole.alpha.subarray(row * paths + first, row * paths + first + 32);
      expect(part.alpha.subarray(row * 32, (row + 1) * 32)).toEqual(same);
    }
    expect(dones).toEqual(dones.toSorted((a, b) => a - b));
    expect(dones.at(-1)).toBe(1);
    expect(new Set(dones).size).toBe(dones.length);
  });

  it('holds on the backend no more paths than a group, and names one that diverges in a later group', () => {
    const asked: number[] = [];
    const fused = onFused.Q.backend.fused!;
    const kernel = fused.minibatchPaths!;
    const spy = vi.spyOn(fused as Required<typeof fused>, 'minibatchPaths').mockImplementation((request) => {
      const ensemble = kernel(request);
      const third = asked.push(request.paths) === 3;
      return { ...ensemble, advance: (...all) => (third ? { path: 7, step: 1 } : ensemble.advance(...all)) };
    });
    const options = { learningRate, steps: 2, batch: BATCH, noise: 'sparse', rng, firstPath: 5 } as const;
    const run = () => sntkPaths(onFused, output(r0, 0, 1), { ...options, paths: 10_000 });
    expect(run).toThrow(`path ${5 + 2 * 4096 + 7} diverged: it is not finite at step 1`);
    spy.mockRestore();
    expect(asked).toEqual([4096, 4096, 10_000 - 2 * 4096]);
  });

  it.each([
    ['ndarray', spectrum],
    ['wasm', onFused],
  ])('has the moments of the leading noise on %s', (_name, basis) => {
    const fine = { learningRate: learningRate / 4, steps: 80, batch: BATCH };
    const start = output(r0, 0, 1);
    const paths = 4000;
    const { residual } = sntkPaths(basis, start, { ...fine, noise: 'sparse', paths, rng });
    const exact = dualMoments(spectrum, start, { ...fine, model: 'leading' });
    const { value, error } = totalVariance(residual, paths);
    // The splitting's own error is (ηλ/N)²/12, 2e-4 here.
    expect(Math.abs(value - trace(exact.covariance))).toBeLessThan(3 * error + 3e-4 * value);
    exact.mean.forEach((mean, i) => {
      const sampled = residual.subarray(i * paths, (i + 1) * paths).reduce((sum, r) => sum + r / paths, 0);
      const wanted = Math.sqrt(exact.covariance[i * (N + 1)] / paths);
      expect(Math.abs(sampled - mean)).toBeLessThan(4 * wanted);
    });
  });
});

describe('schedules', () => {
  const start = output(r0, 0, 1);
  const rates = (step: number): number => (step < 10 ? learningRate : learningRate / 5);

  it('of learning rates are one run after the other', () => {
    const whole = kernelSgd(K, start, { learningRate: rates, steps: 30, batches: sources('epoch', 1) });
    const first = kernelSgd(K, start, { learningRate, steps: 10, batches: sources('epoch', 1) });
    const [rest] = sources('epoch', 1);
    const later = { stepsPerEpoch: rest.stepsPerEpoch, at: (step: number) => rest.at(step + 10) };
    const second = kernelSgd(K, first.residual, {
      learningRate: learningRate / 5,
      steps: 20,
      batches: [later],
    });
    expectClose(whole.residual, second.residual, 1e-13);
  });

  it('of learning rates and minibatches have the moments of many runs', () => {
    const paths = 4000;
    const sizes = (step: number): number => (step < 10 ? 2 : 6);
    const growing = Array.from({ length: paths }, (_, p) => {
      const of = (batch: number) =>
        minibatches({
          samples: N,
          batch,
          sampler: 'without-replacement',
          rng: rng.split('growing').split(p),
        });
      const [small, large] = [of(2), of(6)];
      return { stepsPerEpoch: 0, at: (step: number) => (step < 10 ? small : large).at(step) };
    });
    const runs = kernelSgd(K, start, { learningRate: rates, steps: 25, batches: growing });
    const exact = kernelSgdMoments(spectrum, start, { learningRate: rates, steps: 25, batch: sizes });
    const { value, error } = totalVariance(runs.residual, paths);
    expect(Math.abs(value - trace(exact.covariance))).toBeLessThan(3 * error);
  });

  it('leave the mean of the SNTK on gradient flow, and make its noise what each step has', () => {
    const fine = (step: number): number => rates(step) / 4;
    const paths = 4000;
    const sizes = (step: number): number => (step < 10 ? 2 : 6);
    const options = { learningRate: fine, steps: 25, batch: sizes, paths, rng: rng.split('scheduled') };
    for (const noise of ['exact', 'sparse'] as const) {
      const { residual } = sntkPaths(spectrum, start, { ...options, noise });
      const time = (10 * learningRate + 15 * (learningRate / 5)) / 4;
      const flow = gradientFlow(spectrum, start, { time }).residual;
      const { value, error } = totalVariance(residual, paths);
      flow.forEach((mean, i) => {
        const row = residual.subarray(i * paths, (i + 1) * paths);
        const sampled = row.reduce((sum, r) => sum + r / paths, 0);
        expect(Math.abs(sampled - mean)).toBeLessThan(4 * Math.sqrt(value / paths));
      });
      if (noise === 'sparse') continue;
      // SGD's moments with the same schedule are within O(η): ηλ/N is 0.05 at most.
      const exact = kernelSgdMoments(spectrum, start, options);
      expect(Math.abs(value / trace(exact.covariance) - 1)).toBeLessThan(0.05 + (3 * error) / value);
    }
  });

  it('without noise are gradient flow to the sum of the rates', () => {
    const options = { learningRate: rates, steps: 25, batch: BATCH, batchFactor: 0, paths: 1, rng };
    const flow = gradientFlow(spectrum, start, { time: 10 * learningRate + 3 * learningRate });
    for (const noise of ['leading', 'exact', 'sparse'] as const) {
      expectClose(sntkPaths(spectrum, start, { ...options, noise }).residual, flow.residual, 1e-12);
    }
  });

  it.each([true, false])('of minibatches are those of sparse noise, replacement %s', (replacement) => {
    const sizes = (step: number): number => (step < 2 ? 2 : 6);
    const options = { learningRate, steps: 5, batch: sizes, replacement, paths: 1, rng: rng.split('sizes') };
    const { residual } = sntkPaths(onFused, start, { ...options, noise: 'sparse' });
    const stream = options.rng.split(0);
    const normals = stream.split('noise');
    const dense = densePath(
      start,
      (step) => {
        const batch = sizes(step);
        const factor = replacement ? 1 / batch : (N - batch) / (batch * (N - 1));
        const kicks = new Float64Array(batch);
        normals.fillNormal(kicks);
        const noise = new Float64Array(N);
        const sampler = replacement ? 'with-replacement' : 'without-replacement';
        const source = minibatches({ samples: N, batch, sampler, rng: stream.split('batches') });
        source.at(step).forEach((i, m) => {
          noise[i] += learningRate * Math.sqrt(factor / batch) * kicks[m];
        });
        return noise;
      },
      5,
    );
    expectClose(dense, residual, 1e-12);
  });

  it('are the number itself when they are constant', () => {
    const options = { steps: 12, batch: BATCH, paths: 2, rng };
    for (const noise of ['leading', 'sparse'] as const) {
      const a = sntkPaths(spectrum, start, { ...options, noise, learningRate });
      const b = sntkPaths(spectrum, start, {
        ...options,
        noise,
        learningRate: () => learningRate,
        batch: () => BATCH,
      });
      expect(b.alpha).toEqual(a.alpha);
    }
  });

  it('that give no learning rate are refused with the step', () => {
    const bad = (step: number): number => (step < 3 ? learningRate : Number.NaN);
    expect(() => kernelSgd(K, start, { learningRate: bad, steps: 9, batches: sources('epoch', 1) })).toThrow(
      'options.learningRate(3) must be a finite number above 0, got NaN',
    );
  });
});

describe('SVAG (37)', () => {
  const start = output(r0, 0, 1);
  const steps = 12;
  const c = (N - BATCH) / (BATCH * (N - 1));
  const moments = (l: number) =>
    dualMoments(spectrum, start, {
      learningRate: learningRate / l,
      steps: steps * l,
      batch: BATCH,
      batchFactor: l * c,
      tolerance: 1e-7,
    });

  it('has l times the noise at a learning rate l times smaller', () => {
    const paths = 4000;
    const batches = sources('without-replacement', paths, 'svag');
    const { residual } = kernelSgd(K, start, { learningRate, steps, batches, svag: 4 });
    const exact = moments(4);
    const { value, error } = totalVariance(residual, paths);
    expect(Math.abs(value - trace(exact.covariance))).toBeLessThan(3 * error);
  });

  it('goes to the SDE with the exact covariance at first order in 1/l', () => {
    const sde = dualMoments(spectrum, start, {
      learningRate,
      steps,
      batch: BATCH,
      model: 'exact',
      tolerance: 1e-8,
    });
    const gap = (l: number): number => trace(moments(l).covariance) / trace(sde.covariance) - 1;
    expect(Math.abs(gap(1))).toBeGreaterThan(0.01);
    expect(gap(8) / gap(16)).toBeCloseTo(2, 1);
    expect(Math.abs(gap(64))).toBeLessThan(Math.abs(gap(1)) / 30);
  });
});
