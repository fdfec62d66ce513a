import {
  type Activation,
  type ActivationDual,
  activate,
  branches,
  convolution,
  dense,
  dropout,
  erfActivation,
  flatten,
  fullyConnected,
  globalPooling,
  identity,
  type Layer,
  layerNorm,
  network,
  pooling,
  relu,
  residual,
  serial,
} from '@sntk/architecture';
import { exponential, tanh } from '@sntk/architecture/activations';
import { eigh, ndarrayBackend, type Tensor, tensor, toArray } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { analyticKernel, kernelBlocks, kernelDiagonals, kernelGradient, kernelVjp } from '../src/index.ts';

const backend = ndarrayBackend();
const phi = activate(relu);
const options = { weightVariance: 1.7, biasVariance: 0.2 };
const free = { weightVariance: 1.7, biasVariance: 0 };
const conv = (window: readonly number[], more: object = {}): Layer =>
  convolution(3, window, { ...options, ...more });
const average = globalPooling('average');

/** Random images, the second equal to the first, the third 1e-8 from it, then opposite, parallel, flat and zero ones. */
function hardImages(seed: string, shape: readonly number[], count = 8): Tensor {
  const size = shape.reduce((a, b) => a * b);
  const data = new Float64Array(count * size);
  createRng(seed).fillNormal(data);
  for (let p = 0; p < size; p++) {
    data[size + p] = data[p];
    data[2 * size + p] = data[p] + (p === 1 ? 1e-8 : 0);
    data[3 * size + p] = -data[p];
    data[4 * size + p] = 2 * data[p];
    data[5 * size + p] = 0.5;
    data[6 * size + p] = 0;
  }
  return tensor(data, { backend, shape: [count, size] });
}

function expectSame(a: Tensor, b: Tensor, digits: number): void {
  expect(a.shape).toEqual(b.shape);
  const [x, y] = [toArray(a), toArray(b)];
  const scale = Math.max(...y.map(Math.abs));
  x.forEach((value, i) => {
    expect(Math.abs(value - y[i]), `entry ${i}`).toBeLessThanOrEqual(digits * scale);
  });
}

const X = hardImages('images', [3, 4, 2]);
const kernels = (...layers: Layer[]) => analyticKernel(network([3, 4, 2], ...layers), { X });

/** Both kernels of two networks agree to this share of the largest entry; bit for bit where it is 0. */
function expectEqual(first: readonly Layer[], second: readonly Layer[], digits: number): void {
  const [a, b] = [kernels(...first), kernels(...second)];
  expectSame(a.nngp, b.nngp, digits);
  expectSame(a.ntk, b.ntk, digits);
}

