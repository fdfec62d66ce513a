import { readFileSync } from 'node:fs';
import { ArgumentError } from '@sntk/errors';
import { createRng } from '@sntk/random';
import { describe, expect, test } from 'vitest';
import { circles, decodeNpz, gaussianBlobs, grid2d, type LabelledData, twoMoons } from '../src/index.ts';

const fixture = (name: string) => decodeNpz(readFileSync(new URL(`./fixtures/${name}`, import.meta.url)));
const rng = createRng(1);

function expectPeer(ours: LabelledData, X: ArrayLike<number>, labels: ArrayLike<number>): void {
  expect([...ours.labels]).toEqual(Array.from(labels));
  expect([...ours.y]).toEqual(Array.from(labels, (label) => (label === 1 ? 1 : -1)));
  const worst = Math.max(...Array.from(X, (x, i) => Math.abs(x - ours.X.data[i])));
  expect(worst).toBeLessThanOrEqual(1e-15);
  expect(ours.X.data.length).toBe(X.length);
}

/** Rows as sorted strings, to compare sets of points whatever their order. */
function rows({ X, labels }: LabelledData): string[] {
  return [...labels].map((label, i) => [label, X.get(i, 0), X.get(i, 1)].join()).sort();
}

describe('twoMoons', () => {
  test.each([1, 2, 3, 101, 500])("without noise is scikit-learn's for %d points", (samples) => {
    const peer = fixture('moons.npz');
    const ours = twoMoons({ samples, shuffle: false, rng });
    expectPeer(ours, peer[`X${samples}`].data, peer[`labels${samples}`].data);
    expect(ours.X.shape).toEqual([samples, 2]);
  });

  test('shuffles by default, keeping every point with its label', () => {
    const inOrder = twoMoons({ samples: 60, shuffle: false, rng });
    const shuffled = twoMoons({ samples: 60, rng });
    expect([...shuffled.labels]).not.toEqual([...inOrder.labels]);
    expect(rows(shuffled)).toEqual(rows(inOrder));
  });

  test('adds independent noise of the given deviation to every coordinate', () => {
    const samples = 20_000;
    const clean = twoMoons({ samples, rng });
    const noisy = twoMoons({ samples, noise: 0.3, rng });
    const z = noisy.X.data.map((x, i) => (x - clean.X.data[i]) / 0.3);
    const n = z.length;
    expect(Math.abs(z.reduce((s, v) => s + v, 0))).toBeLessThan(4 * Math.sqrt(n));
    expect(Math.abs(z.reduce((s, v) => s + v * v - 1, 0))).toBeLessThan(4 * Math.sqrt(2 * n));
    let cross = 0;
    for (let i = 0; i < n; i += 2) cross += z[i] * z[i + 1];
    expect(Math.abs(cross)).toBeLessThan(4 * Math.sqrt(n / 2));
  });

  test('the same stream gives the same bits, another gives others', () => {
    const options = { samples: 20, noise: 0.1 };
    const first = twoMoons({ ...options, rng: createRng(8).split('data') });
    expect(twoMoons({ ...options, rng: createRng(8).split('data') })).toEqual(first);
    expect(twoMoons({ ...options, rng: createRng(9).split('data') }).X.data).not.toEqual(first.X.data);
  });

  test('refuses no samples, negative noise and a missing stream', () => {
    expect(() => twoMoons({ samples: 0, rng })).toThrow(
      'twoMoons: options.samples must be an integer of at least 1, got 0',
    );
    expect(() => twoMoons({ samples: 5, noise: -0.1, rng })).toThrow('options.noise must be a finite number');
    expect(() => twoMoons({ samples: 5 } as Parameters<typeof twoMoons>[0])).toThrow(
      'pass { rng: createRng(seed) }',
    );
  });
});

describe('circles', () => {
  test.each([
    [2, 0.8],
    [101, 0.3],
  ])("without noise are scikit-learn's for %d points and factor %d", (samples, factor) => {
    const peer = fixture('circles.npz');
    const ours = circles({ samples, factor, shuffle: false, rng });
    expectPeer(ours, peer[`X${samples}`].data, peer[`labels${samples}`].data);
  });

  test('refuse a factor outside [0, 1)', () => {
    for (const factor of [1, -0.1, Number.NaN]) {
      expect(() => circles({ samples: 5, factor, rng })).toThrow(
        'options.factor must be at least 0 and below 1',
      );
    }
  });
});

