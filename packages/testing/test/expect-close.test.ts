import { describe, expect, it } from 'vitest';
import { expectClose } from '../src/index.ts';

describe('expectClose', () => {
  it('accepts up to absolute + relative · |expected|, and not more', () => {
    expectClose(1.5, 1, { absolute: 0.5 });
    expectClose([2.5, -5], [2, -4], { relative: 0.25 });
    expectClose(new Float64Array([3]), [2], { relative: 0.25, absolute: 0.5 });
    expect(() => expectClose(1.5000001, 1, { absolute: 0.5 })).toThrow('1 of 1 entries');
    expect(() => expectClose([2.50001, -5.00001], [2, -4], { relative: 0.25 })).toThrow('2 of 2 entries');
    expect(() => expectClose(1e-9, 0, { relative: 1 })).toThrow('1 of 1');
  });

  it('names the worst entry with its numbers', () => {
    expect(() => expectClose([1, 2.5, 3.1], [1, 2, 3], { absolute: 0.01 })).toThrow(
      '2 of 3 entries are too far off, the worst at 1: 2.5, expected 2, off by 5.00e-1 where 1.00e-2 is accepted',
    );
  });

  it('takes NaN for close to nothing, and infinity for close to itself', () => {
    expect(() => expectClose(Number.NaN, Number.NaN, { absolute: 1 })).toThrow('the worst at 0: NaN');
    expect(() => expectClose([9, Number.NaN], [1, 1], { absolute: 1 })).toThrow('the worst at 1: NaN');
    expectClose(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, { absolute: 1 });
    expect(() => expectClose(1, Number.POSITIVE_INFINITY, { absolute: 1 })).toThrow('1 of 1');
    expect(() => expectClose(1, Number.POSITIVE_INFINITY, { relative: 0.1 })).toThrow('1 of 1');
  });

  it('refuses two lengths and a closeness that accepts everything', () => {
    expect(() => expectClose([1, 2], [1], { absolute: 1 })).toThrow('2 entries, expected 1');
    expect(() => expectClose(1, 2, { absolute: Number.NaN })).toThrow('finite numbers of at least 0');
    expect(() => expectClose(1, 2, { relative: Number.POSITIVE_INFINITY })).toThrow('finite numbers');
  });
});
