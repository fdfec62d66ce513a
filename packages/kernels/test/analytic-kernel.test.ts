import {
  ACTIVATIONS,
  activate,
  convolution,
  dense,
  erfActivation,
  flatten,
  fullyConnected,
  linear,
  network,
  relu,
} from '@sntk/architecture';
import { sign } from '@sntk/architecture/activations';
import { eigh, ndarrayBackend, tensor, toArray } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyticKernel } from '../src/index.ts';

const backend = ndarrayBackend();

function reluKernel(points: number[][], depth: number): Float64Array {
  const network = fullyConnected({
    inputs: points[0].length,
    hidden: Array.from({ length: depth }, () => 1),
    weightVariance: 2,
    biasVariance: 0,
  });
  return toArray(analyticKernel(network, { X: tensor(points, { backend }) }).ntk) as Float64Array;
}

describe('the ReLU tangent kernel without biases', () => {
  // MATH section 9, independent of this project.
  const orthogonal = [1 / Math.PI, 0.6857086362829429, 1.0603881068025838];
  const opposite = [0, 0.3183098861837909, 0.6857086362829431];

  it.each([1, 2, 3])('has the known values on unit vectors of the plane at depth %i', (depth) => {
    const ntk = reluKernel(
      [
        [1, 0],
        [0, 1],
        [-1, 0],
      ],
      depth,
    );
    expect(ntk[0]).toBe(depth + 1);
    expect(ntk[1]).toBeCloseTo(orthogonal[depth - 1], 14);
    expect(ntk[2]).toBeCloseTo(opposite[depth - 1], 14);
  });

  it('is 2q(L+1) on the diagonal, q = |x|²/d, from tiny to huge inputs', () => {
    for (const scale of [1e-6, 1, 1e6]) {
      for (const depth of [1, 5, 50]) {
        const ntk = reluKernel([[3 * scale, -4 * scale, 0]], depth);
        expect(ntk[0] / (((2 * 25 * scale * scale) / 3) * (depth + 1))).toBeCloseTo(1, 13);
      }
    }
  });

  it('approaches the diagonal smoothly: 1e-8 apart differs by about 1e-8, at depth 50 too', () => {
    // dΘ/dθ at 0 follows from Ṫ = (π − θ)/2π: Θ(θ) ≈ (L+1) − θ L(L+1)/(2π) for unit variance, summed over layers.
    for (const depth of [1, 3, 50]) {
      const angle = 1e-8;
      const ntk = reluKernel(
        [
          [1, 0],
          [Math.cos(angle), Math.sin(angle)],
        ],
        depth,
      );
      const drop = (ntk[0] - ntk[1]) / angle;
      expect(drop / ((depth * (depth + 1)) / (2 * Math.PI))).toBeCloseTo(1, 4);
    }
  });
});

