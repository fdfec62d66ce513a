import { readFileSync } from 'node:fs';
import { ACTIVATIONS, type Activation, fullyConnected } from '@sntk/architecture';
import { leakyRelu } from '@sntk/architecture/activations';
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

const { X, rows } = JSON.parse(
  readFileSync(new URL('./fixtures/recursions.json', import.meta.url), 'utf8'),
) as { X: number[][]; rows: Row[] };

const byName: Record<string, Activation> = { ...ACTIVATIONS, 'leakyRelu(0.125)': leakyRelu(0.125) };
const points = tensor(X, { backend: ndarrayBackend() });

describe.each(rows)('the recursions of $activation, σ_b² = $b, $depth hidden layers', (row) => {
  const network = fullyConnected({
    inputs: 2,
    hidden: Array.from({ length: row.depth }, () => 1),
    activation: byName[row.activation],
    weightVariance: row.w,
    biasVariance: row.b,
  });

  it('agree with 50-digit values to 1e-12, zero, equal, opposite, nearly equal and huge inputs included', () => {
    const found = analyticKernel(network, { X: points });
    const diagonals = kernelDiagonals(network, { X: points });
    for (const name of ['nngp', 'ntk'] as const) {
      const [K, diagonal] = [toArray(found[name]), toArray(diagonals[name])];
      for (let i = 0, at = 0; i < X.length; i++) {
        for (let j = 0; j <= i; j++, at++) {
          const exact = row[name][at];
          // GELU and leaky ReLU take both signs: near a zero only the error against the diagonal means something.
          const signed = row.activation === 'gelu' || row.activation.startsWith('leaky');
          const scale = signed ? Math.sqrt(diagonal[i] * diagonal[j]) : Math.abs(exact);
          const error = Math.abs(K[i * X.length + j] - exact);
          expect(error, `${name} of points ${i} and ${j}: ${exact}`).toBeLessThanOrEqual(1e-12 * scale);
          if (i === j) expect(diagonal[i]).toBe(K[i * X.length + i]);
        }
      }
    }
  });
});
