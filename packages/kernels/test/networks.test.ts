import {
  ACTIVATIONS,
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
  elu,
  exponential,
  hermite,
  monomial,
  rectifiedMonomial,
  withQuadrature,
} from '@sntk/architecture/activations';
import { type Backend, eigh, ndarrayBackend, type Tensor, tensor, toArray, toBackend } from '@sntk/linalg';
import { wasmBackend } from '@sntk/linalg-wasm';
import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import {
  analyticKernel,
  kernelBlocks,
  kernelDiagonals,
  kernelGradient,
  kernelVjp,
  multiOutput,
} from '../src/index.ts';
import { planOf } from '../src/plan.ts';
import { inputPair, readPoints } from '../src/points.ts';
import { pairRecursion } from '../src/recursion.ts';

const backend = ndarrayBackend();
const phi = activate(relu);

/** Random points with repeated, nearly equal, parallel, opposite, small and zero ones. */
function hardPoints(seed: string, count: number, d: number) {
  const data = new Float64Array(count * d);
  createRng(seed).fillNormal(data);
  for (let p = 0; p < d; p++) {
    data[d + p] = data[p];
    data[2 * d + p] = data[p] + (p === 0 ? 1e-8 : 0);
    data[3 * d + p] = -data[p];
    data[4 * d + p] = 3 * data[p];
    data[5 * d + p] *= 1e-3;
    data[6 * d + p] = 0;
  }
  return tensor(data, { backend, shape: [count, d] });
}

const networks: [string, Layer][] = [
  ...Object.values(ACTIVATIONS)
    .filter(({ name }) => !name.startsWith('exponential'))
    .map((activation): [string, Layer] => [
      activation.name,
      serial(
        repeat(serial(dense(4, { weightVariance: 1.2, biasVariance: 0.1 }), activate(activation)), 3),
        dense(1),
      ),
    ]),
  ['residual', serial(dense(4), repeat(residual(phi, dense(4)), 4), phi, dense(1))],
  ['normalized', serial(dense(4), layerNorm(), phi, dense(4), layerNorm(0.1), phi, dense(1))],
  ['product', serial(branches('product', dense(4), serial(dense(4), phi, dense(4))), dense(1))],
  ['concatenation', serial(dense(4), branches('concatenate', phi, activate(erfActivation)), dense(1))],
  ['dropout', serial(dense(4), phi, dropout(0.5), dense(1))],
  [
    // The bias makes the distance after the norm part of the determinant, which no covariance then corrects.
    'norm and dropout before dense layers',
    serial(
      dropout(0.7),
      dense(4, { biasVariance: 0 }),
      layerNorm(0.1),
      dense(4, { biasVariance: 20 }),
      phi,
      dropout(0.9),
      dense(4, { biasVariance: 20 }),
      phi,
      dense(1),
    ),
  ],
];

describe.each(networks)('the kernel of a network with %s', (name, layer) => {
  const architecture = network(3, layer);

  it('is symmetric to the last bit and positive semidefinite to rounding on random data', () => {
    // Quadratures with kinks take milliseconds a pair.
    const seeds = ['elu', 'selu'].includes(name) ? 1 : 3;
    for (let seed = 0; seed < seeds; seed++) {
      const N = 12;
      const { nngp, ntk } = analyticKernel(architecture, { X: hardPoints(`${name}${seed}`, N, 3) });
      for (const kernel of [nngp, ntk]) {
        const K = toArray(kernel);
        for (let i = 0; i < N; i++) for (let j = 0; j < i; j++) expect(K[i * N + j]).toBe(K[j * N + i]);
        const { values } = eigh(kernel);
        expect(values[0]).toBeGreaterThanOrEqual(-1e-13 * N * values[N - 1]);
      }
    }
  });

  it('keeps distances and determinants that are those of its variances and covariances', () => {
    const steps = planOf(architecture, 'test');
    const reader = { where: 'test', architecture, steps };
    const points = readPoints('X', hardPoints(name, 12, 3), reader);
    const run = pairRecursion(steps);
    const s = { varianceU: 0, varianceV: 0, covariance: 0, distance: 0, determinant: 0, ntk: 0 };
    for (let i = 0; i < 12; i++) {
      for (let j = 0; j <= i; j++) {
        inputPair(points, i, points, j, s);
        run(s, points.tapes[i].variances, points.tapes[j].variances);
        const product = s.varianceU * s.varianceV;
        const sum = s.varianceU + s.varianceV;
        expect(Math.abs(s.distance - (sum - 2 * s.covariance)), `${i} ${j}`).toBeLessThanOrEqual(1e-12 * sum);
        expect(Math.abs(s.determinant - (product - s.covariance ** 2)), `${i} ${j}`).toBeLessThanOrEqual(
          1e-12 * product,
        );
      }
    }
  });
});

