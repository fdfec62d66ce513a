import { fullyConnected } from '@sntk/architecture';
import { twoMoons } from '@sntk/datasets';
import { analyticKernel } from '@sntk/kernels';
import { eigh, matmul, ndarrayBackend, tensor, toArray, toFloat64 } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import {
  measureConvergence,
  measureModes,
  measureResiduals,
  principalComponents,
} from '../../src/measurements.ts';
import { gap } from '../enumerate.ts';

const backend = ndarrayBackend();
const N = 24;
const rng = createRng('spectrum');
const { X: points, y } = twoMoons({ samples: N, noise: 0.1, rng: rng.split('moons') });
const X = tensor(points, { backend });
const network = fullyConnected({ inputs: 2, hidden: [1, 1] });
const K = analyticKernel(network, { X }).ntk;
const components = principalComponents(K);
const r0 = y.map((target) => -target);

/** Gradient flow by the classical Runge–Kutta method, knowing nothing of eigenvalues. */
function flow(times: readonly number[]): Float64Array[] {
  const k = toArray(K);
  const velocity = (r: Float64Array): Float64Array =>
    Float64Array.from({ length: N }, (_, m) => {
      let sum = 0;
      for (let i = 0; i < N; i++) sum -= (k[m * N + i] * r[i]) / N;
      return sum;
    });
  const shifted = (r: Float64Array, v: Float64Array, h: number) => r.map((value, i) => value + h * v[i]);
  let r = r0.slice();
  let now = 0;
  return times.map((time) => {
    const steps = Math.ceil((time - now) / 0.005);
    const h = (time - now) / Math.max(1, steps);
    for (let step = 0; step < steps; step++) {
      const a = velocity(r);
      const b = velocity(shifted(r, a, h / 2));
      const c = velocity(shifted(r, b, h / 2));
      const d = velocity(shifted(r, c, h));
      r = r.map((value, i) => value + (h / 6) * (a[i] + 2 * b[i] + 2 * c[i] + d[i]));
    }
    now = time;
    return r.slice();
  });
}

const times = [0, 0.1, 0.5, 1, 2, 4];
const residuals = flow(times);

