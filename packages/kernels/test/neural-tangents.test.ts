import { readFileSync } from 'node:fs';
import {
  ACTIVATIONS,
  type Activation,
  activate,
  branches,
  type DenseOptions,
  dense,
  dropout,
  erfActivation,
  type Layer,
  layerNorm,
  network,
  relu,
  residual,
  serial,
} from '@sntk/architecture';
import {
  abRelu,
  cosine,
  erfWith,
  exponential,
  gaussian,
  leakyRelu,
  monomial,
  normalizedExponential,
  polynomial,
  rbf,
  rectifiedMonomial,
  sine,
} from '@sntk/architecture/activations';
import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
import { describe, expect, it } from 'vitest';
import { analyticKernel } from '../src/index.ts';

interface Kernels {
  readonly nngp: readonly (number | null)[];
  readonly ntk: readonly (number | null)[];
}

const { X, Z, networks } = JSON.parse(
  readFileSync(new URL('./fixtures/neural-tangents.json', import.meta.url), 'utf8'),
) as { X: number[][]; Z: number[][]; networks: Record<string, { XX: Kernels; XZ: Kernels }> };

const backend = ndarrayBackend();
const activations: Record<string, Activation> = {
  ...ACTIVATIONS,
  ...Object.fromEntries(
    [
      leakyRelu(0.1),
      abRelu({ negative: -0.5, positive: 2 }),
      erfWith({ outer: 0.5, inner: 0.75, shift: 0.25 }),
      sine({ amplitude: 1.5, frequency: 0.75, phase: 0.25 }),
      cosine({ amplitude: 1.5, frequency: 0.75, phase: 0.25 }),
      rbf(0.5),
      gaussian({ amplitude: 2, rate: 0.25 }),
      exponential({ rate: 0.25 }),
      normalizedExponential({ rate: 0.75 }),
      monomial(3),
      rectifiedMonomial(2),
      polynomial([0.5, -1, 0.25, 0.125]),
    ].map((activation) => [activation.name, activation]),
  ),
};

const layer = (options: DenseOptions = {}) =>
  dense(8, { weightVariance: 1.5, biasVariance: 0.3, ...options });
const chain = (activation: Activation, depth: number, options: DenseOptions = {}): Layer =>
  serial(
    layer(options),
    ...Array.from({ length: depth }, () => serial(activate(activation), layer(options))),
  );
const [phi, psi] = [activate(relu), activate(erfActivation)];

const built: Record<string, Layer> = {
  'rectifiedMonomial(2), one layer': chain(rectifiedMonomial(2), 1),
  'relu, no bias, 20 layers': chain(relu, 20, { weightVariance: 2, biasVariance: 0 }),
  'erf, no bias, standard': chain(erfActivation, 3, { biasVariance: 0, parameterization: 'standard' }),
  residual: serial(
    layer(),
    residual(phi, layer()),
    residual(psi, layer({ parameterization: 'standard' })),
    phi,
    layer(),
  ),
  product: serial(branches('product', layer(), serial(layer(), psi, layer())), layer(), phi, layer()),
  'sum of three': serial(
    layer(),
    branches('sum', layer(), serial(phi, layer()), serial(psi, layer())),
    phi,
    layer(),
  ),
  'layer norm': serial(layer(), layerNorm(), phi, layer(), layerNorm(), psi, layer()),
  'layer norm, large epsilon': serial(layer(), layerNorm(0.25), phi, layer()),
  dropout: serial(layer(), phi, dropout(0.75), layer(), psi, dropout(0.5), layer()),
  concatenation: serial(
    layer(),
    branches('concatenate', serial(layer(), phi), serial(layer(), psi)),
    layer(),
  ),
};

function ours(name: string): Layer {
  if (built[name]) return built[name];
  const [, activation, parameterization] = /^(.*), (ntk|standard)$/.exec(name)!;
  return chain(activations[activation], 2, {
    parameterization: parameterization as 'ntk' | 'standard',
  });
}

describe('kernels of neural-tangents 0.6.5 in float64', () => {
  it.each(Object.keys(networks))('%s: equal to 1e-9', (name) => {
    const architecture = network(3, ours(name));
    const x = tensor(X, { backend });
    const z = tensor(Z, { backend });
    const found = {
      XX: analyticKernel(architecture, { X: x }),
      XZ: analyticKernel(architecture, { X: x, Z: z }),
    };
    for (const block of ['XX', 'XZ'] as const) {
      for (const kernel of ['nngp', 'ntk'] as const) {
        const theirs = networks[name][block][kernel];
        const scale = Math.max(...theirs.map((value) => Math.abs(value ?? 0)));
        toArray(found[block][kernel]).forEach((value, i) => {
          const their = theirs[i];
          // Their rectified monomials are NaN at equal inputs, and in deeper networks everywhere.
          if (their === null) expect(Number.isFinite(value)).toBe(true);
          else expect(Math.abs(value - their), `${block} ${kernel} ${i}`).toBeLessThanOrEqual(1e-9 * scale);
        });
      }
    }
  });
});
