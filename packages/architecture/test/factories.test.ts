import { describe, expect, it } from 'vitest';
import {
  abRelu,
  cosine,
  erfWith,
  exponential,
  gaussian,
  hermite,
  leakyRelu,
  monomial,
  normalizedExponential,
  polynomial,
  rbf,
  rectifiedMonomial,
  sine,
  withQuadrature,
} from '../src/factories.ts';
import { relu } from '../src/index.ts';

const NONE = Number.NaN;

/** What a call without sense says. */
const refusals: [string, () => unknown][] = [
  [
    'abRelu: options.negative must be a finite number, got NaN',
    () => abRelu({ negative: NONE, positive: 1 }),
  ],
  ['abRelu: options.positive must be a finite number', () => abRelu({ negative: 1, positive: Infinity })],
  ['leakyRelu: slope must be a finite number, got NaN', () => leakyRelu(NONE)],
  ['erfWith: options.outer must be a finite number', () => erfWith({ outer: NONE })],
  ['erfWith: options.inner must be a finite number above 0, got 0', () => erfWith({ inner: 0 })],
  ['erfWith: options.shift must be a finite number', () => erfWith({ shift: NONE })],
  ['exponential: options.amplitude must be a finite number', () => exponential({ amplitude: NONE })],
  ['exponential: options.rate must be a finite number, got Infinity', () => exponential({ rate: Infinity })],
  [
    'normalizedExponential: options.rate must be a finite number of at least 0, got -1',
    () => normalizedExponential({ rate: -1 }),
  ],
  ['normalizedExponential: options.shift must be', () => normalizedExponential({ shift: NONE })],
  ['sine: options.amplitude must be a finite number', () => sine({ amplitude: NONE })],
  ['sine: options.frequency must be a finite number above 0, got -1', () => sine({ frequency: -1 })],
  ['cosine: options.phase must be a finite number', () => cosine({ phase: NONE })],
  ['rbf: gamma must be a finite number above 0, got 0', () => rbf(0)],
  ['gaussian: options.amplitude must be a finite number', () => gaussian({ amplitude: NONE })],
  ['gaussian: options.rate must be a finite number above 0, got -2', () => gaussian({ rate: -2 })],
  ['polynomial: coefficients must be of 1 to 31 numbers, got "0"', () => polynomial([])],
  ['polynomial: coefficients must be finite numbers', () => polynomial([1, NONE])],
  ['monomial: degree must be at most 30, got 31', () => monomial(31)],
  ['hermite: degree must be an integer of at least 0, got 1.5', () => hermite(1.5)],
  ['rectifiedMonomial: degree must be at most 10, got 11', () => rectifiedMonomial(11)],
  [
    'withQuadrature: options.points must be an integer of at least 16',
    () => withQuadrature(relu, { points: 3 }),
  ],
  ['withQuadrature: options.kinks must be finite numbers', () => withQuadrature(relu, { kinks: [NONE] })],
  [
    'withQuadrature: activation must be an activation, an object with value, derivative and secondDerivative, got an object',
    () =>
      withQuadrature({
        name: 'tanh',
        value: Math.tanh,
        derivative: (h: number) => 1 - Math.tanh(h) ** 2,
      } as never),
  ],
];

describe('factories of activations', () => {
  it.each(refusals)('refuse what means nothing: %s', (message, call) => {
    expect(call).toThrow(message);
  });
});
