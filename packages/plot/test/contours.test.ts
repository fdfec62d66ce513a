import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { levelLines, type Point, type Projection, regionRings } from '../src/contours.ts';
import { type Grid, gridNodes } from '../src/grid.ts';

const grid: Grid = { x: [-3, 3], y: [-2, 2], columns: 61, rows: 41 };
const h = 0.1;

function toData({ x, y, columns, rows }: Grid): Projection {
  return (c, r) => [x[0] + ((x[1] - x[0]) * c) / (columns - 1), y[0] + ((y[1] - y[0]) * r) / (rows - 1)];
}

function field(on: Grid, f: (x: number, y: number) => number): number[] {
  const nodes = gridNodes(on);
  return Array.from({ length: nodes.length / 2 }, (_, i) => f(nodes[2 * i], nodes[2 * i + 1]));
}

/** The even-odd area of nested rings: d3 turns holes the other way. */
function area(rings: readonly (readonly Point[])[]): number {
  const signed = rings.map((ring) =>
    ring.reduce((sum, [x, y], i) => {
      const [u, v] = ring[(i + 1) % ring.length];
      return sum + (x * v - u * y) / 2;
    }, 0),
  );
  return Math.abs(signed.reduce((a, b) => a + b, 0));
}

function contains(rings: readonly (readonly Point[])[], [px, py]: Point): boolean {
  let inside = false;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [[x, y], [u, v]] = [ring[i], ring[j]];
      if (y > py !== v > py && px < ((u - x) * (py - y)) / (v - y) + x) inside = !inside;
    }
  }
  return inside;
}

describe('level lines', () => {
  const radius = 1.37;
  // Linear interpolation along an edge of a function with second derivative at most 1/r errs by at most h²/(8r).
  const bound = h ** 2 / (8 * (radius - h));

  test('follow an off-centre circle within the error of linear interpolation', () => {
    const values = field(grid, (x, y) => radius - Math.hypot(x - 0.4, y + 0.3));
    const lines = levelLines(values, grid, 0, toData(grid));
    expect(lines).toHaveLength(1);
    for (const [x, y] of lines[0])
      expect(Math.abs(Math.hypot(x - 0.4, y + 0.3) - radius)).toBeLessThan(bound);
    expect(lines[0][0]).toEqual(lines[0].at(-1));
    const length = lines[0].reduce(
      (sum, [x, y], i) => (i === 0 ? 0 : sum + Math.hypot(x - lines[0][i - 1][0], y - lines[0][i - 1][1])),
      0,
    );
    // Chords no longer than the cell's diagonal shorten a circle by at most the share (h√2)²/(24r²).
    expect(Math.abs(length / (2 * Math.PI * radius) - 1)).toBeLessThan(
      bound / radius + (2 * h * h) / (24 * radius ** 2),
    );
  });

  test('of a linear function are one straight line from border to border, without the border', () => {
    const lines = levelLines(
      field(grid, (x) => x - 0.234),
      grid,
      0,
      toData(grid),
    );
    expect(lines).toHaveLength(1);
    for (const [x] of lines[0]) expect(x).toBeCloseTo(0.234, 12);
    expect(
      lines[0]
        .map(([, y]) => y)
        .sort((a, b) => a - b)
        .at(0),
    ).toBeCloseTo(-2, 12);
    expect(
      lines[0]
        .map(([, y]) => y)
        .sort((a, b) => a - b)
        .at(-1),
    ).toBeCloseTo(2, 12);
  });

  test('of a circle larger than the grid are its arcs inside it', () => {
    const lines = levelLines(
      field(grid, (x, y) => 3.2 - Math.hypot(x, y)),
      grid,
      0,
      toData(grid),
    );
    expect(lines).toHaveLength(4);
    for (const line of lines) {
      for (const [x, y] of line) expect(Math.abs(Math.hypot(x, y) - 3.2)).toBeLessThan(h ** 2 / (8 * 3.1));
      for (const [x, y] of [line[0], line.at(-1)!]) {
        expect(Math.min(Math.abs(Math.abs(x) - 3), Math.abs(Math.abs(y) - 2))).toBeLessThan(1e-12);
      }
    }
  });

  test('are absent where the function keeps its sign', () => {
    expect(
      levelLines(
        field(grid, () => 1),
        grid,
        0,
        toData(grid),
      ),
    ).toEqual([]);
    expect(
      levelLines(
        field(grid, () => -1),
        grid,
        0,
        toData(grid),
      ),
    ).toEqual([]);
  });
});

describe('regions', () => {
  test('of a disc have its area', () => {
    const rings = regionRings(
      field(grid, (x, y) => 1.5 - Math.hypot(x, y)),
      grid,
      0,
      toData(grid),
    );
    const slack =
      2 * Math.PI * 1.5 * (h ** 2 / (8 * 1.4)) + (Math.PI * 1.5 ** 2 * (2 * h * h)) / (6 * 1.5 ** 2);
    expect(Math.abs(area(rings) - Math.PI * 1.5 ** 2)).toBeLessThan(slack);
  });

  test('that touch the border end exactly on it', () => {
    expect(
      area(
        regionRings(
          field(grid, (x) => x - 1),
          grid,
          0,
          toData(grid),
        ),
      ),
    ).toBeCloseTo(2 * 4, 10);
    expect(
      area(
        regionRings(
          field(grid, () => 1),
          grid,
          0,
          toData(grid),
        ),
      ),
    ).toBeCloseTo(6 * 4, 10);
    const ring = area(
      regionRings(
        field(grid, (x, y) => Math.max(Math.abs(x), Math.abs(y)) - 1),
        grid,
        0,
        toData(grid),
      ),
    );
    // The square hole loses its corners' triangles, each at most half a cell.
    expect(Math.abs(ring - (24 - 4))).toBeLessThanOrEqual(4 * 0.5 * h * h + 1e-9);
  });

  test('hold exactly the inner nodes at or above the level and shrink as it rises', () => {
    const small: Grid = { x: [0, 6], y: [0, 5], columns: 7, rows: 6 };
    const identity: Projection = (c, r) => [c, r];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 42, maxLength: 42 }), (values) => {
        let larger = 30 + 1e-9;
        for (const level of [0.5, 1.5, 2.5, 3.5, 4.5]) {
          const rings = regionRings(values, small, level, identity);
          const size = area(rings);
          expect(size).toBeLessThanOrEqual(larger + 1e-9);
          larger = size;
          for (let r = 1; r < 5; r++) {
            for (let c = 1; c < 6; c++) expect(contains(rings, [c, r])).toBe(values[r * 7 + c] >= level);
          }
        }
      }),
    );
  });
});
