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
    const run = { times: [0, 1], residuals: [r0, r0] };
    expect(() => measureConvergence(indefinite, run)).toThrow('not positive semidefinite');
    expect(() => measureConvergence(K, { ...run, times: [1, 2] })).toThrow('rising from 0');
    expect(() => measureConvergence(K, { ...run, residuals: [r0] })).toThrow('2, one for each time');
    expect(() => measureConvergence(K, { ...run, residuals: [r0, r0.slice(1)] })).toThrow('residuals[1]');
    expect(() => measureResiduals([])).toThrow('one time at least');
  });
});
