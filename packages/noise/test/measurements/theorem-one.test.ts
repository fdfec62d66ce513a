import { fullyConnected } from '@sntk/architecture';
import { twoMoons } from '@sntk/datasets';
import { analyticKernel } from '@sntk/kernels';
import { cholesky, matmul, ndarrayBackend, type Tensor, tensor, toFloat64 } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measureTheoremOne } from '../../src/measurements.ts';

const backend = ndarrayBackend();
const rng = createRng('theorem one');

function moons(samples: number): { ntk: Tensor; nngp: Tensor } {
  const X = tensor(twoMoons({ samples, noise: 0.1, rng: rng.split('moons') }).X.data as Float64Array, {
    backend,
    shape: [samples, 2],
  });
  return analyticKernel(fullyConnected({ inputs: 2, hidden: [1, 1, 1] }), { X });
}

describe('measureTheoremOne', () => {
  it("is the paper's definition, written with explicit gradients", () => {
    // K = Φ Φᵀ for gradients Φ of 5 parameters.
    const N = 7;
    const phi = new Float64Array(N * 5);
    rng.split('phi').fillNormal(phi);
    const F = tensor(phi, { backend, shape: [N, 5] });
    const K = matmul(F, F, { transposeB: true });
    const r = new Float64Array(N);
    rng.split('r').fillNormal(r);
    const B = [1, 4, 6];
    const gradients = B.map((i) => Array.from({ length: 5 }, (_, p) => r[i] * phi[i * 5 + p]));
    const mean = gradients[0].map((_, p) => gradients.reduce((sum, g) => sum + g[p] / 3, 0));
    const project = (m: number, v: readonly number[]) => v.reduce((sum, e, p) => sum + e * phi[m * 5 + p], 0);
    const result = measureTheoremOne(K, r, B);
    for (let m = 0; m < N; m++) {
      for (let n = 0; n < N; n++) {
        let [sigma, leading, cross] = [0, 0, 0];
        gradients.forEach((g, i) => {
          const centred = g.map((e, p) => e - mean[p]);
          sigma += (project(m, centred) * project(n, centred)) / 3;
          leading += (project(m, g) * project(n, g)) / 3;
          gradients.forEach((h, j) => {
            if (i !== j) cross -= (project(m, g) * project(n, h)) / 9;
          });
        });
        expect(result.error[m * N + n]).toBeCloseTo(sigma - leading, 10);
        expect(result.cross[m * N + n]).toBeCloseTo(cross, 10);
      }
    }
    expect(result.trace.measured).toBeCloseTo(
      mean.reduce((sum, e) => sum + e * e, 0),
      12,
    );
  });

  it('has every bound as it is written, for two points by hand', () => {
    // ĝ at the points is (2·2 − 1·1)/2 and (1·2 − 3·1)/2.
    const K = tensor(
      [
        [2, 1],
        [1, 3],
      ],
      { backend },
    );
    const result = measureTheoremOne(K, new Float64Array([2, -1]), [0, 1]);
    const delta = 1 / 6;
    const [angle, size, b] = [1 + Math.sqrt(delta), 3 ** 2 * 2.5, 2];
    const joint = (1 / Math.sqrt(b) + Math.sqrt(delta)) ** 2;
    expect(result.delta).toBeCloseTo(delta, 14);
    expect(result.meanSquare).toBeCloseTo(2.5, 14);
    const pairs = [
      [result.printed, 2.25, (size / b) * (1 + 2 * angle ** 2)],
      [result.corrected, 2.25, size * (joint + 2 / b)],
      [result.sharp, 2.25, size * joint],
      [result.trace, 1.75, 3 * 2.5],
      // K_S is 5.5 between the points, and R_cross 5.5/2 + 1.5 · 0.5.
      [result.crossPrinted, 3.5, ((2 * angle ** 2) / b) * 5.5],
    ] as const;
    for (const [measurement, measured, bound] of pairs) {
      expect(measurement.measured).toBeCloseTo(measured, 12);
      expect(measurement.bound).toBeCloseTo(bound, 12);
      expect(measurement.ratio).toBeCloseTo(measured / bound, 12);
    }
    expect(result.crossPrinted.at).toEqual([1, 0]);
  });

  it('never finds the corrected bounds broken', () => {
    const numbers = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 24, maxLength: 24 });
    const residuals = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 8, maxLength: 8 });
    const batches = fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(numbers, residuals, batches, (entries, r, B) => {
        const F = tensor(new Float64Array(entries), { backend, shape: [8, 3] });
        const k = toFloat64(matmul(F, F, { transposeB: true })).slice();
        for (let i = 0; i < 8; i++) k[i * 9] += 0.01;
        const K = tensor(k, { backend, shape: [8, 8] });
        const { corrected, sharp, trace } = measureTheoremOne(K, new Float64Array(r), B);
        return corrected.holds && sharp.holds && trace.holds && sharp.bound <= corrected.bound;
      }),
    );
  });

  it('finds the printed bound broken when all residuals and kernel entries are equal, and the sharp one nearly so', () => {
    const N = 100;
    const ones = tensor(new Float64Array(N * N).fill(1), { backend, shape: [N, N] });
    const all = Array.from({ length: N }, (_, i) => i);
    const { printed, sharp, crossPrinted } = measureTheoremOne(ones, new Float64Array(N).fill(1), all);
    expect(printed).toEqual({
      measured: expect.closeTo(1, 12),
      bound: expect.closeTo(0.09, 12),
      holds: false,
      ratio: expect.closeTo(100 / 9, 10),
    });
    expect(sharp.bound).toBeCloseTo(1.21, 12);
    expect(sharp.holds).toBe(true);
    expect(crossPrinted.holds).toBe(false);
  });

  it('has the same verdicts at any scale of the kernel and of the residuals', () => {
    const at = (kernel: number, residual: number) =>
      measureTheoremOne(
        tensor(
          [
            [2 * kernel, kernel],
            [kernel, 3 * kernel],
          ],
          { backend },
        ),
        new Float64Array([residual, -0.3 * residual]),
        [0, 1],
      );
    const wanted = at(1, 1);
    for (const [kernel, residual] of [
      [1, 1e-170],
      [1e-170, 1],
      [1e60, 1e60],
      [1e200, 1e-200],
    ]) {
      const result = at(kernel, residual);
      for (const name of ['printed', 'corrected', 'sharp', 'crossPrinted', 'trace'] as const) {
        expect(result[name].ratio).toBeCloseTo(wanted[name].ratio, 12);
        expect(result[name].holds).toBe(wanted[name].holds);
      }
    }
  });

  it('finds Lemma 3 broken where the diagonal term cancels and the cross term does not', () => {
    // Gradients (1, 0), (0, 1): K_S vanishes between the points, R_cross does not.
    const K = tensor(
      [
        [1, 0],
        [0, 1],
      ],
      { backend },
    );
    const { crossPrinted, cross } = measureTheoremOne(K, new Float64Array([1, 1]), [0, 1]);
    expect(cross[1]).toBeCloseTo(-0.25, 15);
    expect(crossPrinted.bound).toBe(0);
    expect(crossPrinted.holds).toBe(false);
    expect([...crossPrinted.at].sort()).toEqual([0, 1]);
  });

  it('finds the printed bound kept on two moons at b = 8 and broken at 128 and 500, and the sharp one kept at all', () => {
    const N = 500;
    const { ntk, nngp } = moons(N);
    const L = cholesky(nngp, { jitter: 1e-6 }).L;
    const draws = 2;
    const holds = [8, 128, 500].map((b) => {
      let kept = 0;
      for (let draw = 0; draw < draws; draw++) {
        const stream = rng.split('draw').split(draw);
        const xi = new Float64Array(N);
        stream.fillNormal(xi);
        const r = toFloat64(matmul(L, tensor(xi, { backend, shape: [N, 1] })));
        const result = measureTheoremOne(ntk, r, stream.split(b).choice(N, b));
        expect(result.sharp.holds).toBe(true);
        expect(result.corrected.holds).toBe(true);
        if (result.printed.holds) kept += 1;
      }
      return kept;
    });
    expect(holds).toEqual([draws, 0, 0]);
  });
});

it('refuses kernels that are none, and numbers that overflow', () => {
  const matrix = (rows: number[][]) => tensor(rows, { backend });
  const one = new Float64Array([1, 1]);
  const indefinite = matrix([
    [1, 2],
    [2, 1],
  ]);
  expect(() => measureTheoremOne(indefinite, one, [0, 1])).toThrow('not positive semidefinite');
  const huge = matrix([
    [1e160, 0],
    [0, 1e160],
  ]);
  expect(() => measureTheoremOne(huge, one, [0, 1])).toThrow('overflows');
});

it('refuses members that are not different examples, and sizes that do not fit', () => {
  const I = tensor(
    [
      [1, 0],
      [0, 1],
    ],
    { backend },
  );
  expect(() => measureTheoremOne(I, new Float64Array(2), [0, 0])).toThrow('all different');
  expect(() => measureTheoremOne(I, new Float64Array(2), [2])).toThrow(
    'examples from 0 to 1, one at least, all different, got 2',
  );
  expect(() => measureTheoremOne(I, new Float64Array(3), [0])).toThrow('length 2');
});
