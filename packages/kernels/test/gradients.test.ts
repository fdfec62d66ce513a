import { readFileSync } from 'node:fs';
import {
  ACTIVATIONS,
  type Activation,
  type Architecture,
  activate,
  branches,
  dense,
  dropout,
  erfActivation,
  fullyConnected,
  identity,
  type Layer,
  layerNorm,
  network,
  relu,
  repeat,
  residual,
  serial,
} from '@sntk/architecture';
import {
  exponential,
  leakyRelu,
  normalizedExponential,
  rectifiedMonomial,
} from '@sntk/architecture/activations';
import { ndarrayBackend, type Tensor, tensor, toArray } from '@sntk/linalg';
import { describe, expect, it } from 'vitest';
import { analyticKernel, kernelGradient, kernelVjp, type ScaleName } from '../src/index.ts';

type Both = readonly [nngp: number, ntk: number];
interface Row {
  readonly activation: string;
  readonly w: number;
  readonly b: number;
  readonly depth: number;
  /** Lower triangle, row by row. */
  readonly pairs: readonly {
    /** By shared w, shared b, the first layer's w and the last layer's b. */
    readonly scales: readonly Both[];
    /** By the coordinates of x and z. */
    readonly points: readonly Both[] | null;
  }[];
}

const { X: all, rows } = JSON.parse(
  readFileSync(new URL('./fixtures/gradients.json', import.meta.url), 'utf8'),
) as { X: number[][]; rows: Row[] };

const byName: Record<string, Activation> = { ...ACTIVATIONS, 'leakyRelu(0.125)': leakyRelu(0.125) };
const backend = ndarrayBackend();

describe.each(rows)('gradients of $activation, σ_b² = $b, $depth hidden layers', (row) => {
  const X = row.b === 0 ? all.slice(1) : all;
  const network = fullyConnected({
    inputs: 2,
    hidden: Array.from({ length: row.depth }, () => 1),
    activation: byName[row.activation],
    weightVariance: row.w,
    biasVariance: row.b,
  });
  const points = tensor(X, { backend });

  it('by σ_w² and σ_b², shared and per layer, agree with differences at 200 digits', () => {
    const found = kernelGradient(network, {
      X: points,
      withRespectTo: [
        { name: 'weightVariance' },
        { name: 'biasVariance' },
        { name: 'weightVariance', layer: 0 },
        { name: 'biasVariance', layer: row.depth },
      ],
    });
    const values = found.derivatives.map(({ nngp, ntk }) => [toArray(nngp), toArray(ntk)]);
    for (let k = 0; k < 4; k++) {
      for (const which of [0, 1]) {
        const diagonal = X.map((_, i) => row.pairs[(i * (i + 3)) / 2].scales[k][which]);
        for (let i = 0, at = 0; i < X.length; i++) {
          for (let j = 0; j <= i; j++, at++) {
            const exact = row.pairs[at].scales[k][which];
            const scale = Math.max(Math.abs(exact), Math.sqrt(Math.abs(diagonal[i] * diagonal[j])));
            const error = Math.abs(values[k][which][i * X.length + j] - exact);
            expect(error, `scale ${k}, kernel ${which}, points ${i} and ${j}: ${exact}`).toBeLessThanOrEqual(
              1e-12 * scale,
            );
          }
        }
      }
    }
    const plain = analyticKernel(network, { X: points });
    expect([...toArray(found.ntk)]).toEqual([...toArray(plain.ntk)]);
    expect([...toArray(found.nngp)]).toEqual([...toArray(plain.nngp)]);
  });

  it('by points agree with differences at 200 digits', () => {
    for (let i = 0, at = 0; i < X.length; i++) {
      for (let j = 0; j <= i; j++, at++) {
        const exact = row.pairs[at].points;
        if (!exact) continue;
        for (const which of [0, 1] as const) {
          const one = tensor([[1]], { backend });
          const found = kernelVjp(network, {
            X: tensor([X[i]], { backend }),
            Z: tensor([X[j]], { backend }),
            [which === 0 ? 'nngp' : 'ntk']: one,
          });
          const all = [...toArray(found.X), ...toArray(found.Z!)];
          const [x, z] = [X[i], X[j]];
          // An angle is known to the rounding of |x|² − |z|² over itself.
          const near = Math.min(Math.hypot(x[0] + z[0], x[1] + z[1]), Math.hypot(x[0] - z[0], x[1] - z[1]));
          const size = Math.max(...exact.map((each) => Math.abs(each[which])));
          all.forEach((value, k) => {
            expect(Math.abs(value - exact[k][which]), `${which} ${i} ${j} ${k}`).toBeLessThanOrEqual(
              (1e-12 + (4 * Number.EPSILON * Math.hypot(...x)) / near) * size,
            );
          });
        }
      }
    }
  });
});