describe('combinators', () => {
  const X = hardPoints('combinators', 9, 3);
  const options = { weightVariance: 1.3, biasVariance: 0.2 };
  const equal = (a: Layer, b: Layer) => {
    const [one, two] = [a, b].map((layer) => analyticKernel(network(3, layer), { X }));
    expect([...toArray(one.nngp)]).toEqual([...toArray(two.nngp)]);
    expect([...toArray(one.ntk)]).toEqual([...toArray(two.ntk)]);
  };

  it('mean what they say: identity, repeat, one branch, dropout that keeps all', () => {
    const standard = { ...options, parameterization: 'standard' } as const;
    const block = serial(dense(4, standard), phi);
    const end = dense(1, standard);
    const plain = serial(block, block, end);
    equal(serial(identity, repeat(block, 2), identity, end), plain);
    equal(serial(branches('sum', serial(block, block)), end), plain);
    equal(serial(block, dropout(1), block, end), plain);
  });

  it('give a sum of two dense layers the kernel of one with the variances added', () => {
    const one = analyticKernel(network(3, branches('sum', dense(4, options), dense(4, options))), { X });
    const two = analyticKernel(network(3, dense(4, { weightVariance: 2.6, biasVariance: 0.4 })), { X });
    toArray(one.ntk).forEach((value, i) => {
      expect(value).toBeCloseTo(toArray(two.ntk)[i], 14);
    });
  });

  it('have no bias where the forward multiplier of biases is 0, whatever σ_b² says', () => {
    const scales = (biasScale: number) => ({ weightScale: 0.5, biasScale });
    const chain = (biasVariance: number, biasScale: number) =>
      repeat(serial(dense(4, { biasVariance, parameterization: scales(biasScale) }), phi), 2);
    equal(serial(chain(0.7, 0), dense(1, options)), serial(chain(0, 1), dense(1, options)));
    const one = network(3, dense(1, { ...options, parameterization: scales(0) }));
    const [x, K] = [toArray(X), toArray(analyticKernel(one, { X }).nngp)];
    // σ_w² x·z/d of the first point and the sixth.
    const inner = [0, 1, 2].reduce((sum, p) => sum + x[p] * x[15 + p], 0);
    expect(K[5]).toBeCloseTo((1.3 * inner) / 3, 15);
    const { derivatives } = kernelGradient(one, { X, withRespectTo: [{ name: 'biasVariance' }] });
    for (const kernel of [derivatives[0].nngp, derivatives[0].ntk]) {
      expect([...toArray(kernel)].every((value) => value === 0)).toBe(true);
    }
  });

  it('refuse, by place, what has no kernel', () => {
    const kernel = (...layers: Layer[]) => analyticKernel(network(3, ...layers), { X });
    expect(() => kernel(phi, dense(1))).toThrow('architecture.layers[0]');
    expect(() => kernel(dense(4), phi, phi)).toThrow(
      'analyticKernel: architecture.layers[2] must be a layer that takes any units, got "an activation (relu) of units that are not Gaussian"; an affine layer is missing: put a dense layer before it',
    );
    expect(() => kernel(layerNorm(), dense(1))).toThrow('layer normalization of units that are not Gaussian');
    expect(() => kernel(dense(4), residual(phi), dense(1))).toThrow('correlated');
    expect(() => kernel(dense(4), branches('sum', phi, serial(phi, dense(3))), dense(1))).toThrow(
      'one width',
    );
    expect(() => kernel(dense(4), branches('sum', residual(phi, dense(4)), phi), dense(1))).toThrow(
      'correlated',
    );
    expect(() => kernel(identity)).toThrow('at least one dense layer');
    const negative = { ...dense(4), weightVariance: -2 };
    expect(() => kernel(residual(negative), dense(1))).toThrow(
      'analyticKernel: architecture.layers[0].branches[1].layers[0].weightVariance must be a finite number above 0, got -2',
    );
    expect(() => kernel({ ...dense(4), biasVariance: Number.NaN })).toThrow('biasVariance');
    expect(() => kernel(dense(4), { kind: 'dropout', keep: 0 }, dense(1))).toThrow(
      'architecture.layers[1].keep',
    );
    expect(() => kernel({ ...residual(phi, dense(4)), merge: 'mean' as never }, dense(1))).toThrow(
      'architecture.layers[0].merge',
    );
    expect(() => kernel(dense(4), { kind: 'attention' } as never)).toThrow('architecture.layers[1].kind');
    const bare = { ...relu, name: 'bare', dual: undefined };
    expect(() => kernel(dense(4), activate(bare as never), dense(1))).toThrow(
      'activation bare (architecture.layers[1]) has no Gaussian moments; withQuadrature(activation, { kinks }) of @sntk/architecture/activations',
    );
    expect(() => kernel(dense(4), activate(exponential({ rate: 99 })), dense(1))).toThrow(
      'row 0 of options.X',
    );
  });
});