describe('kernels of convolutional networks', () => {
  const body = serial(conv([3, 3]), phi, conv([2, 3], { padding: 'circular' }), activate(erfActivation));
  const end = dense(1, options);

  it.each([
    ['flatten', serial(body, flatten, end)],
    ['global pooling', serial(body, average, end)],
    ['pooling between', serial(body, pooling('average', [2, 2]), conv([1, 2]), phi, flatten, end)],
    [
      'residual branches',
      serial(conv([3, 3]), residual(phi, conv([3, 3])), residual(phi, conv([1, 1])), phi, average, end),
    ],
  ])('are symmetric to the last bit and positive semidefinite to rounding: %s', (_, layer) => {
    const architecture = network([3, 4, 2], layer);
    const found = analyticKernel(architecture, { X });
    const diagonals = kernelDiagonals(architecture, { X });
    const N = X.shape[0];
    for (const name of ['nngp', 'ntk'] as const) {
      const K = toArray(found[name]);
      for (let i = 0; i < N; i++) {
        for (let j = 0; j < i; j++) expect(K[i * N + j]).toBe(K[j * N + i]);
        expect(K[i * N + i]).toBe(toArray(diagonals[name])[i]);
      }
      // Equal images.
      expect(Math.abs(K[1] - K[0])).toBeLessThanOrEqual(1e-14 * K[0]);
      const { values } = eigh(found[name]);
      expect(values[0]).toBeGreaterThanOrEqual(-1e-13 * N * values[N - 1]);
    }
  });

  it('are, for a window of one site, those of a dense layer at each site', () => {
    const one = conv([1, 1], { parameterization: 'standard' });
    const same = dense(3, { ...options, parameterization: 'standard' });
    expectEqual([one, phi, one, phi, average, end], [same, phi, same, phi, average, end], 0);
  });

  it('are, for a window of the whole image, those of a dense layer after flattening', () => {
    const whole = conv([3, 4], { padding: 'valid' });
    expectEqual([body, whole, phi, flatten, end], [body, flatten, dense(3, options), phi, end], 1e-14);
  });

  it('are, for flattened images, those of the fully connected network', () => {
    const flat = fullyConnected({ inputs: 24, hidden: [5, 5], ...options, parameterization: 'standard' });
    const found = analyticKernel(network([3, 4, 2], flatten, ...flat.layers), { X });
    const wanted = analyticKernel(flat, { X });
    expectSame(found.nngp, wanted.nngp, 1e-14);
    expectSame(found.ntk, wanted.ntk, 1e-14);
  });

  it('are, for flattened images that differ in the sign of a faint site, those of the fully connected network', () => {
    // Nearly equal, though a term of the sum over sites has the other sign.
    const faint = tensor([1, 1e-4, 1, -1e-4, -1, 1e-4], { backend, shape: [3, 2] });
    const layers = [dense(3, free), phi, dense(1, free)];
    const found = analyticKernel(network([2, 1], flatten, ...layers), { X: faint });
    const wanted = analyticKernel(network(2, ...layers), { X: faint });
    expectSame(found.nngp, wanted.nngp, 1e-14);
    expectSame(found.ntk, wanted.ntk, 1e-14);
  });

  it.each([
    ['layer norm', serial(dense(3, options), layerNorm(0.1), phi)],
    // So little that nearly equal units stay so.
    ['dropout', serial(dense(3, options), phi, dropout(0.995))],
    ['a product', branches('product', dense(3, options), serial(dense(3, options), phi, dense(3, options)))],
    ['a concatenation', serial(dense(3, options), branches('concatenate', phi, activate(erfActivation)))],
    ['a sum', serial(dense(3, free), residual(phi, dense(3, options)), phi)],
  ])('are, for images of one site, those of the network of flat inputs: %s', (_, block) => {
    const points = hardImages('one site', [1, 3]);
    const layers = [block, dense(3, free), phi, end];
    const found = analyticKernel(network([1, 3], ...layers, flatten, end), { X: points });
    const wanted = analyticKernel(network(3, ...layers, end), { X: points });
    expectSame(found.nngp, wanted.nngp, 1e-14);
    expectSame(found.ntk, wanted.ntk, 1e-14);
  });

  it.each(['average', 'sum'] as const)(
    'are, for pooling by %s right after a dense layer, those of pooled images, for some 1e-4 apart as well',
    (reduce) => {
      const data = Float64Array.from(toArray(hardImages('pooled first', [4, 3])));
      for (let p = 24; p < 36; p++) data[p] = data[p - 24] * (1 + 1e-4 * Math.sin(7 * p));
      const pooled = Float64Array.from({ length: 48 }, (_, at) => {
        const [pair, channel] = [Math.floor(at / 3), at % 3];
        const sum = data[6 * pair + channel] + data[6 * pair + 3 + channel];
        return reduce === 'average' ? sum / 2 : sum;
      });
      const after = [phi, conv([1]), phi, flatten, end];
      const kernelsOf = (sites: number, entries: Float64Array, ...first: Layer[]) =>
        analyticKernel(network([sites, 3], ...first, ...after), {
          X: tensor(entries, { backend, shape: [8, 3 * sites] }),
        });
      const found = kernelsOf(4, data, dense(3, free), pooling(reduce, [2]));
      const wanted = kernelsOf(2, pooled, dense(3, free));
      // A gap of 1e-8 has 8 digits, so that an angle of 1e-4 is good to 1e-12.
      expectSame(found.nngp, wanted.nngp, 1e-11);
      expectSame(found.ntk, wanted.ntk, 1e-11);
    },
  );

  it('need no dense layer beside a convolution, however small its variance', () => {
    const alone = (weightVariance: number) =>
      analyticKernel(
        network(
          [3, 4, 2],
          convolution(1, [3, 4], { weightVariance, padding: 'valid', biasVariance: 0 }),
          flatten,
        ),
        { X },
      );
    expectSame(
      alone(0.25).ntk,
      kernels(flatten, dense(1, { weightVariance: 0.25, biasVariance: 0 })).ntk,
      1e-14,
    );
  });

  it('have the two parameterizations as cases of scales of their own', () => {
    const { weightVariance, biasVariance } = options;
    const fanIn = (channels: number) => ({
      weightScale: Math.sqrt(weightVariance / (9 * channels)),
      biasScale: Math.sqrt(biasVariance),
    });
    const chain = (first: object, second: object): Layer[] => [
      conv([3, 3], first),
      phi,
      conv([3, 3], second),
      phi,
      average,
      end,
    ];
    const own = { parameterization: { weightScale: 1, biasScale: 1 } };
    const standard = { parameterization: 'standard' };
    expectEqual(chain(own, own), chain(standard, standard), 0);
    expectEqual(chain({ parameterization: fanIn(2) }, { parameterization: fanIn(3) }), chain({}, {}), 1e-14);
  });

  it('are the same whether other pairs of sites are carried along or not', () => {
    const idle = pooling('average', [1, 1]);
    expectEqual([body, idle, flatten, end], [body, flatten, end], 1e-14);
    expectEqual([body, branches('sum', idle), flatten, end], [body, flatten, end], 1e-14);
  });

  it('have global pooling as pooling over a window of all sites', () => {
    expectEqual([body, average, end], [body, pooling('average', [3, 4]), flatten, end], 1e-14);
    const scaled = { weightVariance: options.weightVariance / 144, biasVariance: options.biasVariance };
    const [sum, mean] = [
      [body, globalPooling('sum'), dense(1, scaled)],
      [body, average, end],
    ];
    expectEqual(sum, mean, 1e-14);
  });

  it('do not see a circular shift, of either image, under circular convolutions and global pooling', () => {
    const circular = { padding: 'circular' };
    const layers = [conv([3, 3], circular), phi, conv([2, 2], circular), phi, average, end];
    const architecture = network([3, 4, 2], ...layers);
    const entries = toArray(X);
    const shifted = Float64Array.from(entries, (_, at) => {
      const [image, rest] = [Math.floor(at / 24), at % 24];
      const [row, column] = [Math.floor(rest / 8), Math.floor(rest / 2) % 4];
      return entries[image * 24 + ((row + 1) % 3) * 8 + ((column + 2) % 4) * 2 + (rest % 2)];
    });
    const Z = tensor(shifted, { backend, shape: X.shape });
    const plain = analyticKernel(architecture, { X, Z: X });
    const moved = analyticKernel(architecture, { X, Z });
    // Sums run in another order; nearly equal images then differ by rounding of the angle.
    expectSame(moved.nngp, plain.nngp, 1e-13);
    expectSame(moved.ntk, plain.ntk, 1e-13);
  });

  it('come in blocks of rows, equal to the last bit, and from images as tensors', () => {
    const architecture = network([3, 4, 2], body, average, end);
    const whole = analyticKernel(architecture, { X });
    const images = tensor(toArray(X), { backend, shape: [8, 3, 4, 2] });
    for (const rows of [1, 3, 8]) {
      const found: number[] = [];
      for (const block of kernelBlocks(architecture, { X: images, rows })) found.push(...toArray(block.ntk));
      expect(found).toEqual([...toArray(whole.ntk)]);
    }
    const blocks = [...kernelBlocks(architecture, { X, Z: X, rows: 5 })];
    expect(blocks.map(({ start, stop }) => [start, stop])).toEqual([
      [0, 5],
      [5, 8],
    ]);
    expectSame(blocks[0].nngp, tensor(toArray(whole.nngp).slice(0, 40), { backend, shape: [5, 8] }), 1e-14);
  });

  it('are finite where pooling cancels sites, to nothing or to rounding errors', () => {
    const opposite = tensor(
      [
        [1, -1, 0, 0],
        [0.1, 0.2, -0.3, 0],
        [0.3, -0.1, -0.2, 1e-17],
        [1, 2, 3, 4],
      ],
      { backend },
    );
    const free = { weightVariance: 2, biasVariance: 0 };
    for (const reduce of ['average', 'sum'] as const) {
      for (const activation of [relu, erfActivation]) {
        const layers = [convolution(1, [1], free), pooling(reduce, [4]), activate(activation), flatten];
        const found = analyticKernel(network([4, 1], ...layers, dense(1, free)), { X: opposite });
        for (const kernel of [found.nngp, found.ntk]) {
          expect([...toArray(kernel)].every(Number.isFinite)).toBe(true);
          const { values } = eigh(kernel);
          expect(values[0]).toBeGreaterThanOrEqual(-1e-14 * values[3]);
        }
      }
    }
  });

  it('go over any number of spatial axes', () => {
    const cubes = hardImages('cubes', [2, 2, 2, 1]);
    const cube = { ...options, padding: 'valid' } as const;
    const [found, wanted] = [
      [convolution(3, [2, 2, 2], cube), phi, flatten, dense(1)],
      [flatten, dense(3, options), phi, dense(1)],
    ].map((layers) => analyticKernel(network([2, 2, 2, 1], ...layers), { X: cubes }));
    expectSame(found.ntk, wanted.ntk, 1e-14);
  });

  it('take activations with moments by quadrature', () => {
    const few = hardImages('few', [3, 1], 7);
    const layers = [conv([3]), activate(tanh), conv([3]), activate(tanh), flatten, end];
    const { nngp } = analyticKernel(network([3, 1], ...layers), { X: few });
    expect(eigh(nngp).values[0]).toBeGreaterThanOrEqual(-1e-12);
  });
});