/** Quadratures take a millisecond a pair. */
const SLOW = new Set(['tanh', 'sigmoid', 'softplus', 'silu', 'elu', 'selu']);

const trees: [string, Layer][] = [
  [
    'residual',
    serial(dense(4), repeat(residual(activate(relu), dense(4)), 2), activate(erfActivation), dense(1)),
  ],
  [
    'normalized',
    serial(dense(4), layerNorm(0.1), activate(relu), dense(4), layerNorm(), activate(relu), dense(1)),
  ],
  ['product', serial(branches('product', dense(4), serial(dense(4), activate(relu), dense(4))), dense(1))],
  [
    'concatenation',
    serial(
      dense(4),
      branches('concatenate', activate(relu), serial(activate(erfActivation), dense(2))),
      dense(1),
    ),
  ],
  [
    'dropout',
    serial(
      dropout(0.8),
      dense(4),
      activate(relu),
      dropout(0.5),
      dense(4),
      activate(relu),
      dense(1, { parameterization: 'standard' }),
    ),
  ],
  [
    'scales of its own',
    serial(
      dense(4, { parameterization: { weightScale: 0.5, biasScale: 0.25 } }),
      activate(erfActivation),
      dense(1, { parameterization: 'standard' }),
    ),
  ],
  ...[
    ...Object.values(ACTIVATIONS).filter(({ name }) => name !== 'exponential'),
    exponential({ rate: 0.25 }),
    normalizedExponential({ rate: 0.5 }),
    rectifiedMonomial(3),
  ].map((phi): [string, Layer] => {
    const block = serial(dense(4, { weightVariance: 0.9, biasVariance: 0.2 }), activate(phi));
    return [phi.name, serial(block, SLOW.has(phi.name) ? identity : block, dense(1))];
  }),
];

describe.each(trees)('gradients of a network with %s', (title, layer) => {
  const X = tensor(
    [
      [0.4, -1.1, 0.3],
      [-0.7, 0.2, 0.9],
      [0.5, 0.5, 0.1],
    ],
    { backend },
  );
  const architecture = network(3, layer);
  /** Differences of sixth order. */
  const central = (f: (h: number) => Float64Array, h: number): Float64Array =>
    f(h).map(
      (value, k) =>
        (45 * (value - f(-h)[k]) - 9 * (f(2 * h)[k] - f(-2 * h)[k]) + (f(3 * h)[k] - f(-3 * h)[k])) /
        (60 * h),
    );
  const kernels = (built: Architecture, points: Tensor): Float64Array => {
    const { nngp, ntk } = analyticKernel(built, { X: points });
    return Float64Array.of(...toArray(nngp), ...toArray(ntk));
  };
  const size = kernels(architecture, X).reduce((a, b) => Math.max(a, Math.abs(b)), 1);

  it('are those of differences, by the scales of one layer and of all', () => {
    for (const name of ['weightVariance', 'biasVariance'] as const) {
      for (const at of SLOW.has(title) ? [undefined] : [undefined, 0, 1]) {
        const { derivatives } = kernelGradient(architecture, {
          X,
          withRespectTo: [at === undefined ? { name } : { name, layer: at }],
        });
        const found = [...toArray(derivatives[0].nngp), ...toArray(derivatives[0].ntk)];
        const exact = central((h) => kernels(moved(architecture, { name, at, h }), X), 0.004);
        // What is left out, h⁶/140 of a seventh derivative, stays below this for all of these networks.
        found.forEach((value, k) => {
          expect(Math.abs(value - exact[k]), `${name} ${at} ${k}`).toBeLessThanOrEqual(1e-8 * size);
        });
      }
    }
  });

  it('are those of differences, by the points', () => {
    const weights = [0.3, -1, 0.2, 0.7, 0.5, -0.4, 1.1, 0.25, -0.6];
    const nngp = tensor(weights, { backend, shape: [3, 3] });
    const ntk = tensor(weights.toReversed(), { backend, shape: [3, 3] });
    const found = toArray(kernelVjp(architecture, { X, nngp, ntk }).X);
    const all = [...weights, ...weights.toReversed()];
    const data = toArray(X);
    for (let p = 0; p < (SLOW.has(title) ? 2 : 9); p++) {
      const [exact] = central((h) => {
        const points = Float64Array.from(data, (x, k) => (k === p ? x + h : x));
        const K = kernels(architecture, tensor(points, { backend, shape: [3, 3] }));
        return Float64Array.of(K.reduce((sum, value, k) => sum + value * all[k], 0));
      }, 0.004);
      expect(Math.abs(found[p] - exact), `${p}`).toBeLessThanOrEqual(1e-8 * size);
    }
  });
});