describe('gaussianBlobs', () => {
  test('scatter around their centres with their deviations', () => {
    const centers = [
      [5, -1, 0],
      [0, 2, 9],
    ];
    const deviation = [0.5, 2];
    const { X, labels, y } = gaussianBlobs({ samples: 20_000, centers, deviation, rng });
    expect([...new Set(y)].sort()).toEqual([-1, 1]);
    for (const label of [0, 1]) {
      for (let j = 0; j < 3; j++) {
        const z: number[] = [];
        labels.forEach((l, i) => {
          if (l === label) z.push((X.get(i, j) - centers[label][j]) / deviation[label]);
        });
        expect(z.length).toBe(10_000);
        expect(Math.abs(z.reduce((s, v) => s + v, 0))).toBeLessThan(4 * Math.sqrt(z.length));
        expect(Math.abs(z.reduce((s, v) => s + v * v - 1, 0))).toBeLessThan(4 * Math.sqrt(2 * z.length));
      }
    }
  });

  test('give the first centres one point more when the division leaves a rest', () => {
    const { labels, y } = gaussianBlobs({ samples: 8, centers: 3, shuffle: false, rng });
    expect([...labels]).toEqual([0, 0, 0, 1, 1, 1, 2, 2]);
    expect([...y]).toEqual([-1, -1, -1, 0, 0, 0, 1, 1]);
  });

  test('draw centres uniformly in the box', () => {
    const { X } = gaussianBlobs({
      samples: 4000,
      centers: 4000,
      deviation: 0,
      features: 2,
      box: [2, 6],
      rng,
    });
    const data = X.data as Float64Array;
    expect(Math.min(...data)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...data)).toBeLessThan(6);
    const mean = data.reduce((s, v) => s + v, 0) / data.length;
    expect(Math.abs(mean - 4)).toBeLessThan(4 * (4 / Math.sqrt(12 * data.length)));
  });

  test('refuse centres and deviations that do not fit together', () => {
    const bad = (options: object): (() => unknown) => {
      return () => gaussianBlobs({ samples: 5, rng, ...options });
    };
    expect(bad({ centers: [[1, 2], [3]] })).toThrow('options.centers[1] must be 2 coordinates');
    expect(bad({ centers: [] })).toThrow('at least one centre');
    expect(bad({ centers: 0 })).toThrow(ArgumentError);
    expect(bad({ centers: 2, deviation: [1, 2, 3] })).toThrow('one for each of 2 centres');
    expect(bad({ deviation: -1 })).toThrow(ArgumentError);
    expect(bad({ centers: [[Number.NaN]] })).toThrow('finite');
    expect(bad({ box: [1, 0] })).toThrow('[low, high]');
  });
});

describe('grid2d', () => {
  test('runs through the columns first, with both ends on the grid', () => {
    const grid = grid2d({ x: [-1, 2], y: [0, 10], columns: 4, rows: 3 });
    expect(grid.shape).toEqual([12, 2]);
    for (let row = 0; row < 3; row++) {
      for (let column = 0; column < 4; column++) {
        expect(grid.get(row * 4 + column, 0)).toBe(column - 1);
        expect(grid.get(row * 4 + column, 1)).toBe(row * 5);
      }
    }
  });

  test('ends on the last value exactly, and starts at the first when there is one column', () => {
    const grid = grid2d({ x: [0, 0.7], y: [3, 4], columns: 8, rows: 1 });
    expect(grid.get(7, 0)).toBe(0.7);
    expect(grid.get(7, 1)).toBe(3);
  });

  test('refuses no columns and infinite ends', () => {
    expect(() => grid2d({ x: [0, 1], y: [0, 1], columns: 0, rows: 2 })).toThrow('options.columns');
    expect(() => grid2d({ x: [0, Infinity], y: [0, 1], columns: 2, rows: 2 })).toThrow('options.x');
    expect(() => grid2d({ x: [0] as unknown as [number, number], y: [0, 1], columns: 2, rows: 2 })).toThrow(
      'options.x',
    );
  });
});
