import {
  abRelu,
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
} from '../src/factories.ts';
import { ACTIVATIONS, type Activation } from '../src/index.ts';

const parameterized = [
  leakyRelu(0.125),
  abRelu({ negative: -0.5, positive: 2 }),
  erfWith({ outer: 0.5, inner: 0.75, shift: 0.25 }),
  sine({ amplitude: 1.5, frequency: 0.75, phase: 0.25 }),
  rbf(0.5),
  gaussian({ amplitude: 2, rate: 0.25 }),
  exponential({ rate: 0.5 }),
  normalizedExponential({ rate: 0.75 }),
  normalizedExponential({ rate: 0.75, shift: -0.25 }),
  polynomial([0.5, -1, 0.25, 0.125]),
  monomial(3),
  hermite(2),
  rectifiedMonomial(2),
  rectifiedMonomial(3),
];

/** Every registered activation, and one or more of every factory, by name. */
export const EXAMPLES: Readonly<Record<string, Activation>> = {
  ...ACTIVATIONS,
  ...Object.fromEntries(parameterized.map((activation) => [activation.name, activation])),
};
