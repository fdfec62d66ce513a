import { readFileSync } from 'node:fs';
import { fullyConnected } from '@sntk/architecture';
import { twoMoons } from '@sntk/datasets';
import { analyticKernel } from '@sntk/kernels';
import { type Backend, matmul, ndarrayBackend, type Tensor, tensor, toFloat64 } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { availableBackends } from '@sntk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradientFlow, gradientFlowPath, kernelSpectrum, predict } from '../src/index.ts';
import { kernelFlow, tridiagonalKernelFlow } from '../src/kernel-flow.ts';
import type { DualEnsemble } from '../src/kernel-sgd.ts';

const plain = ndarrayBackend();
/** CPU backends; on devices a kernel is refused, with what to do. */
const backends = (await availableBackends()).filter((backend) => backend.factor);

const maxAbs = (x: ArrayLike<number>): number =>
  Array.from(x).reduce((largest, entry) => Math.max(largest, Math.abs(entry)), 0);

/** Column `t` of `[N, T]`. */
const column = (block: Float64Array, t: number, T: number): Float64Array =>
  block.filter((_, q) => q % T === t);

function square(entries: ArrayLike<number>, backend: Backend = plain): Tensor {
  const n = Math.sqrt(entries.length);
  return tensor(Float64Array.from(entries), { backend, shape: [n, n] });
}

/** Without eigenvectors, also where they would be faster. */
function reducedPath(K: Tensor, r0: Float64Array, times: readonly number[], outputs = 1): DualEnsemble {
  const states = tridiagonalKernelFlow('reducedPath', K, r0, { times, outputs });
  if (!states) throw new Error('eigenvectors are needed');
  return states;
}

/** NTK of two moons, three hidden ReLU layers, and the residual of f_0 = 0. */
function moons(N: number, backend: Backend): { K: Tensor; r0: Float64Array } {
  const { X, y } = twoMoons({ samples: N, noise: 0.1, rng: createRng(1) });
  const K = analyticKernel(fullyConnected({ inputs: 2, hidden: [1, 1, 1] }), { X: tensor(X, { backend }) });
  return { K: K.ntk, r0: y.map((label) => -label) };
}

/** Of rank 5, with the smallest eigenvalue often below zero by rounding. */
function lowRank(N: number, backend: Backend): Tensor {
  const b = Float64Array.from({ length: N * 5 }, (_, i) => Math.sin(i * i));
  const B = tensor(b, { backend, shape: [N, 5] });
  return matmul(B, B, { transposeB: true });
}

/**
 * What rounding may do at the worst to a state of size 1 at a time: the error of the approximation, and that of eigenvalues off
 * by rounding of the largest.
 */
const accepted = (time: number, N: number, largest: number): number =>
  2e-13 + 20 * Number.EPSILON * (time / N) * largest;

interface Flow {
  readonly K: readonly (readonly number[])[];
  readonly r0: readonly number[];
  readonly states: readonly {
    readonly time: number;
    readonly residual: readonly number[];
    readonly alpha: readonly number[];
  }[];
}

describe.each(backends.map((backend) => [backend.name, backend] as const))('on %s', (_, backend) => {
  it('a kernel has the flow of 90-digit eigenvectors: Hilbert, graded, clustered', () => {
    const url = new URL('./fixtures/rational-exponential.json', import.meta.url);
    const { flows } = JSON.parse(readFileSync(url, 'utf8')) as { flows: readonly Flow[] };
    for (const { K, r0, states } of flows) {
      const kernel = square(K.flat(), backend);
      const start = Float64Array.from(r0);
      const times = states.map(({ time }) => time);
      const path = reducedPath(kernel, start, times);
      expect(path.paths).toBe(times.length);
      states.forEach(({ time, residual, alpha }, t) => {
        const bound = accepted(time, r0.length, 8);
        for (const [got, wanted] of [
          [column(path.residual, t, times.length), residual],
          [column(path.alpha, t, times.length), alpha],
        ] as const) {
          const size = maxAbs(wanted);
          got.forEach((value, i) => {
            expect(Math.abs(value - wanted[i]), `time ${time}`).toBeLessThanOrEqual(bound * size);
          });
        }
      });
    }
  });

  it('a kernel of real data has the flow of its spectrum to 1e-12 while rounding is small', () => {
    const times = [0, 1e-3, 1, 10, 100, 1000];
    for (const N of [60, 150]) {
      const { K, r0 } = moons(N, backend);
      for (const kernel of [K, lowRank(N, backend)]) {
        const path = reducedPath(kernel, r0, times);
        const modes = gradientFlowPath(kernelSpectrum(kernel), r0, { times });
        times.forEach((time, t) => {
          const gap = (x: Float64Array, y: Float64Array): number =>
            maxAbs(column(x, t, times.length).map((value, i) => value - y[i * times.length + t]));
          const alpha = maxAbs(column(modes.alpha, t, times.length));
          expect(gap(path.residual, modes.residual), `r at ${time}`).toBeLessThan(1e-12);
          expect(gap(path.alpha, modes.alpha), `α at ${time}`).toBeLessThanOrEqual(1e-12 * alpha);
        });
      }
    }
  });
});

