import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  allFinite,
  checkChoice,
  checkFinite,
  checkInteger,
  checkLength,
  checkNonNegative,
  checkPositive,
  NumericalError,
  SntkError,
  show,
} from '../src/index.ts';

describe('errors name function, argument, wanted, got and fix', () => {
  it('reads as one sentence', () => {
    const error = new ArgumentError({
      where: 'twoMoons',
      argument: 'options.noise',
      wanted: 'at least 0',
      got: -1,
      fix: 'pass 0 for clean moons',
    });
    expect(error.message).toBe('twoMoons: options.noise must be at least 0, got -1; pass 0 for clean moons');
    expect(error).toBeInstanceOf(SntkError);
    expect(error.name).toBe('ArgumentError');
  });

  it('carries machine-readable details of a numerical failure', () => {
    const error = new NumericalError({ where: 'train', found: 'loss is 1e9', details: { step: 3 } });
    expect(error.details).toEqual({ step: 3 });
    expect(error.message).toBe('train: loss is 1e9');
  });

  it('shows long values in short', () => {
    expect(show(new Float64Array(900))).toBe('Float64Array(900)');
    expect(show(Array.from({ length: 20 }, () => 1))).toBe('an array of 20');
    expect(show({ a: 1 })).toBe('an object with keys a');
  });
});

describe('checks', () => {
  it('refuse the wrong side of every boundary', () => {
    expect(() => checkInteger('f', 'n', 0, 1)).toThrow('f: n must be an integer of at least 1, got 0');
    expect(() => checkInteger('f', 'n', 1.5)).toThrow('got 1.5');
    expect(() => checkPositive('f', 'h', 0)).toThrow('above 0');
    expect(() => checkPositive('f', 'h', Number.NaN)).toThrow('got NaN');
    expect(() => checkNonNegative('f', 'h', Number.POSITIVE_INFINITY)).toThrow('got Infinity');
    expect(() => checkChoice('f', 'c', 'x', ['a', 'b'])).toThrow('one of a, b, got "x"');
    expect(() => checkFinite('f', 'X', [0, Number.NaN])).toThrow('NaN at position 1');
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const values = Float64Array.of(Number.MAX_VALUE, -Number.MAX_VALUE, 0, bad, 1);
      expect(() => checkFinite('f', 'X', values)).toThrow(`${bad} at position 3`);
    }
    expect(() => checkLength('f', 'y', [1], 2, 'one per row of X')).toThrow('of length 2 (one per row of X)');
  });

  it('return what they accept', () => {
    expect(checkInteger('f', 'n', 0)).toBe(0);
    checkFinite('f', 'X', Float64Array.of(Number.MAX_VALUE, Number.MAX_VALUE, -0));
    expect(checkPositive('f', 'h', 1e-300)).toBe(1e-300);
    expect(checkNonNegative('f', 'h', 0)).toBe(0);
    expect(checkChoice('f', 'c', 'a', ['a', 'b'])).toBe('a');
  });

  it('and tells whether there are such entries, wherever they stand', () => {
    for (const Type of [Float64Array, Float32Array]) {
      for (let length = 0; length < 6; length++) {
        expect(allFinite(new Type(length).fill(-1e38))).toBe(true);
        for (let at = 0; at < length; at++) {
          for (const bad of [Number.NaN, Infinity, -Infinity]) {
            expect(allFinite(new Type(length).fill(bad, at, at + 1))).toBe(false);
          }
        }
      }
    }
  });
});
