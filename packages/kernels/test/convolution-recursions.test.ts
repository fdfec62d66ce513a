import { readFileSync } from 'node:fs';
import {
  ACTIVATIONS,
  activate,
  convolution,
  dense,
  flatten,
  globalPooling,
  type Layer,
  network,
  type Padding,
  pooling,
  residual,
  serial,
} from '@sntk/architecture';
import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
import { describe, expect, it } from 'vitest';
import { analyticKernel } from '../src/index.ts';

interface Row {
  readonly activation: string;
  readonly w: number;
  readonly b: number;
  readonly network: string;
  readonly end: string;
  /** Lower triangle, row by row. */
  readonly nngp: readonly number[];
  readonly ntk: readonly number[];
}

const { X, rows } = JSON.parse(
  readFileSync(new URL('./fixtures/convolution-recursions.json', import.meta.url), 'utf8'),
) as { X: number[][]; rows: Row[] };

const points = tensor(X.flat(), { backend: ndarrayBackend(), shape: [X.length, 4, 2] });

function layersOf({ activation, w, b, network: name, end }: Row): Layer {
  const options = { weightVariance: w, biasVariance: b };
  const phi = activate(ACTIVATIONS[activation]);
  const conv = (padding: Padding): Layer => convolution(1, [3], { ...options, padding });
  const chain = (depth: number, padding: Padding): Layer =>
    serial(...Array.from({ length: depth }, () => serial(conv(padding), phi)));
  const block = residual(phi, conv('circular'));
  const body: Record<string, Layer> = {
    'two layers, same': chain(2, 'same'),
    'ten layers, circular': chain(10, 'circular'),
    residual: serial(conv('same'), block, block, phi),
    pooled: serial(
      chain(1, 'same'),
      pooling('average', [2], { strides: [1], padding: 'circular' }),
      chain(1, 'same'),
    ),
  };
  return serial(body[name], end === 'flatten' ? flatten : globalPooling('average'), dense(1, options));
}

describe.each(rows)('convolutions with $activation, σ_b² = $b: $network, $end', (row) => {
  // After pooling between convolutions, nearly equal and parallel images keep half of the digits of their angle.
  const [angles, digits] =
    row.activation === 'relu' && row.network === 'pooled'
      ? (['1e-8', 1e-8] as const)
      : (['1e-12', 1e-12] as const);

  it(`agree with 200-digit values, Σ to 1e-12 and Θ to ${angles}, flat, equal and nearly equal images included`, () => {
    const found = analyticKernel(network([4, 2], layersOf(row)), { X: points });
    for (const name of ['nngp', 'ntk'] as const) {
      const K = toArray(found[name]);
      for (let i = 0, at = 0; i < X.length; i++) {
        for (let j = 0; j <= i; j++, at++) {
          const exact = row[name][at];
          const error = Math.abs(K[i * X.length + j] - exact);
          const tolerance = (name === 'ntk' ? digits : 1e-12) * Math.abs(exact);
          expect(error, `${name} of images ${i} and ${j}: ${exact}`).toBeLessThanOrEqual(tolerance);
        }
      }
    }
  });
});
