import { ArgumentError } from '@sntk/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runningQuantiles } from '../src/statistics.ts';

describe('runningQuantiles', () => {
  test('are the sorted samples up to the relative error, however they are cut and merged', () => {
    const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(number, { minLength: 1, maxLength: 60 }),
        fc.nat(60),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom(0.2, 0.01, 1e-5),
        (samples, cut, q, relativeError) => {
          const parts = [samples.slice(0, cut), samples.slice(cut)].map((part) => {
            const quantiles = runningQuantiles(1, { relativeError });
            if (part.length > 0) quantiles.push(Float64Array.from(part), part.length);
            return quantiles;
          });
          const [forth, back] = [0, 1].map((first) => {
            const joined = runningQuantiles(1, { relativeError });
            joined.merge(parts[first].state());
            joined.merge(parts[1 - first].state());
            return joined;
          });
          expect(back.state()).toEqual(forth.state());
          expect(forth.count).toBe(samples.length);
          const truth = [...samples].sort((a, b) => a - b)[Math.floor(q * (samples.length - 1))];
          const allowed = relativeError * (1 + 1e-9) * Math.abs(truth) + 1e-300;
          expect(Math.abs(forth.quantile(q)[0] - truth)).toBeLessThanOrEqual(allowed);
        },
      ),
    );
  });

  test('keep the coordinates apart', () => {
    const quantiles = runningQuantiles(2);
    quantiles.push(Float64Array.of(1, 2, 3, -10, 0, 10), 3);
    const [a, b] = quantiles.quantile(0.5);
    expect(Math.abs(a - 2)).toBeLessThan(0.01 + 1e-12);
    expect(b).toBe(0);
  });

  test('refuse what they cannot count', () => {
    const quantiles = runningQuantiles(1);
    expect(() => quantiles.quantile(0.5)).toThrow('at least 1 sample');
    expect(() => quantiles.push(Float64Array.of(Number.NaN), 1)).toThrow('finite');
    expect(() => quantiles.push(new Float64Array(2), 1)).toThrow('of length 1');
    quantiles.push(Float64Array.of(1), 1);
    expect(() => quantiles.quantile(1.5)).toThrow('from 0 to 1');
    expect(() => quantiles.merge(runningQuantiles(2).state())).toThrow(ArgumentError);
    expect(() => runningQuantiles(1, { relativeError: 0 })).toThrow('options.relativeError');
  });
});
