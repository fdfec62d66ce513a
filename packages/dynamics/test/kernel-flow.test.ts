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
      const path = gradientFlowPath(kernel, start, { times });
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
        const single = gradientFlow(kernel, start, { time });
        expect(single.residual).toEqual(gradientFlowPath(kernel, start, { times: [time] }).residual);
        expect(maxAbs(single.alpha.map((a, i) => a - path.alpha[i * times.length + t]))).toBeLessThanOrEqual(
          bound * maxAbs(single.alpha),
        );
      });
    }
  });

  it('a kernel of real data has the flow of its spectrum to 1e-12 while rounding is small', () => {
    const times = [0, 1e-3, 1, 10, 100, 1000];
    for (const N of [60, 150]) {
      const { K, r0 } = moons(N, backend);
      for (const kernel of [K, lowRank(N, backend)]) {
        const path = gradientFlowPath(kernel, r0, { times });
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
        const whole = gradientFlow(K, r0, { time: s + t });
        const parts = gradientFlow(K, gradientFlow(K, r0, { time: s }).residual, { time: t });
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
    for (const kernel of [K, kernelSpectrum(K)]) {
      const both = gradientFlowPath(kernel, two, { times, outputs: 2 });
      for (const o of [0, 1]) {
        const alone = gradientFlowPath(kernel, column(two, o, 2), { times });
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
    const { residual, alpha } = gradientFlow(square([0, 0, 0, 0]), r0, { time: 3 });
    residual.forEach((r, i) => {
      expect(Math.abs(r / r0[i] - 1)).toBeLessThan(1e-13);
      expect(Math.abs(alpha[i] / (-1.5 * r0[i]) - 1)).toBeLessThan(1e-13);
    });
  });

  it('is at the start at time 0, with α = 0', () => {
    const { K, r0 } = moons(20, plain);
    const { residual, alpha } = gradientFlow(K, r0, { time: 0 });
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

  it('takes eigenvectors where they are needed: in the limit, for the longest times, to cut a float32 kernel', () => {
    const { K, r0 } = moons(20, plain);
    const spectrum = kernelSpectrum(K);
    for (const time of [1e17, Number.POSITIVE_INFINITY]) {
      expect(gradientFlow(K, r0, { time })).toEqual(gradientFlow(spectrum, r0, { time }));
    }
    expect(gradientFlowPath(K, r0, { times: [1, 1e17] })).toEqual(
      gradientFlowPath(spectrum, r0, { times: [1, 1e17] }),
    );
    // cos(i − j) in single precision: rank two, and eigenvalues down to −1e-7.
    const n = 20;
    const cosines = Float32Array.from({ length: n * n }, (_, q) => Math.cos(Math.floor(q / n) - (q % n)));
    const rough = tensor(cosines, { backend: plain, shape: [n, n] });
    const options = { times: [1, 1e8] };
    expect(gradientFlowPath(rough, r0, options)).toEqual(
      gradientFlowPath(kernelSpectrum(rough), r0, options),
    );
    expect(maxAbs(gradientFlowPath(rough, r0, options).residual)).toBeLessThan(2 * maxAbs(r0) * Math.sqrt(n));
  });

  it('keeps small and large kernels and residuals apart from the ends of the number range', () => {
    const { K, r0 } = moons(20, plain);
    const { residual } = gradientFlow(K, r0, { time: 7 });
    for (const scale of [2 ** 500, 2 ** -500]) {
      const scaled = square(toFloat64(K).map((entry) => entry * scale));
      const same = gradientFlow(scaled, r0, { time: 7 / scale });
      expect(maxAbs(same.residual.map((r, i) => r - residual[i]))).toBeLessThan(1e-12);
      const large = gradientFlow(
        K,
        r0.map((r) => r * scale),
        { time: 7 },
      );
      expect(maxAbs(large.residual.map((r, i) => r / scale - residual[i]))).toBeLessThan(1e-12);
    }
  });

  it('refuses what the spectrum refuses, in its own name', () => {
    const r0 = new Float64Array([1, 1]);
    const flow = (K: Tensor, r = r0): unknown => gradientFlowPath(K, r, { times: [1] });
    expect(() => flow(square([1, 2, 2, 1]))).toThrow(
      'gradientFlowPath: K is not positive semidefinite: its smallest eigenvalue is -1.000e+0, its largest 3.000e+0',
    );
    expect(() => gradientFlow(square([1, 2, 2, 1]), r0, { time: 1 })).toThrow(
      'gradientFlow: K is not positive semidefinite',
    );
    expect(() => gradientFlow(square([1, 2, 2, 1]), r0, { time: Number.POSITIVE_INFINITY })).toThrow(
      'gradientFlow: K is not positive semidefinite',
    );
    expect(() => flow(square([-1, 0, 0, -2]))).toThrow('add a jitter of 2.0e+0');
    expect(() => flow(square([1, 2, 3, 1]))).toThrow('gradientFlowPath: K must be a symmetric matrix');
    expect(() => flow(square([1, Number.NaN, 0, 1]))).toThrow('gradientFlowPath: K must be finite numbers');
    expect(() => flow(tensor([[1, 2]], { backend: plain }))).toThrow('K must be a square matrix');
    expect(() => flow(square([1, 0, 0, 1]), new Float64Array(3))).toThrow('r0 must be of length 2');
    expect(() => flow(square([1, 0, 0, 1]), new Float64Array([1, Number.NaN]))).toThrow('r0 must be finite');
    const options = { times: [1], outputs: 0 };
    expect(() => gradientFlowPath(square([1, 0, 0, 1]), r0, options)).toThrow(
      'options.outputs must be an integer of at least 1',
    );
    // Gathered −t r/N at an eigenvalue of zero.
    const long = { times: [1.7e308] };
    expect(() => gradientFlowPath(square([0, 0, 0, 0]), new Float64Array([4, 4]), long)).toThrow(
      /too large for a number/,
    );
  });
});
