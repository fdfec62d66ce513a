import { fullyConnected } from '@sntk/architecture';
import { analyticKernel } from '@sntk/kernels';
import { ndarrayBackend, type Tensor, tensor, toArray } from '@sntk/linalg';
import { empiricalNtk, initialize } from '@sntk/mlp';
import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { functionNoise, type NoiseLaw, stochasticNtk } from '../src/index.ts';
import { gap } from './enumerate.ts';

const backend = ndarrayBackend();
const network = fullyConnected({ inputs: 2, hidden: [8, 8] });
const theta = initialize(network, { rng: createRng('sntk') });
const analytic = (A: Tensor, B: Tensor): Tensor => analyticKernel(network, { X: A, Z: B }).ntk;
const empirical = (A: Tensor, B: Tensor): Tensor => empiricalNtk(network, theta, { X: A, Z: B });
const X = tensor(
  [
    [1, 0],
    [0.2, -1],
    [-1, 0.5],
    [0.3, 0.4],
  ],
  { backend },
);
const fresh = tensor(
  [
    [0.5, 0.5],
    [2, -1],
  ],
  { backend },
);
const other = tensor(
  [
    [-0.3, 0.1],
    [1, 1],
    [0, 2],
  ],
  { backend },
);
const residual = new Float64Array([1, -0.5, 0.7, -2]);

describe.each([
  ['analytic', analytic],
  ['empirical', empirical],
])('the SNTK of an %s kernel', (_, kernel) => {
  it('is (25) at any two points, term by term', () => {
    const members = [3, 0, 1];
    const between = toArray(
      stochasticNtk(kernel, { X, residual, kind: 'printed', members }).at(fresh, other),
    );
    const [left, right] = [toArray(kernel(fresh, X)), toArray(kernel(other, X))];
    const wanted = Float64Array.from({ length: 6 }, (__, p) => {
      const [m, n] = [Math.floor(p / 3), p % 3];
      return members.reduce((sum, i) => sum + (residual[i] ** 2 * left[m * 4 + i] * right[n * 4 + i]) / 3, 0);
    });
    expect(gap(between, wanted)).toBeLessThan(1e-14);
  });

  it.each<NoiseLaw>([
    { kind: 'exact', batch: 2 },
    { kind: 'leading', batch: 3, replacement: true },
    { kind: 'within', members: [0, 2] },
  ])('has the Gram matrix of functionNoise: %j', (law) => {
    const sntk = stochasticNtk(kernel, { X, residual, ...law });
    const wanted = toArray(functionNoise(kernel(fresh, X), residual, law).toDense());
    expect(gap(toArray(sntk.gram(fresh).toDense()), wanted)).toBe(0);
    expect(gap(toArray(sntk.at(fresh, fresh)), wanted)).toBeLessThan(1e-14);
  });
});

it('couples outputs where the kernel does', () => {
  const wide = fullyConnected({ inputs: 2, hidden: [4], outputs: 2 });
  const start = initialize(wide, { rng: createRng('two outputs') });
  const kernel = (A: Tensor, B: Tensor): Tensor => empiricalNtk(wide, start, { X: A, Z: B, outputs: 'full' });
  const both = new Float64Array([1, -0.5, 0.7, -2, 0.1, 0.2, 0.3, 0.4]);
  const sntk = stochasticNtk(kernel, { X, residual: both, kind: 'leading', batch: 1 });
  const between = sntk.at(fresh, other);
  expect(between.shape).toEqual([4, 6]);
  // `[points·O, N]`: Σ_p K(x, x_i)[o, p] r_i[p], where c_1/N is 1/4.
  const responses = (points: Tensor): number[][] => {
    const k = toArray(kernel(points, X));
    return Array.from({ length: 2 * points.shape[0] }, (_, row) =>
      Array.from({ length: 4 }, (__, i) => {
        const block = (Math.floor(row / 2) * 4 + i) * 4 + (row % 2) * 2;
        return k[block] * both[2 * i] + k[block + 1] * both[2 * i + 1];
      }),
    );
  };
  const [left, right] = [responses(fresh), responses(other)];
  const wanted = left.flatMap((a) =>
    right.map((b) => a.reduce((sum, value, i) => sum + (value * b[i]) / 4, 0)),
  );
  expect(gap(toArray(between), Float64Array.from(wanted))).toBeLessThan(1e-14);
});
