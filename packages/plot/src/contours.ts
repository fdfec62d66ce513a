import { contours } from 'd3-contour';
import type { Grid } from './grid.ts';

/** A point of the plane. */
export type Point = readonly [x: number, y: number];

/** Turns a grid position, in nodes from the low corner, into the caller's coordinates. */
export type Projection = (column: number, row: number) => Point;

/**
 * The closed rings of the region where the field is at least `level`, to be filled even-odd. Crossings are
 * interpolated linearly along the grid's edges.
 */
export function regionRings(values: readonly number[], grid: Grid, level: number, to: Projection): Point[][] {
  const { columns, rows } = grid;
  return rawRings(values, grid, level).map((ring) =>
    // d3 closes rings half a cell outside the grid; clamping moves exactly those parts onto the border.
    ring.map(([x, y]) => to(clamp(x - 0.5, columns - 1), clamp(y - 0.5, rows - 1))),
  );
}

/** The lines on which the field crosses `level`, without the border that closes a region. */
export function levelLines(values: readonly number[], grid: Grid, level: number, to: Projection): Point[][] {
  const { columns, rows } = grid;
  const lines: Point[][] = [];
  for (const closed of rawRings(values, grid, level)) {
    const ring = closed.slice(1);
    const inside = ring.map(([x, y]) => x >= 0.5 && y >= 0.5 && x <= columns - 0.5 && y <= rows - 0.5);
    const first = inside.indexOf(false);
    // A ring that never leaves the grid stays closed; any other is read from a point outside it.
    const count = first === -1 ? ring.length + 1 : ring.length;
    let line: Point[] = [];
    for (let k = 0; k < count; k++) {
      const i = (Math.max(first, 0) + k) % ring.length;
      if (inside[i]) line.push(to(ring[i][0] - 0.5, ring[i][1] - 0.5));
      if (!inside[i] || k === count - 1) {
        if (line.length > 1) lines.push(line);
        line = [];
      }
    }
  }
  return lines;
}

/** d3's rings of the region at or above the level; node (column, row) lies at (column + ½, row + ½). */
function rawRings(values: readonly number[], grid: Grid, level: number): [number, number][][] {
  const region = contours()
    .size([grid.columns, grid.rows])
    .contour(values as number[], level);
  return region.coordinates.flat() as [number, number][][];
}

/** `value` moved into [0, high]. */
function clamp(value: number, high: number): number {
  return Math.min(Math.max(value, 0), high);
}