describe('moments by quadrature between sites', () => {
  it.each([
    ['flatten', flatten],
    ['global pooling', average],
  ])('come from tables that agree with the quadrature: %s', (_, last) => {
    const few = hardImages('few', [3, 1], 7);
    const kernelsOf = (activation: Activation) => {
      const layers = [conv([3]), activate(activation), conv([3]), activate(activation), last, dense(1)];
      return analyticKernel(network([3, 1], ...layers), { X: few });
    };
    const { many: _many, ...careful } = tanh.dual;
    let pairs = 0;
    const counted: ActivationDual['pair'] = (p, out) => {
      pairs++;
      tanh.dual.pair(p, out);
    };
    const exact = kernelsOf({ ...tanh, dual: { ...careful, pair: counted } });
    expect(pairs).toBeGreaterThan(100);
    pairs = 0;
    const found = kernelsOf({ ...tanh, dual: { ...tanh.dual, pair: counted } });
    expect(pairs).toBe(0);
    expectSame(found.nngp, exact.nngp, 1e-11);
    expectSame(found.ntk, exact.ntk, 1e-11);
  });
});

describe('networks of images that have no kernel', () => {
  const end = dense(1);

  it('are refused by the place of the layer', () => {
    expect(() => kernels(conv([3]), flatten, end)).toThrow('architecture.layers[0]');
    expect(() => kernels(conv([3]), flatten, end)).toThrow(
      '2 spatial axes, got "a window over 1 spatial axis"',
    );
    expect(() => kernels(conv([4, 4], { padding: 'valid' }), flatten, end)).toThrow(
      'no larger than the 3 × 4 sites',
    );
    expect(() => kernels(flatten, serial(identity, conv([1, 1])), end)).toThrow('layers[1].layers[1]');
    expect(() => kernels(flatten, end, average)).toThrow('architecture.layers[2]');
    expect(() => kernels(conv([3, 3]), phi)).toThrow('flatten or globalPooling');
    const sequences = tensor(new Float64Array(6), { backend, shape: [2, 3] });
    expect(() => analyticKernel(network([3, 1], conv([3])), { X: sequences })).toThrow('got "3 sites"');
    expect(() => kernels(conv([3, 3]), flatten, phi, end)).toThrow('units that are not Gaussian');
    expect(() => kernels(average)).toThrow('at least one dense layer');
    expect(() =>
      kernels(branches('sum', conv([3, 3]), conv([3, 3], { strides: [2, 2] })), flatten, end),
    ).toThrow('branches of the same spatial axes');
    const flat = network(24, conv([3, 3]), flatten, end);
    expect(() => analyticKernel(flat, { X })).toThrow('give network() the sizes of an image');
  });

  it('are refused by functions of flat inputs', () => {
    const images = network([3, 4, 2], flatten, end);
    expect(() => kernelGradient(images, { X })).toThrow(
      'kernelGradient: architecture.inputShape must be absent here',
    );
    expect(() => kernelVjp(images, { X, ntk: X })).toThrow('kernelVjp: architecture.inputShape');
  });

  it('are refused for images of another shape, and rows that are not finite or overflow', () => {
    const architecture = network([3, 4, 2], conv([3, 3]), activate(exponential()), average, end);
    const zeros = (shape: number[], at = -1, value = 0): Tensor => {
      const data = new Float64Array(shape.reduce((a, b) => a * b));
      if (at >= 0) data[at] = value;
      return tensor(data, { backend, shape });
    };
    expect(() => analyticKernel(architecture, { X: zeros([2, 4, 3, 2]) })).toThrow(
      'options.X must be of shape [N, 24] or [N, 3, 4, 2]',
    );
    expect(() => analyticKernel(architecture, { X: zeros([2, 24], 30, Number.NaN) })).toThrow('row 1');
    expect(() => kernelDiagonals(architecture, { X: zeros([2, 24], 30, 1e5) })).toThrow('row 1 of options.X');
    expect(() => analyticKernel(architecture, { X, Z: zeros([2, 24], 30, 1e5) })).toThrow(
      'row 1 of options.Z',
    );
  });

  it('are refused before anything is allocated where they would not fit', () => {
    const large = network([128, 128, 1], conv([3, 3]), phi, average, end);
    const one = tensor(new Float64Array(128 * 128), { backend, shape: [1, 128 * 128] });
    expect(() => analyticKernel(large, { X: one })).toThrow('12 GiB of pairs of sites');
    expect(() => analyticKernel(large, { X: one })).toThrow('flatten in place of pooling');
    const flat = network([128, 128, 1], conv([3, 3]), phi, flatten, end);
    expect(analyticKernel(flat, { X: one, Z: one }).ntk.shape).toEqual([1, 1]);
    const many = tensor(new Float64Array(40000), { backend, shape: [20000, 2] });
    const small = network([2, 1], conv([3]), phi, flatten, end);
    expect(() => analyticKernel(small, { X: many })).toThrow('kernelBlocks');
  });
});
