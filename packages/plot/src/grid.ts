import { ArgumentError, checkInteger, checkLength } from '@sntk/errors';

/** A rectangular grid of nodes over the plane, both ends of each range included. */
export interface Grid {
  /** The range of x₁. */
  readonly x: readonly [low: number, high: number];
  /** The range of x₂. */
  readonly y: readonly [low: number, high: number];
  /** Nodes along x₁, at least 2. */
  readonly columns: number;
  /** Nodes along x₂, at least 2. */
  readonly rows: number;
}

/**
 * The grid's nodes as inputs `[rows * columns, 2]`, row-major: the order in which `decisionFigure` reads values.
 * Rows run over x₂ from its low end, columns over x₁.
 *
 * @throws ArgumentError when a range is empty or not finite, or a count is below 2.
 * @example
 * ```ts
 * import { gridNodes } from '@sntk/plot';
 * console.log(gridNodes({ x: [0, 1], y: [2, 3], columns: 2, rows: 2 }).join(' ')); // 0 2 1 2 0 3 1 3
 * ```
 */
export function gridNodes(grid: Grid): Float64Array {
  checkGrid('gridNodes', grid);
  const { x, y, columns, rows } = grid;
  const nodes = new Float64Array(rows * columns * 2);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = 2 * (row * columns + column);
      nodes[at] = x[0] + ((x[1] - x[0]) * column) / (columns - 1);
      nodes[at + 1] = y[0] + ((y[1] - y[0]) * row) / (rows - 1);
    }
  }
  return nodes;
}

/** Throws unless both ranges rise between finite ends and both counts are integers of at least 2. */
export function checkGrid(where: string, grid: Grid): void {
  for (const axis of ['x', 'y'] as const) {
    const [low, high] = grid[axis];
    if (!(Number.isFinite(low) && Number.isFinite(high) && low < high)) {
      throw new ArgumentError({
        where,
        argument: `grid.${axis}`,
        wanted: '[low, high], finite, low < high',
        got: grid[axis],
      });
    }
  }
  checkInteger(where, 'grid.columns', grid.columns, 2);
  checkInteger(where, 'grid.rows', grid.rows, 2);
}

/** Throws unless `values` has one finite number a node; the message gives row and column. */
export function checkField(where: string, argument: string, values: ArrayLike<number>, grid: Grid): void {
  const { rows, columns } = grid;
  checkLength(where, argument, values, rows * columns, `grid.rows × grid.columns = ${rows} × ${columns}`);
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      const place = `row ${Math.floor(i / columns)}, column ${i % columns}`;
      throw new ArgumentError({
        where,
        argument,
        wanted: 'finite numbers',
        got: `${values[i]} at ${place} (position ${i})`,
      });
    }
  }
}