describe('gradient flow from a kernel', () => {
  it('follows its own equations: r_{s+t} is r_t from r_s, and r_t = r_0 + K α_t', () => {
    const cases = fc.record({
      n: fc.integer({ min: 1, max: 30 }),
      rank: fc.integer({ min: 1, max: 30 }),
      decades: fc.integer({ min: -10, max: 10 }),
      s: fc.double({ min: 0, max: 100, noNaN: true }),
      t: fc.double({ min: 0, max: 100, noNaN: true }),
    });
    fc.assert(
      fc.property(cases, ({ n, rank, decades, s, t }) => {
        const b = Float64Array.from({ length: n * rank }, (_, i) => {
          const row = Math.floor(i / rank);
          return Math.cos(2.3 * i + 0.02 * i * i) * 10 ** ((decades * (row / n - (decades > 0 ? 1 : 0))) / 2);
        });
        const B = tensor(b, { backend: plain, shape: [n, rank] });
        const K = matmul(B, B, { transposeB: true });
        const k = toFloat64(K);
        const r0 = Float64Array.from({ length: n }, (_, i) => Math.sin(5 * i + 1));
        const whole = reducedPath(K, r0, [s + t]);
        const parts = reducedPath(K, reducedPath(K, r0, [s]).residual, [t]);
        const bound = accepted(s + t, n, n * rank) * n;
        expect(maxAbs(whole.residual.map((r, i) => r - parts.residual[i]))).toBeLessThan(bound);
        const moved = toFloat64(matmul(K, tensor(whole.alpha, { backend: plain, shape: [n, 1] })));
        const size = maxAbs(k) * n * maxAbs(whole.alpha);
        const left = moved.map((x, i) => r0[i] + x - whole.residual[i]);
        expect(maxAbs(left)).toBeLessThan(bound + 4 * n * Number.EPSILON * size);
      }),
      { numRuns: 60 },
    );
  });

  it('has columns for outputs, each as alone, which predict takes', () => {
    const { K, r0 } = moons(30, plain);
    const [N, times] = [30, [0.5, 20, 1e3]];
    const two = Float64Array.from({ length: 2 * N }, (_, q) => (q % 2 === 0 ? r0[q / 2] : Math.cos(q)));
    const spectrum = kernelSpectrum(K);
    const ways = [
      (r: Float64Array, outputs: number) => reducedPath(K, r, times, outputs),
      (r: Float64Array, outputs: number) => gradientFlowPath(spectrum, r, { times, outputs }),
    ];
    for (const way of ways) {
      const both = way(two, 2);
      for (const o of [0, 1]) {
        const alone = way(column(two, o, 2), 1);
        for (const name of ['residual', 'alpha'] as const) {
          alone[name].forEach((value, q) => {
            const [i, t] = [Math.floor(q / 3), q % 3];
            expect(Math.abs(both[name][(i * 2 + o) * 3 + t] - value)).toBeLessThan(1e-13);
          });
        }
      }
      // f_t(X) = f_0(X) + K α is r_t + y, here with y = 0.
      const f = predict(K, both.alpha, two);
      expect(maxAbs(f.map((value, q) => value - both.residual[q]))).toBeLessThan(1e-12);
    }
  });

  it('stays where a kernel of zeros leaves it, and gathers −t r/N', () => {
    const r0 = new Float64Array([1, -2]);
    const { residual, alpha } = reducedPath(square([0, 0, 0, 0]), r0, [3]);
    residual.forEach((r, i) => {
      expect(Math.abs(r / r0[i] - 1)).toBeLessThan(1e-13);
      expect(Math.abs(alpha[i] / (-1.5 * r0[i]) - 1)).toBeLessThan(1e-13);
    });
  });

  it('is at the start at time 0, with α = 0', () => {
    const { K, r0 } = moons(20, plain);
    const { residual, alpha } = reducedPath(K, r0, [0]);
    expect(maxAbs(residual.map((r, i) => r - r0[i]))).toBeLessThan(1e-13);
    expect(maxAbs(alpha)).toBe(0);
  });

  it('never grows a mode of a singular kernel, however long', () => {
    const N = 40;
    const K = lowRank(N, plain);
    const r0 = Float64Array.from({ length: N }, (_, i) => Math.cos(i * i));
    const size = Math.hypot(...r0);
    const { values } = kernelSpectrum(K);
    for (let exponent = 0; exponent <= 40; exponent++) {
      const time = 10 ** exponent;
      const { residual, alpha } = gradientFlow(K, r0, { time });
      const bound = 1 + accepted(Math.min(time, (2 ** 40 * N) / values[N - 1]), N, values[N - 1]);
      expect(Math.hypot(...residual), `time ${time}`).toBeLessThan(bound * size);
      expect(Math.hypot(...alpha), `time ${time}`).toBeLessThan(bound * (time / N) * size);
    }
  });

  it('takes residuals up to the end of the number range', () => {
    const r0 = new Float64Array([Number.MAX_VALUE, 0]);
    const { residual } = reducedPath(square([1, 0, 0, 1]), r0, [2 * Math.log(4)]);
    expect(Math.abs(residual[0] / (Number.MAX_VALUE / 4) - 1)).toBeLessThan(1e-13);
  });

  it('takes an eigenvalue below zero by rounding for one of zero, as the spectrum does', () => {
    const N = 200;
    const K = new Float64Array(N * N);
    for (let i = 0; i < N; i++) K[i * (N + 1)] = i < N - 1 ? 1 : -0.9 * N * Number.EPSILON;
    const r0 = new Float64Array(N).fill(1);
    // Where that mode alone would have grown by 2 %.
    const time = 2 ** 39 * N;
    const { residual } = reducedPath(square(K), r0, [time]);
    expect(maxAbs(residual.subarray(0, N - 1))).toBeLessThan(1e-12);
    expect(Math.abs(residual[N - 1] - 1)).toBeLessThan(2 * Number.EPSILON * 2 ** 39);
    expect(gradientFlow(kernelSpectrum(square(K)), r0, { time }).residual[N - 1]).toBe(1);
  });

  it('is what gradientFlow and gradientFlowPath take for many points', () => {
    const { K, r0 } = moons(60, plain);
    const { alpha, residual } = reducedPath(K, r0, [5]);
    expect(gradientFlow(K, r0, { time: 5 })).toEqual({ alpha, residual });
    expect(gradientFlowPath(K, r0, { times: [5, 6] })).toEqual(reducedPath(K, r0, [5, 6]));
  });

  it('leaves to eigenvectors what needs them: the limit, the longest times, a float32 kernel, few points', () => {
    const { K, r0 } = moons(60, plain);
    const spectrum = kernelSpectrum(K);
    for (const time of [1e17, Number.POSITIVE_INFINITY]) {
      expect(gradientFlow(K, r0, { time })).toEqual(gradientFlow(spectrum, r0, { time }));
    }
    const many = Array.from({ length: 5 }, (_, k) => k);
    for (const times of [[1, 1e17], many]) {
      expect(gradientFlowPath(K, r0, { times })).toEqual(gradientFlowPath(spectrum, r0, { times }));
    }
    expect(kernelFlow('test', K, r0, { times: many.slice(1), outputs: 1 })).toBeUndefined();
    expect(kernelFlow('test', K, r0, { times: many.slice(2), outputs: 1 })).toBeDefined();
    // cos(i − j) in single precision: rank two, and eigenvalues down to −1e-7.
    const n = 60;
    const cosines = Float32Array.from({ length: n * n }, (_, q) => Math.cos(Math.floor(q / n) - (q % n)));
    const rough = tensor(cosines, { backend: plain, shape: [n, n] });
    expect(tridiagonalKernelFlow('test', rough, r0, { times: [1], outputs: 1 })).toBeUndefined();
    const options = { times: [1, 1e8] };
    const cut = gradientFlowPath(rough, r0, options);
    expect(cut).toEqual(gradientFlowPath(kernelSpectrum(rough), r0, options));
    expect(maxAbs(cut.residual)).toBeLessThan(2 * maxAbs(r0) * Math.sqrt(n));
  });

  it('keeps small and large kernels and residuals apart from the ends of the number range', () => {
    const { K, r0 } = moons(20, plain);
    const { residual } = reducedPath(K, r0, [7]);
    for (const scale of [2 ** 500, 2 ** -500]) {
      const scaled = square(toFloat64(K).map((entry) => entry * scale));
      const same = reducedPath(scaled, r0, [7 / scale]);
      expect(maxAbs(same.residual.map((r, i) => r - residual[i]))).toBeLessThan(1e-12);
      const scaledStart = r0.map((r) => r * scale);
      const large = reducedPath(K, scaledStart, [7]);
      expect(maxAbs(large.residual.map((r, i) => r / scale - residual[i]))).toBeLessThan(1e-12);
    }
  });

  it('refuses what the spectrum refuses, in the name of what was called, for few points and for many', () => {
    const grown = (N: number, corner: readonly number[]): Tensor => {
      const k = new Float64Array(N * N);
      for (let i = 0; i < N; i++) k[i * (N + 1)] = 1;
      corner.forEach((entry, q) => {
        k[Math.floor(q / 2) * N + (q % 2)] = entry;
      });
      return square(k);
    };
    for (const N of [2, 40]) {
      const r0 = new Float64Array(N).fill(1);
      const flow = (corner: readonly number[], r = r0): unknown =>
        gradientFlowPath(grown(N, corner), r, { times: [1] });
      expect(() => flow([1, 2, 2, 1])).toThrow(
        'gradientFlowPath: K is not positive semidefinite: its smallest eigenvalue is -1.000e+0, its largest 3.000e+0',
      );
      for (const time of [1, Number.POSITIVE_INFINITY]) {
        expect(() => gradientFlow(grown(N, [1, 2, 2, 1]), r0, { time })).toThrow(
          'gradientFlow: K is not positive semidefinite',
        );
      }
      expect(() => flow([-1, 0, 0, -2])).toThrow('add a jitter of 2.0e+0');
      expect(() => flow([1, 2, 3, 1])).toThrow('gradientFlowPath: K must be a symmetric matrix');
      expect(() => flow([1, Number.NaN, 0, 1])).toThrow('gradientFlowPath: K must be finite numbers');
      expect(() => flow([1, 0, 0, 1], new Float64Array(3))).toThrow(
        `gradientFlowPath: r0 must be of length ${N}`,
      );
      const torn = new Float64Array(N).fill(Number.NaN);
      expect(() => flow([1, 0, 0, 1], torn)).toThrow('gradientFlowPath: r0 must be finite');
      const flat = tensor(new Float64Array(3 * N), { backend: plain, shape: [N, 3] });
      expect(() => gradientFlowPath(flat, r0, { times: [1] })).toThrow(
        'gradientFlowPath: K must be a square matrix',
      );
      expect(() => gradientFlowPath(grown(N, []), r0, { times: [1], outputs: 0 })).toThrow(
        'options.outputs must be an integer of at least 1',
      );
      // Gathered −t r/N at an eigenvalue of zero.
      const zeros = square(new Float64Array(N * N));
      const start = new Float64Array(N).fill(4 * N);
      expect(() => gradientFlowPath(zeros, start, { times: [1.7e308] })).toThrow(
        'gradientFlowPath: α is too large for a number: modes of eigenvalue zero gather −t r/N; take a shorter time',
      );
    }
  });
});