/** The architecture with one variance, or that of all dense layers, moved by `h`; gains fixed by numbers stay. */
function moved(
  architecture: Architecture,
  { name, at, h }: { readonly name: ScaleName['name']; readonly at: number | undefined; readonly h: number },
): Architecture {
  let count = 0;
  const move = (layer: Layer): Layer => {
    if (layer.kind === 'serial') return { ...layer, layers: layer.layers.map(move) };
    if (layer.kind === 'branches') return { ...layer, branches: layer.branches.map(move) };
    if (layer.kind !== 'dense') return layer;
    return at === undefined || at === count++ ? { ...layer, [name]: layer[name] + h } : layer;
  };
  return { ...architecture, layers: architecture.layers.map(move) };
}

describe('gradients', () => {
  const one = fullyConnected({ inputs: 2, hidden: [1, 1] });
  const X = tensor(
    [
      [1, 2],
      [1, 2],
      [0.5, -1],
    ],
    { backend },
  );

  it('are the same for X against X and X against a copy of X, equal points included', () => {
    const [own, cross] = [kernelGradient(one, { X }), kernelGradient(one, { X, Z: X })];
    own.derivatives.forEach((each, k) => {
      toArray(each.ntk).forEach((value, i) => {
        expect(Math.abs(value - toArray(cross.derivatives[k].ntk)[i])).toBeLessThanOrEqual(
          1e-14 * Math.abs(value),
        );
      });
    });
  });

  it('take the mean of the one-sided slopes at a cusp: equal points, one of which moves', () => {
    const [x, z] = [tensor([[1, 2]], { backend }), tensor([[1, 2]], { backend })];
    const weight = tensor([[1]], { backend });
    const found = toArray(kernelVjp(one, { X: x, Z: z, ntk: weight }).X);
    const diagonal = toArray(kernelVjp(one, { X: x, ntk: weight }).X);
    const at = (h: number) =>
      toArray(analyticKernel(one, { X: tensor([[1 + h, 2]], { backend }), Z: z }).ntk)[0];
    const [right, left] = [(at(1e-6) - at(0)) / 1e-6, (at(0) - at(-1e-6)) / 1e-6];
    expect(Math.abs(right - left)).toBeGreaterThan(0.1);
    expect(found[0]).toBeCloseTo((right + left) / 2, 5);
    expect(found[0]).toBeCloseTo(diagonal[0] / 2, 13);
  });

  it('refuse what is not there, by name', () => {
    const by = (...withRespectTo: unknown[]) =>
      kernelGradient(one, { X, withRespectTo: withRespectTo as ScaleName[] });
    expect(() => by({ name: 'depth' })).toThrow(
      'kernelGradient: options.withRespectTo[0].name must be one of weightVariance, biasVariance, got "depth"',
    );
    expect(() => by({ name: 'biasVariance', layer: 3 })).toThrow(
      'options.withRespectTo[0].layer must be one of the dense layers 0 to 2, got 3',
    );
    expect(() => kernelVjp(one, { X })).toThrow('options must be nngp, ntk or both');
    expect(() => kernelVjp(one, { X, ntk: X })).toThrow('options.ntk must be of shape [3, 3], got [3, 2]');
    const broken = tensor(
      [
        [0, 1],
        [1, Number.NaN],
      ],
      { backend },
    );
    const two = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { backend },
    );
    expect(() => kernelVjp(one, { X: two, nngp: broken })).toThrow(
      'kernelVjp: options.nngp must be finite numbers, got "NaN at position 3"',
    );
    const plain: Activation = { ...relu, name: 'own', dual: { ...relu.dual!, slopes: undefined as never } };
    expect(() =>
      kernelGradient(fullyConnected({ inputs: 2, hidden: [1], activation: plain }), { X }),
    ).toThrow('dual.slopes');
    const zero = tensor(
      [
        [0, 0],
        [1, 1],
      ],
      { backend },
    );
    const unbiased = fullyConnected({ inputs: 2, hidden: [1], biasVariance: 0 });
    expect(() => kernelGradient(unbiased, { X: zero })).toThrow('the derivative of entry (0, 1)');
    const ones = tensor(
      [
        [1, 1],
        [1, 1],
      ],
      { backend },
    );
    expect(() => kernelVjp(unbiased, { X: zero, Z: zero, ntk: ones })).toThrow(
      'kernelVjp: the gradient by X at (0, 0) is',
    );
    const weights = kernelGradient(unbiased, { X: zero, withRespectTo: [{ name: 'weightVariance' }] });
    expect(toArray(weights.derivatives[0].ntk)[1]).toBe(0);
  });
});