describe('kernelBlocks', () => {
  it('gives the rows of the kernel, N divisible by the block or not', () => {
    const X = hardPoints('blocks', 10, 3);
    const architecture = fullyConnected({ inputs: 3, hidden: [4, 4] });
    const whole = toArray(analyticKernel(architecture, { X }).ntk);
    for (const rows of [1, 3, 5, 64]) {
      const found: number[] = [];
      for (const block of kernelBlocks(architecture, { X, rows })) {
        expect(block.ntk.shape).toEqual([block.stop - block.start, 10]);
        found.push(...toArray(block.ntk));
      }
      found.forEach((value, i) => {
        expect(Math.abs(value - whole[i])).toBeLessThanOrEqual(1e-14 * Math.abs(whole[i]));
      });
      expect(found.length).toBe(100);
    }
  });

  it('has masks of dropout shared on the diagonal alone, in every block', () => {
    const X = hardPoints('masked blocks', 10, 3);
    const architecture = network(3, dense(4), phi, dropout(0.5), dense(1));
    const whole = analyticKernel(architecture, { X });
    for (const name of ['nngp', 'ntk'] as const) {
      const found = [...kernelBlocks(architecture, { X, rows: 4 })].flatMap((block) => [
        ...toArray(block[name]),
      ]);
      const K = toArray(whole[name]);
      found.forEach((value, at) => {
        expect(Math.abs(value - K[at]), `${name} ${at}`).toBeLessThanOrEqual(1e-14 * Math.abs(K[at]));
      });
    }
  });

  it('is fused where the backend is, tells progress and stops when told', async () => {
    const X = await toBackend(hardPoints('fused blocks', 41, 3), wasmBackend());
    const architecture = fullyConnected({ inputs: 3, hidden: [4, 4, 4] });
    const { nngp, ntk } = analyticKernel(architecture, { X });
    const [Q, K] = [toArray(nngp), toArray(ntk)];
    const progress: unknown[] = [];
    for (const block of kernelBlocks(architecture, {
      X,
      rows: 16,
      onProgress: (each) => progress.push(each),
    })) {
      toArray(block.ntk).forEach((value, at) => {
        const [i, j] = [block.start + Math.floor(at / 41), at % 41];
        const where = i * 41 + j;
        expect(Math.abs(value - K[where])).toBeLessThanOrEqual(1e-12 * Math.sqrt(K[i * 42] * K[j * 42]));
        expect(Math.abs(toArray(block.nngp)[at] - Q[where])).toBeLessThanOrEqual(
          1e-12 * Math.sqrt(Q[i * 42] * Q[j * 42]),
        );
      });
    }
    expect(progress).toEqual([16, 32, 41].map((done) => ({ done, total: 41 })));
    const stop = new AbortController();
    const run = (): void => {
      for (const { stop: done } of kernelBlocks(architecture, { X, rows: 16, signal: stop.signal })) {
        if (done === 32) stop.abort(new Error('enough'));
      }
    };
    expect(run).toThrow('enough');
  });
});

describe('points that are no tensors, or on two backends', () => {
  it('are refused by name', () => {
    const architecture = fullyConnected({ inputs: 2, hidden: [1] });
    const rows = [[1, 2]] as never;
    const X = tensor([[1, 2]], { backend });
    // The tensor itself in place of the options.
    expect(() => analyticKernel(architecture, X as never)).toThrow(
      'analyticKernel: options.X must be a tensor of points, such as tensor(rows, { backend }) gives, got undefined',
    );
    expect(() => kernelDiagonals(architecture, { X: rows })).toThrow(
      'kernelDiagonals: options.X must be a tensor',
    );
    expect(() => kernelVjp(architecture, { X, Z: rows })).toThrow('kernelVjp: options.Z must be a tensor');
    expect(() => kernelGradient(architecture, { X: rows })).toThrow('got [[1, 2]]');
  });

  it('are refused by name, whether a fused recursion would have seen it or not', () => {
    const architecture = fullyConnected({ inputs: 2, hidden: [1] });
    const on = (where: Backend) => tensor([[1, 2]], { backend: where });
    for (const [X, Z] of [
      [on(backend), on(wasmBackend())],
      [on(wasmBackend()), on(backend)],
    ]) {
      const message = `options.Z must be on backend ${X.backend.name} like X, got "${Z.backend.name}"; move it`;
      expect(() => analyticKernel(architecture, { X, Z })).toThrow(`analyticKernel: ${message}`);
      expect(() => [...kernelBlocks(architecture, { X, Z })]).toThrow(`kernelBlocks: ${message}`);
      expect(() => kernelGradient(architecture, { X, Z })).toThrow(`kernelGradient: ${message}`);
      expect(() => kernelVjp(architecture, { X, Z, ntk: X })).toThrow(`kernelVjp: ${message}`);
    }
  });
});

