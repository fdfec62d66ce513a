import { ArgumentError } from '@sntk/errors';
import { createRng } from '@sntk/random';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { brownianIncrements, brownianPath } from '../src/index.ts';
import { meanAndError } from './support.ts';

const rng = createRng('brownian');

describe('brownianIncrements', () => {
  const take = (
    noiseDimension: number,
    firstPath: number,
    paths: number,
    steps: readonly number[],
  ): Float64Array[] => {
    const draw = brownianIncrements({ rng, noiseDimension, paths, firstPath, step: 0.01 });
    return steps.map((k) => {
      const out = new Float64Array(noiseDimension * paths);
      draw(k, out);
      return out;
    });
  };

  test('do not depend on the block of paths nor on the order of the steps', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }),
        fc.nat(12),
        fc.integer({ min: 1, max: 11 }),
        fc.array(fc.nat(80), { minLength: 1, maxLength: 6 }),
        (m, first, count, steps) => {
          const total = 24;
          const whole = take(
            m,
            0,
            total,
            [...steps].sort((a, b) => a - b),
          );
          const part = take(m, first, count, [...steps].reverse());
          const sorted = [...steps].sort((a, b) => a - b);
          [...steps].reverse().forEach((k, s) => {
            for (let i = 0; i < m; i++) {
              for (let p = 0; p < count; p++) {
                expect(part[s][i * count + p]).toBe(whole[sorted.indexOf(k)][i * total + first + p]);
              }
            }
          });
        },
      ),
      { numRuns: 25 },
    );
  });

  test.each([1, 3, 40])(
    'of dimension %d have variance h and no correlation over steps, paths and coordinates',
    (m) => {
      const paths = 50;
      const steps = Math.ceil(60_000 / (m * paths));
      const blocks = take(
        m,
        0,
        paths,
        Array.from({ length: steps }, (_, k) => k),
      ).map((b) => b.map((w) => w * 10));
      const n = steps * m * paths;
      let mean = 0;
      let square = 0;
      let overSteps = 0;
      let overPaths = 0;
      let overRows = 0;
      blocks.forEach((block, k) => {
        block.forEach((z, i) => {
          mean += z;
          square += z * z - 1;
          if (k > 0) overSteps += z * blocks[k - 1][i];
          if (i % paths > 0) overPaths += z * block[i - 1];
          if (i >= paths) overRows += z * block[i - paths];
        });
      });
      for (const sum of [mean, square / Math.SQRT2, overSteps, overPaths, overRows]) {
        expect(Math.abs(sum)).toBeLessThan(4 * Math.sqrt(n));
      }
    },
  );

  test('refuse a block of another length, a negative step length and steps that are no numbers of a step', () => {
    const draw = brownianIncrements({ rng, noiseDimension: 2, paths: 3, step: 1 });
    expect(() => draw(0, new Float64Array(5))).toThrow(
      'of length 6 (noiseDimension × paths), got "length 5"',
    );
    expect(() => draw(-1, new Float64Array(6))).toThrow(ArgumentError);
    expect(() => draw(0.5, new Float64Array(6))).toThrow(ArgumentError);
    expect(() => brownianIncrements({ rng, noiseDimension: 2, paths: 3, step: -1 })).toThrow('options.step');
    expect(() => brownianIncrements({ rng, noiseDimension: 0, paths: 3, step: 1 })).toThrow(
      'options.noiseDimension',
    );
  });
});

