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

  it('does not depend on the scale of the kernel, nor of its points', () => {
    for (const scale of [1e-200, 1e200]) {
      expect(
        separation(
          matrix([
            [2 * scale, scale],
            [scale, 2 * scale],
          ]),
        ),
      ).toBeCloseTo(0.25, 14);
    }
    expect(
      separation(
        matrix([
          [1e150, 0.5],
          [0.5, 1e-150],
        ]),
      ),
    ).toBeCloseTo(0.25, 14);
  });

  it('is one and not more for a point that is there twice', () => {
    for (let draw = 0; draw < 50; draw++) {
      const value = rng.split('twice').split(draw).uniform();
      expect(
        separation(
          matrix([
            [value, value],
            [value, value],
          ]),
        ),
      ).toBe(1);
    }
  });

  it('refuses cosines above one, with the jitter that they need', () => {
    expect(() =>
      separation(
        matrix([
          [1, 0, 0],
          [0, 1, 2],
          [0, 2, 4 - 1e-6],
        ]),
      ),
    ).toThrow('not positive semidefinite: the squared cosine of points 2 and 1 is 1.00000, above 1');
    expect(() =>
      separation(
        matrix([
          [1, 2],
          [2, 1],
        ]),
      ),
    ).toThrow('a jitter of 1.0e+0 at least');
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