describe('kernel principal components (18)', () => {
  it('are eigenfunctions of mean square one, in descending order', () => {
    const functions = toArray(components.functions);
    const image = toArray(matmul(K, components.functions));
    const wanted = functions.map((f, p) => N * components.rates[p % N] * f);
    expect(gap(image, wanted)).toBeLessThan(1e-12);
    for (let j = 0; j < N; j++) {
      let square = 0;
      for (let i = 0; i < N; i++) square += functions[i * N + j] ** 2 / N;
      expect(square).toBeCloseTo(1, 12);
      if (j > 0) expect(components.rates[j]).toBeLessThanOrEqual(components.rates[j - 1]);
    }
    expect(components.explained[N - 1]).toBeCloseTo(1, 12);
    const trace = toFloat64(K).reduce((sum, value, p) => (p % (N + 1) ? sum : sum + value), 0);
    expect(components.explained[1]).toBeCloseTo(
      ((components.rates[0] + components.rates[1]) * N) / trace,
      12,
    );
  });

  it('go on to other points, and reproduce themselves at the training points', () => {
    const count = 5;
    const same = toArray(components.at(K, count));
    const functions = toArray(components.functions);
    const first = Float64Array.from(same, (_, p) => functions[Math.floor(p / count) * N + (p % count)]);
    expect(gap(same, first)).toBeLessThan(1e-9);
    const fresh = tensor([[0.1, 0.2]], { backend });
    expect(components.at(analyticKernel(network, { X: fresh, Z: X }).ntk, 3).shape).toEqual([1, 3]);
    expect(() => components.at(K, 100)).toThrow('at most 24');
    expect(() => components.at(fresh, 3)).toThrow('of 24 columns');
  });

  it('are there for a point without a kernel, and go on while eigenvalues are more than rounding', () => {
    const { rates } = principalComponents(
      tensor(
        [
          [1, 0],
          [0, 0],
        ],
        { backend },
      ),
    );
    expect(rates).toEqual(new Float64Array([0.5, 0]));
    const smooth = Float64Array.from({ length: N * N }, (_, p) =>
      Math.exp(-(((p % N) / N - Math.floor(p / N) / N) ** 2)),
    );
    const gaussian = tensor(smooth, { backend, shape: [N, N] });
    const { at, functions } = principalComponents(gaussian);
    const most = Array.from({ length: N }, (_, j) => j + 1).filter((count) => {
      try {
        return at(gaussian, count).shape[1] === count;
      } catch {
        return false;
      }
    }).length;
    expect(most).toBeGreaterThan(4);
    expect(most).toBeLessThan(N);
    // The last of them still reproduces itself.
    const same = toArray(at(gaussian, most));
    for (let i = 0; i < N; i++) {
      expect(same[(i + 1) * most - 1]).toBeCloseTo(toArray(functions)[i * N + most - 1], 2);
    }
    expect(() => at(tensor(new Float64Array(N).fill(Number.NaN), { backend, shape: [1, N] }), 1)).toThrow(
      'NaN at position 0',
    );
  });

  it('give the operator norm, found as the largest of many quadratic forms', () => {
    const { measured, bound, holds } = components.operatorNorm;
    expect(holds).toBe(true);
    expect(bound).toBeCloseTo(
      Math.sqrt(toFloat64(K).reduce((s, v, p) => (p % (N + 1) ? s : s + v / N), 0)),
      12,
    );
    const k = toArray(K);
    let best = 0;
    let f = new Float64Array(N).fill(1);
    for (let sweep = 0; sweep < 200; sweep++) {
      const image = Float64Array.from({ length: N }, (_, m) => {
        let sum = 0;
        for (let i = 0; i < N; i++) sum += k[m * N + i] * f[i];
        return sum;
      });
      // √(E f K f) over f of mean square one.
      const form = image.reduce((sum, value, i) => sum + (value * f[i]) / N / N, 0);
      const size = f.reduce((sum, value) => sum + (value * value) / N, 0);
      best = Math.sqrt(form / size);
      const length = Math.hypot(...image) / Math.sqrt(N);
      f = image.map((value) => value / length);
    }
    expect(best).toBeCloseTo(measured, 10);
  });

  it('are learned each at its rate', () => {
    const { gap: worst, amplitudes, predicted } = measureModes(components, { times, residuals, count: 6 });
    expect(worst).toBeLessThan(1e-6);
    expect(amplitudes[3][0]).toBeCloseTo(predicted[3][0], 6);
    // A run along the first component that stands still is off by what it should have lost.
    const first = Float64Array.from({ length: N }, (_, i) => 7 * toArray(components.functions)[i * N]);
    const still = measureModes(components, { times: [0, 1], residuals: [first, first], count: 2 });
    expect(still.gap).toBeCloseTo(1 - Math.exp(-components.rates[0]), 12);
    expect(still.amplitudes[1][0]).toBeCloseTo(7, 12);
    expect(() => measureModes(components, { times, residuals, count: 25 })).toThrow('at most 24');
  });
});