describe('brownianPath', () => {
  const options = { rng, noiseDimension: 2, paths: 3, duration: 2, depth: 10 };
  const size = 6;

  test('is the same path at every level', () => {
    const path = brownianPath(options);
    const coarse = new Float64Array(size);
    const fine = new Float64Array(size);
    for (const level of [0, 3, 7]) {
      const sums = new Float64Array(size);
      for (let k = 0; k < 2 ** level; k++) {
        path.increments(level)(k, coarse);
        sums.fill(0);
        for (const half of [2 * k, 2 * k + 1]) {
          path.increments(level + 1)(half, fine);
          for (let i = 0; i < size; i++) sums[i] += fine[i];
        }
        for (let i = 0; i < size; i++) expect(Math.abs(sums[i] - coarse[i])).toBeLessThan(1e-14);
      }
    }
  });

  test('depends neither on the order of the questions nor on the block of paths', () => {
    const other = brownianPath({ ...options, paths: 1, firstPath: 2 });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1024), fc.nat(1024)), { minLength: 1, maxLength: 8 }), (times) => {
        const path = brownianPath(options);
        const out = new Float64Array(size);
        const one = new Float64Array(2);
        for (const [a, b] of times) {
          path.increment(a / 512, b / 512, out);
          other.increment(a / 512, b / 512, one);
          expect([one[0], one[1]]).toEqual([out[2], out[5]]);
        }
      }),
    );
  });

  test('has independent increments of variance h at any level', () => {
    const paths = 2000;
    const path = brownianPath({ rng, noiseDimension: 1, paths, duration: 3, depth: 4 });
    for (const level of [0, 2, 4]) {
      const steps = 2 ** level;
      const scale = Math.sqrt(steps / 3);
      const rows = Array.from({ length: steps }, (_, k) => {
        const out = new Float64Array(paths);
        path.increments(level)(k, out);
        return out.map((w) => w * scale);
      });
      const dot = (a: Float64Array, b: Float64Array): number => a.reduce((s, z, p) => s + z * b[p], 0);
      rows.forEach((row, k) => {
        expect(Math.abs(dot(row, row) - paths)).toBeLessThan(4 * Math.sqrt(2 * paths));
        for (let j = 0; j < k; j++) expect(Math.abs(dot(row, rows[j]))).toBeLessThan(4.5 * Math.sqrt(paths));
      });
    }
  });

  test('has ∫(W_s − W_t) ds that adds up over any cut, at any times', () => {
    const { depth: _, ...full } = options;
    const path = brownianPath(full);
    const at = (a: number, b: number): { W: Float64Array; Z: Float64Array } => {
      const found = { W: new Float64Array(size), Z: new Float64Array(size) };
      path.increment(a, b, found.W, found.Z);
      return found;
    };
    const time = fc.double({ min: 0, max: 2, noNaN: true });
    fc.assert(
      fc.property(time, time, time, (a, b, c) => {
        const [ab, bc, ac] = [at(a, b), at(b, c), at(a, c)];
        for (let i = 0; i < size; i++) {
          expect(Math.abs(ab.W[i] + bc.W[i] - ac.W[i])).toBeLessThan(1e-13);
          // The cut may fall half a finest step, 2^-50, away from where it was asked for.
          expect(Math.abs(ab.Z[i] + bc.Z[i] + (c - b) * ab.W[i] - ac.Z[i])).toBeLessThan(1e-13);
        }
      }),
    );
  });

  test('has the joint law of W and ∫W dt on intervals off any dyadic grid', () => {
    const paths = 5000;
    const path = brownianPath({ rng, noiseDimension: 1, paths, duration: 2 });
    const [a, b] = [0.3, 1.1];
    const h = b - a;
    const [W, Z, before, after] = [0, 1, 2, 3].map(() => new Float64Array(paths));
    path.increment(a, b, W, Z);
    path.increment(0, a, before);
    path.increment(b, 2, after);
    const covariance = (x: Float64Array, y: Float64Array, truth: number): void => {
      const products = Array.from(x, (v, p) => v * y[p]);
      const { mean, error } = meanAndError(products);
      expect(Math.abs(mean - truth)).toBeLessThan(4 * error);
    };
    covariance(W, W, h);
    covariance(W, Z, h ** 2 / 2);
    covariance(Z, Z, h ** 3 / 3);
    for (const other of [before, after]) {
      covariance(other, W, 0);
      covariance(other, Z, 0);
    }
    covariance(before, before, a);
    covariance(after, after, 2 - b);
  });

  test('refuses times off its grid and levels beyond its depth', () => {
    const path = brownianPath(options);
    const out = new Float64Array(size);
    expect(() => path.increment(0, 0.1, out)).toThrow(
      'brownianPath.increment: to must be a multiple of 2 / 2^10',
    );
    expect(() => path.increment(0, 2.5, out)).toThrow(ArgumentError);
    expect(() => path.increment(0, 1, new Float64Array(5))).toThrow('of length 6');
    expect(() => path.increments(11)).toThrow('at most the depth, 10');
    expect(() => path.increments(3)(8, out)).toThrow('below 2^3');
    expect(() => brownianPath({ ...options, depth: 51 })).toThrow('at most 50');
    expect(() => brownianPath({ ...options, duration: 0 })).toThrow('options.duration');
  });
});
