import { readFileSync } from 'node:fs';
import {
  ACTIVATIONS,
  type Activation,
  activate,
  branches,
  type ConvolutionOptions,
  convolution,
  type DenseOptions,
  dense,
  dropout,
  erfActivation,
  flatten,
  globalPooling,
  type Layer,
  layerNorm,
  network,
  type Padding,
  pooling,
  relu,
  residual,
  serial,
} from '@sntk/architecture';
import {
  exponential,
  gaussian,
  gelu,
  leakyRelu,
  monomial,
  polynomial,
  rbf,
  sine,
} from '@sntk/architecture/activations';
import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
import { describe, expect, it } from 'vitest';
import { analyticKernel } from '../src/index.ts';

type Kind = 'sequences' | 'images';
interface Kernels {
  readonly nngp: readonly number[];
  readonly ntk: readonly number[];
}

const { points, networks } = JSON.parse(
  readFileSync(new URL('./fixtures/convolutions.json', import.meta.url), 'utf8'),
) as {
  points: Record<Kind, { X: number[]; Z: number[] }>;
  networks: Record<string, { XX: Kernels; XZ: Kernels }>;
};

const backend = ndarrayBackend();
const SHAPES = { sequences: [7, 2], images: [6, 5, 2] } as const;
const variances = { weightVariance: 1.5, biasVariance: 0.3 };
const conv = (window: readonly number[], options: ConvolutionOptions & { channels?: number } = {}): Layer => {
  const { channels = 4, ...rest } = options;
  return convolution(channels, window, { ...variances, ...rest });
};
const end = (options: DenseOptions = {}): Layer => dense(4, { ...variances, ...options });
const [phi, psi, curved] = [relu, erfActivation, gelu].map(activate);
const average = globalPooling('average');
const standard = { parameterization: 'standard' } as const;
const free = { biasVariance: 0 };
const strided = { strides: [2, 2] };
const c33 = conv([3, 3]);

const built: Record<string, Layer> = {
  'images, standard, flatten': serial(
    conv([3, 3], standard),
    phi,
    conv([3, 3], standard),
    phi,
    flatten,
    end(standard),
    phi,
    end(standard),
  ),
  'images, no bias, standard': serial(
    conv([3, 3], { ...free, ...standard }),
    curved,
    conv([2, 2], { ...free, ...standard }),
    phi,
    average,
    end({ ...free, ...standard }),
  ),
  'images, even window': serial(
    conv([2, 4]),
    phi,
    conv([4, 2], { padding: 'circular' }),
    phi,
    flatten,
    end(),
  ),
  'images, dense at sites': serial(end(standard), phi, c33, psi, end(), phi, average, end()),
  'images, residual, flatten': serial(
    c33,
    residual(phi, c33, phi, conv([3, 3], standard)),
    residual(phi, c33),
    phi,
    flatten,
    end(),
  ),
  'images, residual, average': serial(
    c33,
    residual(phi, conv([3, 3], { padding: 'circular' })),
    phi,
    average,
    end(),
  ),
  'images, residual, strides': serial(
    c33,
    branches('sum', conv([1, 1], strided), serial(phi, conv([3, 3], strided))),
    phi,
    average,
    end(),
  ),
  'images, pooling in a branch': serial(
    c33,
    branches('sum', pooling('average', [3, 3], { strides: [1, 1], padding: 'same' }), serial(phi, c33)),
    phi,
    flatten,
    end(),
  ),
  'images, concatenation': serial(
    c33,
    branches('concatenate', serial(conv([1, 3]), phi), serial(conv([3, 1], { channels: 8 }), psi)),
    conv([2, 2], standard),
    phi,
    average,
    end(),
  ),
  'images, product': serial(branches('product', c33, serial(c33, phi, c33)), c33, phi, average, end()),
  'images, layer norm': serial(c33, layerNorm(), phi, c33, layerNorm(0.25), psi, average, end()),
  'images, dropout': serial(c33, phi, dropout(0.75), c33, psi, dropout(0.5), average, end()),
  'images, linear, sum': serial(c33, globalPooling('sum'), end(), phi, end()),
  'images, activation after pooling': serial(
    c33,
    pooling('average', [2, 2], { padding: 'same' }),
    phi,
    c33,
    average,
    phi,
    end(),
  ),
  'images, deep': serial(
    ...Array.from({ length: 10 }, () => serial(conv([3, 3], { weightVariance: 2, biasVariance: 0 }), phi)),
    flatten,
    end(),
  ),
  'sequences, three poolings': serial(
    conv([3]),
    phi,
    pooling('average', [2], { strides: [1] }),
    conv([3]),
    curved,
    pooling('sum', [2], { padding: 'same' }),
    conv([2], standard),
    phi,
    average,
    end(standard),
  ),
};

