import { readFileSync } from 'node:fs';
import { ACTIVATIONS, type Activation, fullyConnected } from '@sntk/architecture';
import { abRelu, erfWith, leakyRelu, rbf } from '@sntk/architecture/activations';
import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
import { describe, expect, it } from 'vitest';
import { analyticKernel, kernelDiagonals } from '../src/index.ts';

interface Row {
  readonly activation: string;
  readonly w: number;
  readonly b: number;
  readonly depth: number;
  /** Lower triangle, row by row. */
  readonly nngp: readonly number[];
  readonly ntk: readonly number[];
}

const settings = ['recursions', 'deep-recursions'].flatMap((name) => {
  const { X, rows } = JSON.parse(
    readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'),
  ) as { X: number[][]; rows: Row[] };
  return rows.map((row) => ({ ...row, X }));
});

const byName: Record<string, Activation> = {
  ...ACTIVATIONS,
  ...Object.fromEntries(
    [
      leakyRelu(0.125),
      abRelu({ negative: -0.5, positive: 2 }),
      rbf(0.5),
      erfWith({ outer: 0.5, inner: 0.75, shift: 0.25 }),
    ].map((activation) => [activation.name, activation]),
  ),
};
/** T of these has both signs: near a zero only the error against the diagonal means something. */
const SIGNED = /^(gelu|leaky|abRelu|sine|gabor)/;

describe.each(settings)('the recursions of $activation, σ_b² = $b, $depth hidden layers', (row) => {
  const network = fullyConnected({
    inputs: 2,
    hidden: Array.from({ length: row.depth }, () => 1),
    activation: byName[row.activation],
    weightVariance: row.w,
    biasVariance: row.b,
  });

  const { X } = row;
  const points = tensor(X, { backend: ndarrayBackend() });

  it('agree with 50-digit values to 1e-12, zero, equal, opposite, nearly equal and huge inputs included', () => {
    const found = analyticKernel(network, { X: points });
    const diagonals = kernelDiagonals(network, { X: points });
    for (const name of ['nngp', 'ntk'] as const) {
      const [K, diagonal] = [toArray(found[name]), toArray(diagonals[name])];
      for (let i = 0, at = 0; i < X.length; i++) {
        for (let j = 0; j <= i; j++, at++) {
          const exact = row[name][at];
          const signed = SIGNED.test(row.activation);
          const scale = signed ? Math.sqrt(diagonal[i] * diagonal[j]) : Math.abs(exact);
          const error = Math.abs(K[i * X.length + j] - exact);
          expect(error, `${name} of points ${i} and ${j}: ${exact}`).toBeLessThanOrEqual(1e-12 * scale);
          if (i === j) expect(diagonal[i]).toBe(K[i * X.length + i]);
        }
      }
    }
  });
});