describe('options.get', () => {
  const X = hardPoints('get', 8, 3);
  const Z = hardPoints('get other', 7, 3);
  const architecture = fullyConnected({ inputs: 3, hidden: [4, 4] });

  it('chooses, in types and in fact', () => {
    const both = analyticKernel(architecture, { X, Z });
    const nngp: { readonly nngp: Tensor } = analyticKernel(architecture, { X, Z, get: 'nngp' });
    const ntk: { readonly ntk: Tensor } = analyticKernel(architecture, { X, Z, get: 'ntk' });
    expect(Object.keys(nngp)).toEqual(['nngp']);
    expect(Object.keys(ntk)).toEqual(['ntk']);
    // @ts-expect-error the other kernel is not there
    expect(analyticKernel(architecture, { X, get: 'ntk' }).nngp).toBeUndefined();
    expect(toArray(nngp.nngp)).toEqual(toArray(both.nngp));
    expect(toArray(ntk.ntk)).toEqual(toArray(both.ntk));
    const { diagonals } = analyticKernel(architecture, { X, Z, get: 'all' });
    expect(toArray(diagonals.X.ntk)).toEqual(toArray(kernelDiagonals(architecture, { X }).ntk));
    expect(toArray(diagonals.Z.nngp)).toEqual(toArray(kernelDiagonals(architecture, { X: Z }).nngp));
    expect(() => analyticKernel(architecture, { X, get: 'kernel' as never })).toThrow(
      'analyticKernel: options.get must be one of nngp, ntk, both, all, got "kernel"',
    );
  });

  it('gives a kernel of several outputs as K ⊗ I, example by example', () => {
    const { ntk } = analyticKernel(architecture, { X, get: 'ntk' });
    const K = toArray(ntk);
    const dense = toArray(multiOutput(ntk, 3).toDense());
    for (let i = 0; i < 24; i++) {
      for (let j = 0; j < 24; j++) {
        const exact = i % 3 === j % 3 ? K[Math.floor(i / 3) * 8 + Math.floor(j / 3)] : 0;
        expect(dense[i * 24 + j]).toBe(exact);
      }
    }
    expect(() => multiOutput(analyticKernel(architecture, { X, Z }).ntk, 2)).toThrow(
      'multiOutput: K must be a square matrix, got [8, 7]',
    );
    expect(() => multiOutput(ntk, 0)).toThrow('multiOutput: outputs must be an integer of at least 1, got 0');
  });
});

describe('where neural-tangents 0.6.5 gives NaN or no kernel at all', () => {
  const X = tensor(
    [
      [0, 0],
      [1, 0],
      [1, 0],
      [-1, 0],
      [0, 2],
    ],
    { backend },
  );
  const bent = withQuadrature({ ...erfActivation, name: 'numeric erf' });

  it.each([
    rectifiedMonomial(0),
    rectifiedMonomial(2),
    rectifiedMonomial(3),
    bent,
    elu,
    monomial(2),
    hermite(3),
  ])('$name has finite kernels of zero, equal, opposite and orthogonal inputs', (activation) => {
    for (const biasVariance of [0, 0.5]) {
      const architecture = fullyConnected({ inputs: 2, hidden: [1], activation, biasVariance });
      const { nngp, ntk } = analyticKernel(architecture, { X });
      for (const kernel of [nngp, ntk]) {
        expect([...toArray(kernel)].every(Number.isFinite)).toBe(true);
        const { values } = eigh(kernel);
        expect(values[0]).toBeGreaterThanOrEqual(-1e-13 * Math.abs(values[4]));
      }
      expect([...toArray(kernelDiagonals(architecture, { X }).nngp)].every(Number.isFinite)).toBe(true);
    }
  });

  it('has rectified monomials equal on the diagonal and for equal points off it', () => {
    const architecture = fullyConnected({ inputs: 2, hidden: [1, 1], activation: rectifiedMonomial(2) });
    const K = toArray(analyticKernel(architecture, { X }).ntk);
    expect(Math.abs(K[5 + 2] - K[5 + 1])).toBeLessThanOrEqual(1e-14 * K[5 + 1]);
  });
});