const activations: Record<string, Activation> = {
  ...ACTIVATIONS,
  ...Object.fromEntries(
    [
      leakyRelu(0.1),
      sine({ amplitude: 1.5, frequency: 0.75, phase: 0.25 }),
      rbf(0.5),
      gaussian({ amplitude: 2, rate: 0.25 }),
      exponential({ rate: 0.25 }),
      monomial(3),
      polynomial([0.5, -1, 0.25, 0.125]),
    ].map((activation) => [activation.name, activation]),
  ),
};

const WINDOWS = { sequences: [3], images: [3, 2] };
const STRIDES = { sequences: [2], images: [2, 3] };
const ENDS: Record<string, Layer> = { flatten, average, sum: globalPooling('sum') };

function ours(name: string): Layer {
  if (built[name]) return built[name];
  if (name.startsWith('activation ')) {
    const bent = activate(activations[name.slice('activation '.length)]);
    return serial(conv([3]), bent, conv([3]), bent, average, end());
  }
  const kind = name.split(',')[0] as Kind;
  const window = WINDOWS[kind];
  const pool = /, (average|sum) pooling ([\dx]+) (\w+)$/.exec(name);
  if (pool) {
    const sizes = pool[2].split('x').map(Number);
    const options = { strides: STRIDES[kind], padding: pool[3] as Padding };
    const layer = pooling(pool[1] as 'average' | 'sum', sizes, options);
    return serial(conv(window, free), phi, layer, conv(window), phi, flatten, end(), psi, end());
  }
  const parts = name.split(', ');
  const padding = parts[1] as Padding;
  const last = parts.at(-1)!;
  const options = last === 'average' ? standard : {};
  const moves = parts.length === 4;
  const first = conv(window, { ...options, padding, ...(moves ? { strides: STRIDES[kind] } : {}) });
  const second = conv(window, { ...options, padding: moves ? 'same' : padding });
  return serial(first, phi, second, psi, ENDS[last], end(options));
}

describe('convolutional kernels of neural-tangents 0.6.5 in float64', () => {
  it.each(Object.keys(networks))('%s: equal to 1e-9', (name) => {
    const kind = name.startsWith('images') ? 'images' : 'sequences';
    const architecture = network(SHAPES[kind], ours(name));
    const [X, Z] = (['X', 'Z'] as const).map((which) => {
      const entries = points[kind][which];
      return tensor(Float64Array.from(entries), {
        backend,
        shape: [entries.length / architecture.inputs, architecture.inputs],
      });
    });
    const found = { XX: analyticKernel(architecture, { X }), XZ: analyticKernel(architecture, { X, Z }) };
    for (const block of ['XX', 'XZ'] as const) {
      for (const kernel of ['nngp', 'ntk'] as const) {
        const theirs = networks[name][block][kernel];
        const scale = Math.max(...theirs.map(Math.abs));
        const all = [...toArray(found[block][kernel])];
        // Of a symmetric block the lower half is stored.
        const entries = block === 'XZ' ? all : all.filter((_, at) => at % 3 <= Math.floor(at / 3));
        expect(entries.length).toBe(theirs.length);
        entries.forEach((value, at) => {
          // Their angles come from cosines: ten layers of rounded diagonals are 1e-8 off, which is no error of ours
          // (convolution-recursions.test.ts).
          const deepDiagonal = name === 'images, deep' && block === 'XX' && [0, 2, 5].includes(at);
          const tolerance = (deepDiagonal ? 1e-7 : 1e-9) * scale;
          expect(Math.abs(value - theirs[at]), `${block} ${kernel} ${at}`).toBeLessThanOrEqual(tolerance);
        });
      }
    }
  });
});
