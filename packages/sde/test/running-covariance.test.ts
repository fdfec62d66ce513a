import { ArgumentError } from '@sntk/errors';
import { createRng } from '@sntk/random';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { integrate } from '../src/index.ts';
import { nonCommutativeLinear } from '../src/problems.ts';
import { runningCovariance, runningMoments } from '../src/statistics.ts';

describe('runningCovariance', () => {
  test('equals the two-pass covariance, however the samples are cut and merged', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 6 }),
        fc.nat(5),
        fc.nat(1000),
        fc.double({ min: -1e3, max: 1e3, noNaN: true }),
        (blocks, at, seed, shift) => {
          const rng = createRng(seed);
          const parts = [runningCovariance(3), runningCovariance(3)];
          const rows: number[][] = [[], [], []];
          blocks.forEach((paths, b) => {
            const x = new Float64Array(3 * paths);
            rng.fillNormal(x);
            x.forEach((z, i) => {
              const row = Math.floor(i / paths);
              x[i] = z + (row > 0 ? x[i - paths] : shift);
              rows[row].push(x[i]);
            });
            parts[b < at ? 0 : 1].push(x, paths);
          });
          const [found, other] = parts;
          found.merge(other.state());
          const n = rows[0].length;
          expect(found.count).toBe(n);
          const means = rows.map((row) => row.reduce((s, v) => s + v, 0) / n);
          const covariance = found.covariance();
          for (let i = 0; i < 3; i++) {
            expect(Math.abs(found.mean()[i] - means[i])).toBeLessThan(1e-11 * (1 + Math.abs(shift)));
            for (let j = 0; j < 3; j++) {
              const products = rows[i].map((v, p) => (v - means[i]) * (rows[j][p] - means[j]));
              const truth = products.reduce((s, v) => s + v, 0) / (n - 1);
              expect(Math.abs(covariance[3 * i + j] - truth)).toBeLessThan(1e-11 * (1 + Math.abs(truth)));
              expect(covariance[3 * i + j]).toBe(covariance[3 * j + i]);
            }
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  test('has the variances of runningMoments on its diagonal, and the covariance of a process off it', () => {
    const problem = nonCommutativeLinear({ decay: 1, first: 0.8, second: 0.6 });
    const paths = 3000;
    const { final } = integrate(problem, {
      method: 'platenWeak',
      x0: [1, 0.5],
      t1: 1,
      steps: 16,
      paths,
      rng: createRng('covariance'),
    });
    const [found, moments] = [runningCovariance(2), runningMoments(2)];
    found.push(final, paths);
    moments.push(final, paths);
    const covariance = found.covariance();
    for (const i of [0, 1]) expect(covariance[3 * i]).toBeCloseTo(moments.variance()[i], 12);
    const [mean, second] = [problem.mean!(1, [1, 0.5]), problem.secondMoment!(1, [1, 0.5])];
    const truth = second[1] - mean[0] * mean[1];
    // Var of the mean of products of deviations.
    const products = Array.from(
      { length: paths },
      (_, p) => (final[p] - mean[0]) * (final[paths + p] - mean[1]),
    );
    const spread = products.reduce((sum, v) => sum + (v - truth) ** 2, 0) / paths;
    expect(Math.abs(covariance[1] - truth)).toBeLessThan(4 * Math.sqrt(spread / paths));
  });

  test('refuses blocks of another shape and a covariance of one sample', () => {
    const found = runningCovariance(2);
    expect(() => found.push(new Float64Array(5), 3)).toThrow('of length 6 (dimension × paths)');
    expect(() => found.merge(runningCovariance(3).state())).toThrow('other.dimension must be 2, got 3');
    found.merge(runningCovariance(2).state());
    const before = found.state();
    expect(() => found.push(Float64Array.of(1, Number.NaN), 1)).toThrow('x must be finite numbers');
    expect(found.state()).toEqual(before);
    found.push(Float64Array.of(1, 2), 1);
    expect(() => found.covariance()).toThrow('at least 2 samples');
    expect(() => runningCovariance(0)).toThrow(ArgumentError);
  });
});
