import { erfActivation, fullyConnected } from '@sntk/architecture';
import { matmul, ndarrayBackend, reshape, type Tensor, tensor, toArray, transpose } from '@sntk/linalg';
import { empiricalNtk, exampleGradients, forward, initialize, jacobian, jvp, LOSSES, vjp } from '@sntk/mlp';
import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { functionNoise, gradientNoise, implicitGradientNoise, type NoiseLaw } from '../src/index.ts';
import { allMinibatches, gap, momentsOf } from './enumerate.ts';

const backend = ndarrayBackend();
const [N, O] = [5, 2];
const rng = createRng('gradient noise');
const network = fullyConnected({ inputs: 2, hidden: [4, 3], outputs: O, activation: erfActivation });
const theta = initialize(network, { rng: rng.split('theta') });
const P = theta.length;
const normals = (label: string, shape: readonly number[]): Tensor => {
  const data = new Float64Array(shape.reduce((product, extent) => product * extent));
  rng.split(label).fillNormal(data);
  return tensor(data, { backend, shape });
};
const X = normals('X', [N, 2]);
const fresh = normals('fresh', [3, 2]);
const slopes = normals('slopes', [N, O]);
const G = exampleGradients(network, theta, { X, cotangent: slopes });
const laws: readonly NoiseLaw[] = [
  { kind: 'exact', batch: 2, replacement: true },
  { kind: 'exact', batch: 2 },
  { kind: 'leading', batch: 3 },
  { kind: 'within', members: [0, 3, 3] },
  { kind: 'printed', members: [1, 2] },
];

describe('Cov(ĝ) over the parameters of a network (22)', () => {
  it.each([true, false])('is that of all minibatches, enumerated; replacement %s', (replacement) => {
    const g = toArray(G);
    for (const batch of [1, 2, 3]) {
      const law = [...allMinibatches(N, batch, replacement)].map(({ members, weight }) => ({
        weight,
        value: Float64Array.from({ length: P }, (_, p) =>
          members.reduce((sum, i) => sum + g[i * P + p] / batch, 0),
        ),
      }));
      const noise = gradientNoise(G, { kind: 'exact', batch, replacement });
      expect(gap(toArray(noise.toDense()), momentsOf(law).covariance)).toBeLessThan(1e-13);
    }
  });

  it.each(laws)('without gradients is the same as with them: %j', (law) => {
    const wanted = gradientNoise(G, law);
    const noise = implicitGradientNoise(
      {
        parameters: P,
        slopes,
        jvp: (tangent) => jvp(network, theta, { X, tangent }),
        vjp: (cotangent) => vjp(network, theta, { X, cotangent }),
      },
      law,
    );
    const x = normals('x', [P, 2]);
    expect(gap(toArray(noise.apply(x)), toArray(wanted.apply(x)))).toBeLessThan(1e-12);
    expect(gap(toArray(noise.toDense()), toArray(wanted.toDense()))).toBeLessThan(1e-12);
    expect(gap(noise.diagonal(), wanted.diagonal())).toBeLessThan(1e-12);
    expect(noise.trace() / wanted.trace()).toBeCloseTo(1, 12);
    expect(gap(noise.sample(createRng(7)), wanted.sample(createRng(7)))).toBeLessThan(1e-12);
  });

  it.each(laws)('seen at new points is the noise of the empirical kernel: %j', (law) => {
    const J = reshape(jacobian(network, theta, { X: fresh }), [3 * O, P]);
    const kernel = empiricalNtk(network, theta, { X: fresh, Z: X, outputs: 'full' });
    const inFunctions = functionNoise(kernel, toArray(slopes) as Float64Array, law);
    const projected = gradientNoise(matmul(G, J, { transposeB: true }), law);
    expect(gap(toArray(projected.toDense()), toArray(inFunctions.toDense()))).toBeLessThan(1e-12);
    const sandwich = matmul(J, gradientNoise(G, law).apply(transpose(J)));
    expect(gap(toArray(sandwich), toArray(inFunctions.toDense()))).toBeLessThan(1e-12);
  });

  it('takes any loss: cross-entropy, against minibatch gradients of the network', () => {
    const classes = [0, 1, 0, 0, 1].map((label) => new Float64Array([1 - label, label]));
    const f = toArray(forward(network, theta, X));
    const slope = new Float64Array(N * O);
    classes.forEach((y, i) => {
      LOSSES['cross-entropy'].evaluate(f.slice(i * O, i * O + O), y, slope.subarray(i * O, i * O + O));
    });
    const row = (source: ArrayLike<number>, i: number) => [source[2 * i], source[2 * i + 1]];
    const law = [...allMinibatches(N, 2, false)].map(({ members, weight }) => ({
      weight,
      value: vjp(network, theta, {
        X: tensor(
          members.map((i) => row(toArray(X), i)),
          { backend },
        ),
        cotangent: tensor(
          members.map((i) => row(slope, i).map((value) => value / 2)),
          { backend },
        ),
      }),
    }));
    const cotangent = tensor(slope, { backend, shape: [N, O] });
    const noise = gradientNoise(exampleGradients(network, theta, { X, cotangent }), {
      kind: 'exact',
      batch: 2,
    });
    expect(gap(toArray(noise.toDense()), momentsOf(law).covariance)).toBeLessThan(1e-12);
  });
});

describe('what no gradients are', () => {
  it('is refused', () => {
    const law: NoiseLaw = { kind: 'exact', batch: 1 };
    expect(() => gradientNoise(tensor([1, 2], { backend }), law)).toThrow('G must be a matrix, got "[2]"');
    expect(() => gradientNoise(tensor([[Number.NaN]], { backend }), law)).toThrow('NaN at position 0');
    expect(() => gradientNoise(G, { kind: 'exact', batch: 6 })).toThrow('at most the number of samples, 5');
    const products = { parameters: P, slopes, jvp: () => slopes, vjp: () => new Float64Array(3) };
    const noise = implicitGradientNoise(products, law);
    expect(() => noise.trace()).toThrow('products.vjp(…) must be of length');
    expect(() => noise.apply(slopes)).toThrow(`of ${P} rows on backend ndarray`);
  });
});