describe('the rate from the smallest eigenvalue (19)', () => {
  it('bounds gradient flow, with both constants', () => {
    const { sharp, lecture, finalRate, smallest, largest } = measureConvergence(K, { times, residuals });
    expect(sharp.holds && lecture.holds).toBe(true);
    expect(sharp.bound).toBeLessThan(lecture.bound);
    expect(finalRate).toBeGreaterThan(smallest);
    expect(finalRate).toBeLessThan(largest);
  });

  it('is reached by the slowest mode', () => {
    const { values, vectors } = eigh(K);
    const slow = Float64Array.from({ length: N }, (_, i) => toArray(vectors)[i * N]);
    const run = times.map((time) => slow.map((v) => v * Math.exp((-values[0] * time) / N)));
    const { sharp, lecture, finalRate, smallest } = measureConvergence(K, { times, residuals: run });
    expect(sharp.ratio).toBeCloseTo(1, 9);
    expect(finalRate / smallest).toBeCloseTo(1, 6);
    expect(lecture.ratio).toBeLessThan(1);
  });

  it('has the losses and the two bounds as they are written', () => {
    // λ = 1 and 3. A run at a quarter of the sharp exponent reaches the bound of the lecture.
    const pair = tensor(
      [
        [2, 1],
        [1, 2],
      ],
      { backend },
    );
    const moments = [0, 2, 5];
    const run = moments.map((time) => new Float64Array([3, -4]).map((value) => value * Math.exp(-time / 8)));
    const { losses, sharp, lecture } = measureConvergence(pair, { times: moments, residuals: run });
    expect(losses[0]).toBeCloseTo(25 / 4, 12);
    expect(losses[2]).toBeCloseTo((25 / 4) * Math.exp(-5 / 4), 12);
    expect(lecture.ratio).toBeCloseTo(1, 12);
    expect(lecture.holds).toBe(true);
    expect(sharp.bound).toBeCloseTo((25 / 4) * Math.exp(-5), 12);
    expect(sharp.ratio).toBeCloseTo(Math.exp(5 - 5 / 4), 9);
    expect(sharp.holds).toBe(false);
  });

  it('is kept at long times, where rounding of a small eigenvalue and of the run are all there is', () => {
    // Eigenvalues 1 and 2,000, and the flow of the slow mode, which reaches the bound.
    const stiff = tensor(
      [
        [1000.5, -999.5],
        [-999.5, 1000.5],
      ],
      { backend },
    );
    const late = [0, 1, 30, 60, 600];
    const slow = late.map((time) => new Float64Array(2).fill(Math.exp(-time / 2)));
    const { sharp, finalRate } = measureConvergence(stiff, { times: late, residuals: slow });
    expect(sharp.holds).toBe(true);
    expect(finalRate).toBeCloseTo(1, 9);
    // Two percent slower, it breaks it.
    const slower = late.map((time) => new Float64Array(2).fill(Math.exp((-0.98 * time) / 2)));
    expect(measureConvergence(stiff, { times: late, residuals: slower }).sharp.holds).toBe(false);
    const rounded = slow.map((r) => r.map((value) => value + 1e-16));
    expect(measureConvergence(stiff, { times: late, residuals: rounded }).sharp.holds).toBe(true);
  });

  it('has the rate of the last losses that are not zero', () => {
    const identity = tensor(
      [
        [1, 0],
        [0, 1],
      ],
      { backend },
    );
    const [one, half, none] = [1, 0.5, 0].map((value) => new Float64Array(2).fill(value));
    const rateOf = (residuals: Float64Array[]) =>
      measureConvergence(identity, { times: residuals.map((_, t) => t), residuals }).finalRate;
    expect(rateOf([one, half, none, none])).toBeCloseTo(2 * Math.log(2), 12);
    expect(rateOf([one, none, none])).toBe(Number.POSITIVE_INFINITY);
    expect(() => rateOf([none, none])).toThrow('one residual at least that is not 0');
    const still = { times: [0, 1], residuals: [none, none], count: 1 };
    expect(() => measureModes(principalComponents(identity), still)).toThrow('residuals[0]');
  });

  it('is told to be broken by a run that does not learn', () => {
    const { sharp } = measureConvergence(K, { times: [0, 1e6], residuals: [r0, r0] });
    expect(sharp.holds).toBe(false);
    expect(sharp.at).toEqual([1, 1]);
  });
});

describe('Lemma 1', () => {
  it('holds for gradient flow by its norm, while f moves as far as the targets ask', () => {
    const { holds, measured, moved } = measureResiduals(residuals);
    expect(holds).toBe(true);
    expect(measured).toBeGreaterThanOrEqual(1);
    expect(moved).toBeGreaterThan(0.5);
    const run = [new Float64Array([3, 4]), new Float64Array([-2, 1])];
    expect(measureResiduals(run)).toEqual({
      measured: 4,
      bound: 5,
      holds: true,
      ratio: 0.8,
      at: [0, 1],
      moved: 5,
    });
  });

  it('holds for more examples than a call has arguments', () => {
    const { bound, holds } = measureResiduals([new Float64Array(300_000).fill(2)]);
    expect(bound / (2 * Math.sqrt(300_000))).toBeCloseTo(1, 9);
    expect(holds).toBe(true);
  });

  it('is told to be broken by a run that diverges', () => {
    const { holds, at } = measureResiduals([new Float64Array([1, 1]), new Float64Array([0, -9])]);
    expect(holds).toBe(false);
    expect(at).toEqual([1, 1]);
  });
});

describe('kernels and runs that are none', () => {
  it('are refused with how far they are off', () => {
    const indefinite = tensor(
      [
        [1, 2],
        [2, 1],
      ],
      { backend },
    );
    expect(() => principalComponents(indefinite)).toThrow(
      'K is not positive semidefinite: its smallest eigenvalue is -1.000e+0',
    );
    expect(() => principalComponents(indefinite)).toThrow('add a jitter of 1.0e+0');
    expect(() => principalComponents(tensor([[0]], { backend }))).toThrow('a kernel that is not zero');
    const run = { times: [0, 1], residuals: [r0, r0] };
    expect(() => measureConvergence(indefinite, run)).toThrow('not positive semidefinite');
    expect(() => measureConvergence(K, { ...run, times: [1, 2] })).toThrow('rising from 0');
    expect(() => measureConvergence(K, { ...run, residuals: [r0] })).toThrow('2, one for each time');
    expect(() => measureConvergence(K, { ...run, residuals: [r0, r0.slice(1)] })).toThrow('residuals[1]');
    expect(() => measureResiduals([])).toThrow('one time at least');
  });
});
