import { ArgumentError } from '@sntk/errors';
import { createRng } from '@sntk/random';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runningMoments } from '../src/statistics.ts';

describe('runningMoments', () => {
  test('equal the two-pass mean and variance, however the samples are cut and merged', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        cuts,
        fc.nat(5),
        fc.nat(1000),
        fc.double({ min: -1e3, max: 1e3, noNaN: true }),
        (blocks, at, seed, shift) => {
          const rng = createRng(seed);
          const parts = [runningMoments(2), runningMoments(2)];
          const columns: [number[], number[]] = [[], []];
          blocks.forEach((paths, b) => {
            const x = new Float64Array(2 * paths);
            rng.fillNormal(x);
            x.forEach((z, i) => {
              x[i] = z + shift;
              columns[i < paths ? 0 : 1].push(x[i]);
            });
            parts[b < at ? 0 : 1].push(x, paths);
          });
          const [moments, other] = parts;
          moments.merge(other.state());
          const n = columns[0].length;
          expect(moments.count).toBe(n);
          columns.forEach((values, i) => {
            const mean = values.reduce((s, v) => s + v, 0) / n;
            expect(Math.abs(moments.mean()[i] - mean)).toBeLessThan(1e-12 * (1 + Math.abs(shift)));
            if (n < 2) return;
            const variance = values.reduce((s, v) => s + (v - mean) ** 2, 0) / (n - 1);
            expect(Math.abs(moments.variance()[i] - variance)).toBeLessThan(1e-11 * (1 + variance));
          });
        },
      ),
    );
  });

  test('keep the variance beside a mean that is a thousand million times larger', () => {
    const moments = runningMoments(1);
    for (const x of [4, 7, 13, 16]) moments.push(Float64Array.of(1e9 + x), 1);
    expect(moments.variance()[0]).toBe(30);
    expect(moments.standardError()[0]).toBe(Math.sqrt(30 / 4));
    expect(moments.mean()[0]).toBe(1e9 + 10);
  });

  test('merging an empty part changes nothing, merging into an empty one copies', () => {
    const empty = runningMoments(1);
    const full = runningMoments(1);
    full.push(Float64Array.of(1, 2, 6), 3);
    const before = full.state();
    full.merge(empty.state());
    expect(full.state()).toEqual(before);
    empty.merge(before);
    expect(empty.state()).toEqual(before);
  });

  test('refuse blocks of another shape and a variance of one sample', () => {
    const moments = runningMoments(2);
    expect(() => moments.push(new Float64Array(5), 3)).toThrow('of length 6 (dimension × paths)');
    expect(() => moments.merge(runningMoments(3).state())).toThrow('other.dimension must be 2, got 3');
    const before = moments.state();
    expect(() => moments.push(Float64Array.of(1, Number.NaN), 1)).toThrow('x must be finite numbers');
    expect(moments.state()).toEqual(before);
    moments.push(Float64Array.of(1, 2), 1);
    expect(() => moments.variance()).toThrow('at least 2 samples');
    expect(() => runningMoments(0)).toThrow(ArgumentError);
  });
});
