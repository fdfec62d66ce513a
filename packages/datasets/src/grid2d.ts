import { checkFinite, checkInteger, checkLength } from '@sntk/errors';
import ndarray, { type NdArray } from 'ndarray';

/** The rectangle and how finely it is covered. */
export interface GridOptions {
  /** First and last abscissa, both on the grid. */
  readonly x: readonly [number, number];
  /** First and last ordinate, both on the grid. */
  readonly y: readonly [number, number];
  /** Number of abscissas. */
  readonly columns: number;
  /** Number of ordinates. */
  readonly rows: number;
}

/**
 * The points of a rectangular grid, for drawing a function of two inputs.
 *
 * Point `row·columns + column` has the column's abscissa and the row's ordinate. A single column or row sits at the
 * first end.
 *
 * @returns `[rows·columns, 2]`
 * @throws ArgumentError for ends that are not finite or fewer than one column or row
 *
 * @example
 * ```ts
 * import { grid2d } from '@sntk/datasets';
 *
 * const grid = grid2d({ x: [-1, 1], y: [0, 3], columns: 3, rows: 2 });
 * console.log(grid.data.join(' ')); // -1 0 0 0 1 0 -1 3 0 3 1 3
 * ```
 */
export function grid2d(options: GridOptions): NdArray<Float64Array> {
  const { x, y, columns, rows } = options;
  checkLength('grid2d', 'options.x', x, 2, 'first and last abscissa');
  checkLength('grid2d', 'options.y', y, 2, 'first and last ordinate');
  checkFinite('grid2d', 'options.x', x);
  checkFinite('grid2d', 'options.y', y);
  checkInteger('grid2d', 'options.columns', columns, 1);
  checkInteger('grid2d', 'options.rows', rows, 1);
  const out = new Float64Array(2 * rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      out[2 * (r * columns + c)] = between(x, c, columns);
      out[2 * (r * columns + c) + 1] = between(y, r, rows);
    }
  }
  return ndarray(out, [rows * columns, 2]);
}

function between([first, last]: readonly [number, number], i: number, count: number): number {
  if (i === 0) return first;
  return i === count - 1 ? last : first + i * ((last - first) / (count - 1));
}