describe('analyticKernel', () => {
  it('is the linear kernel for linear networks: Θ = (L+1) x·z σ_w^{2(L+1)}/d without biases', () => {
    const network = fullyConnected({
      inputs: 2,
      hidden: [7, 7],
      activation: linear,
      weightVariance: 1.5,
      biasVariance: 0,
    });
    const X = tensor(
      [
        [1, 2],
        [3, -1],
      ],
      { backend },
    );
    const { nngp, ntk } = analyticKernel(network, { X });
    expect(toArray(ntk)[1]).toBeCloseTo((3 * 1 * 1.5 ** 3) / 2, 14);
    expect(toArray(nngp)[1]).toBeCloseTo(1.5 ** 3 / 2, 14);
  });

  it('gives one hidden erf layer by its closed form, biases included', () => {
    const [w, b] = [1.7, 0.4];
    const network = fullyConnected({
      inputs: 2,
      hidden: [9],
      activation: erfActivation,
      weightVariance: w,
      biasVariance: b,
    });
    const X = tensor(
      [
        [0.3, 1],
        [-0.5, 0.2],
      ],
      { backend },
    );
    const sigma = (p: number[], q: number[]) => (w / 2) * (p[0] * q[0] + p[1] * q[1]) + b;
    const [p, q] = [
      [0.3, 1],
      [-0.5, 0.2],
    ];
    const [k, kp, kq] = [sigma(p, q), sigma(p, p), sigma(q, q)];
    const T = (2 / Math.PI) * Math.asin((2 * k) / Math.sqrt((1 + 2 * kp) * (1 + 2 * kq)));
    const slope = 4 / Math.PI / Math.sqrt((1 + 2 * kp) * (1 + 2 * kq) - 4 * k * k);
    const { nngp, ntk } = analyticKernel(network, { X });
    expect(toArray(nngp)[1]).toBeCloseTo(w * T + b, 14);
    expect(toArray(ntk)[1]).toBeCloseTo(w * T + b + w * slope * k, 14);
  });

  it('adds n_in times the second moment in the standard parameterization, MATH (6)', () => {
    const shared = { inputs: 2, hidden: [64], weightVariance: 2, biasVariance: 0.5 } as const;
    const X = tensor(
      [
        [1, 0.5],
        [0, 1],
      ],
      { backend },
    );
    const ntk = analyticKernel(fullyConnected({ ...shared, parameterization: 'ntk' }), { X });
    const standard = analyticKernel(fullyConnected({ ...shared, parameterization: 'standard' }), { X });
    expect([...toArray(standard.nngp)]).toEqual([...toArray(ntk.nngp)]);
    // By hand for x ⊥-ish pair: Θ¹ = x·z + 1, Θ² = 64·T + 1 + 2·Ṫ·Θ¹ with T = (Σ² − 0.5)/2.
    const T = (toArray(ntk.nngp)[1] - 0.5) / 2;
    const sigma1 = 0.5 + 0.5;
    const slope = (toArray(ntk.ntk)[1] - toArray(ntk.nngp)[1]) / (2 * sigma1);
    expect(toArray(standard.ntk)[1]).toBeCloseTo(64 * T + 1 + 2 * slope * (0.5 + 1), 12);
  });

  it('is symmetric to the last bit and positive semidefinite to rounding on random data', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 24 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(1000),
        (N, d, seed) => {
          const data = new Float64Array(N * d);
          createRng(seed).fillNormal(data);
          // A repeated point makes the exact kernel singular.
          data.copyWithin((N - 1) * d, 0, d);
          for (const activation of [relu, erfActivation]) {
            const network = fullyConnected({ inputs: d, hidden: [1, 1, 1], activation });
            const { ntk } = analyticKernel(network, { X: tensor(data, { backend, shape: [N, d] }) });
            const K = toArray(ntk);
            for (let i = 0; i < N; i++) for (let j = 0; j < i; j++) expect(K[i * N + j]).toBe(K[j * N + i]);
            const { values } = eigh(ntk);
            expect(values[0]).toBeGreaterThan(-1e-14 * N * values[N - 1]);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('is positive semidefinite to rounding on 1,000 random data sets, of every closed form in turn', () => {
    const closed = Object.values(ACTIVATIONS).filter(
      (activation) => !('error' in activation) && activation.name !== 'exponential',
    );
    for (let set = 0; set < 1000; set++) {
      const rng = createRng(`data set ${set}`);
      const [N, d, depth] = [3 + (set % 5), 1 + (set % 3), 1 + (set % 4)];
      const data = new Float64Array(N * d);
      rng.fillNormal(data);
      // Points that are equal, nearly so, opposite, parallel or far larger than the rest.
      const scale = [1, 1 + 1e-8, -1, 3, 1e3][set % 5];
      for (let p = 0; p < d; p++) data[(N - 1) * d + p] = scale * data[p];
      const network = fullyConnected({
        inputs: d,
        hidden: Array.from({ length: depth }, () => 1),
        activation: closed[set % closed.length],
        weightVariance: 1.5,
        biasVariance: (set % 3) / 4,
      });
      const kernels = analyticKernel(network, { X: tensor(data, { backend, shape: [N, d] }) });
      for (const name of ['nngp', 'ntk'] as const) {
        const { values } = eigh(kernels[name]);
        const where = `set ${set}, ${closed[set % closed.length].name}, ${name}`;
        expect(values[0], where).toBeGreaterThanOrEqual(-1e-14 * N * values[N - 1]);
      }
    }
  });

  it('keeps the diagonal of 20 layers for float32 points, equal points off it included', () => {
    // Written with √(qq' − c²) in float32 such a kernel loses 3e-3 of its diagonal.
    const network = fullyConnected({ inputs: 3, hidden: new Array(20).fill(1), biasVariance: 0 });
    const data = Float32Array.of(0.1, 0.7, -0.3, 0.1, 0.7, -0.3);
    const X = tensor(data, { backend, shape: [2, 3], dtype: 'float32' });
    const square = data[0] ** 2 + data[1] ** 2 + data[2] ** 2;
    for (const value of toArray(analyticKernel(network, { X }).ntk)) {
      expect(value / ((2 * square * 21) / 3)).toBeCloseTo(1, 13);
    }
  });

  it('gives the same numbers for X against X and X against a copy of X', () => {
    const X = tensor(
      [
        [1, 0.2],
        [0.3, -1],
        [1, 0.2],
        [0, 0],
      ],
      { backend },
    );
    const network = fullyConnected({ inputs: 2, hidden: [1, 1, 1] });
    const own = toArray(analyticKernel(network, { X }).ntk);
    const cross = toArray(analyticKernel(network, { X, Z: X }).ntk);
    own.forEach((value, i) => {
      expect(cross[i]).toBeCloseTo(value, 13);
    });
  });

  it('takes zero inputs, zero bias and no points at all', () => {
    const network = fullyConnected({ inputs: 2, hidden: [1, 1], biasVariance: 0 });
    const X = tensor(
      [
        [0, 0],
        [1, 1],
      ],
      { backend },
    );
    expect([...toArray(analyticKernel(network, { X }).ntk)].every(Number.isFinite)).toBe(true);
    const none = tensor(new Float64Array(0), { backend, shape: [0, 2] });
    expect(analyticKernel(network, { X: none }).ntk.shape).toEqual([0, 0]);
  });

  it('keeps its digits for points that are opposite but for 1e-9', () => {
    // One hidden layer without biases at an angle π − ε: Θ = (sin ε − ε cos ε)/π − cos ε · ε/π, for unit variances.
    const network = fullyConnected({ inputs: 2, hidden: [1], weightVariance: 2, biasVariance: 0 });
    for (const epsilon of [4.5e-10, 1e-9, 3e-8]) {
      for (const [a, b] of [
        [1, 0],
        [0.6, 0.8],
        [-0.28, 0.96],
      ]) {
        const x = [a, b];
        const z = [-a - epsilon * b, -b + epsilon * a];
        // The angle of the points as rounded, from the cross product of the exact sum z + x.
        const cross = a * (z[1] + b) - b * (z[0] + a);
        const angle = Math.abs(cross) / (a * a + b * b);
        const { ntk } = analyticKernel(network, { X: tensor([x, z], { backend }) });
        expect(Math.abs(toArray(ntk)[1] / (-angle / Math.PI) - 1)).toBeLessThan(1e-12);
      }
    }
  });

  it('has no angle between parallel points in many dimensions, of which sign would make a large one', () => {
    const d = 60;
    const data = new Float64Array(4 * d);
    createRng('parallel').fillNormal(data);
    [3, 0.7, -1.1].forEach((scale, k) => {
      for (let p = 0; p < d; p++) data[(k + 1) * d + p] = scale * data[p];
    });
    const deep = fullyConnected({
      inputs: d,
      hidden: [1, 1, 1],
      activation: sign,
      weightVariance: 1,
      biasVariance: 0,
    });
    const { nngp } = analyticKernel(deep, { X: tensor(data, { backend, shape: [4, d] }) });
    // An angle of 1e-16 would be one of 0.05 in the last layer.
    expect([...toArray(nngp)]).toEqual([1, 1, 1, -1, 1, 1, 1, -1, 1, 1, 1, -1, -1, -1, -1, 1]);
  });

  it('refuses points so large that a product of two variances overflows', () => {
    const network = fullyConnected({ inputs: 2, hidden: [1], biasVariance: 0 });
    const at = (size: number) =>
      analyticKernel(network, {
        X: tensor(
          [
            [size, 0],
            [0, size],
          ],
          { backend },
        ),
      });
    expect(toArray(at(1e70).ntk)[1] / 1e140).toBeCloseTo(1 / Math.PI, 13);
    expect(() => at(1e78)).toThrow('of squared length below 1e+150, got "row 0"');
  });

  it('refuses networks in which variances overflow on the way, though their ends would not', () => {
    const free = (weightVariance: number) => dense(1, { weightVariance, biasVariance: 0 });
    const up = [free(1e160), activate(relu)];
    const X = tensor(
      [
        [0, 0],
        [1, 0],
        [0, 1],
      ],
      { backend },
    );
    expect(() => analyticKernel(network(2, ...up, free(1e-100)), { X })).toThrow(
      'analyticKernel: row 1 of options.X has nngp 2.5e+59 and ntk 5e+59 after a variance of 5e+159; scale',
    );
    const image = network(
      [2, 1],
      convolution(1, [1], { weightVariance: 1e160 }),
      up[1],
      flatten,
      free(1e-100),
    );
    expect(() => analyticKernel(image, { X })).toThrow('row 1 of options.X');
  });

  it('refuses points and networks so small that a determinant underflows: angles would be lost in silence', () => {
    const pair = (size: number, layers: number, biasVariance = 0) =>
      toArray(
        analyticKernel(
          fullyConnected({ inputs: 2, hidden: new Array(layers).fill(1), weightVariance: 1, biasVariance }),
          {
            X: tensor(
              [
                [size, 0],
                [0, size],
                [0, 0],
              ],
              { backend },
            ),
          },
        ).nngp,
      );
    // One layer: T of orthogonal points is √(q q')/2π.
    expect(pair(1e-70, 1)[1] / (1e-140 / (4 * Math.PI))).toBeCloseTo(1, 13);
    expect(() => pair(1e-76, 1)).toThrow(
      /^analyticKernel: row 0 of options.X has a variance of .*e-153 within the network, and below 1e-150 angles are lost; scale/,
    );
    // Halved 600 times.
    expect(() => pair(1, 600)).toThrow('angles are lost');
    expect(pair(1e-100, 1, 0.5)[1]).toBeCloseTo(0.75, 14);
  });

  it('refuses points of another dimension and rows that are not finite, by number', () => {
    const network = fullyConnected({ inputs: 3, hidden: [1] });
    expect(() => analyticKernel(network, { X: tensor([[1, 2]], { backend }) })).toThrow(
      'options.X must be of shape [N, 3], got [1, 2]',
    );
    const bad = tensor(
      [
        [1, 2, 3],
        [1, Number.NaN, 3],
      ],
      { backend },
    );
    expect(() => analyticKernel(network, { X: bad })).toThrow('row 1');
  });
});
