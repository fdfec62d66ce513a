import { fullyConnected } from '@sntk/architecture';
import { twoMoons } from '@sntk/datasets';
import { analyticKernel } from '@sntk/kernels';
import { ndarrayBackend, tensor } from '@sntk/linalg';
import { empiricalNtk, initialize } from '@sntk/mlp';
import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { measureDecorrelation, separation } from '../../src/measurements.ts';

const backend = ndarrayBackend();
const rng = createRng('separation');
const { X: points } = twoMoons({ samples: 100, noise: 0.1, rng: rng.split('moons') });
const X = tensor(points, { backend });
const network = fullyConnected({ inputs: 2, hidden: [64, 64, 64] });
const K = analyticKernel(network, { X }).ntk;
const matrix = (rows: number[][]) => tensor(rows, { backend });

describe('separation', () => {
  it('is almost one on two moons, so that Assumption 2 says almost nothing', () => {
    expect(separation(K)).toBeGreaterThan(0.99);
  });

  it('is the largest squared cosine, of either sign', () => {
    expect(
      separation(
        matrix([
          [4, -1, 2],
          [-1, 1, 0],
          [2, 0, 9],
        ]),
      ),
    ).toBe(0.25);
    expect(
      separation(
        matrix([
          [4, 0, 5],
          [0, 1, 0],
          [5, 0, 9],
        ]),
      ),
    ).toBe(25 / 36);
  });

  it('refuses what has no angles', () => {
    expect(() =>
      separation(
        matrix([
          [1, 0],
          [0, 0],
        ]),
      ),
    ).toThrow('positive on the diagonal, got "0 at position 1"');
    expect(() =>
      separation(
        matrix([
          [1, 0.5],
          [0.25, 1],
        ]),
      ),
    ).toThrow('entries at (1, 0) and its mirror that differ by 2.50e-1');
    expect(() => separation(matrix([[1, 0]]))).toThrow('a square matrix');
  });
});

describe('Lemma 2', () => {
  it('holds for the kernel that δ was measured on, at its bound', () => {
    const { ratio, holds, measured } = measureDecorrelation(K, { delta: separation(K) });
    expect(holds).toBe(true);
    expect(ratio).toBeCloseTo(1, 12);
    expect(measured ** 2).toBeCloseTo(separation(K), 12);
  });

  it('is broken by networks of finite width, where δ is that of the limit', () => {
    const few = tensor(
      [
        [1, 0],
        [0, 1],
        [-1, 0.2],
      ],
      { backend },
    );
    const delta = separation(analyticKernel(network, { X: few }).ntk);
    const broken = Array.from({ length: 20 }, (_, draw) => {
      const theta = initialize(network, { rng: rng.split(draw) });
      return measureDecorrelation(empiricalNtk(network, theta, { X: few }), { delta });
    }).filter(({ holds }) => !holds);
    expect(broken.length).toBeGreaterThan(0);
    for (const { measured, bound } of broken) expect(measured).toBeGreaterThan(bound);
  });
});
