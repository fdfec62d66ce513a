import { ArgumentError, checkLength } from '@sntk/errors';
import ndarray, { type NdArray } from 'ndarray';

/** A table of numbers, with column names if the text had them. */
export interface CsvTable {
  readonly header: readonly string[] | undefined;
  /** `[rows, columns]` */
  readonly values: NdArray<Float64Array>;
}

/**
 * Reads a table of numbers separated by commas.
 *
 * A first line without any number is the header. Empty lines and lines that start with `#` are skipped; cells may be
 * quoted; decimal points only.
 *
 * @throws ArgumentError naming the line for a row of another length or a cell that is no finite number
 *
 * @example
 * ```ts
 * import { parseCsv } from '@sntk/datasets';
 *
 * const { header, values } = parseCsv('x,y\n1,2\n3,4.5\n');
 * console.log(header, values.get(1, 1)); // [ 'x', 'y' ] 4.5
 * ```
 */
export function parseCsv(text: string): CsvTable {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const cells: number[] = [];
  let header: string[] | undefined;
  let columns: number | undefined;
  lines.forEach((line, i) => {
    if (line.trim() === '' || line.startsWith('#')) return;
    const row = splitLine(line, i + 1);
    columns ??= row.length;
    if (row.length !== columns) {
      throw problem(`${columns} cells on line ${i + 1}, as on the lines before`, `${row.length}`);
    }
    if (cells.length === 0 && header === undefined && row.every((cell) => toNumber(cell) === undefined)) {
      header = row;
      return;
    }
    for (let j = 0; j < row.length; j++) {
      const value = toNumber(row[j]);
      if (value === undefined) throw problem(`a finite number on line ${i + 1}, column ${j + 1}`, row[j]);
      cells.push(value);
    }
  });
  if (columns === undefined) throw problem('at least one line', text);
  return { header, values: ndarray(Float64Array.from(cells), [cells.length / columns, columns]) };
}

/**
 * Writes a matrix as lines of numbers separated by commas, with the fewest digits that read back as the same doubles.
 *
 * @param array `[rows, columns]`
 * @throws ArgumentError for an array that is no matrix, a header of another length, or a number that is not finite
 *
 * @example
 * ```ts
 * import { formatCsv, grid2d } from '@sntk/datasets';
 *
 * const grid = grid2d({ x: [0, 0.1], y: [5, 5], columns: 2, rows: 1 });
 * console.log(JSON.stringify(formatCsv(grid, { header: ['x', 'y'] }))); // "x,y\n0,5\n0.1,5\n"
 * ```
 */
export function formatCsv(
  array: NdArray<Float64Array | Float32Array | Int32Array>,
  options: { readonly header?: readonly string[] } = {},
): string {
  const [rows, columns] = array.shape;
  checkLength('formatCsv', 'array.shape', array.shape, 2, 'a matrix');
  const lines: string[] = [];
  if (options.header) {
    if (options.header.length !== columns) {
      throw new ArgumentError({
        where: 'formatCsv',
        argument: 'options.header',
        wanted: `${columns} names, one a column`,
        got: options.header,
      });
    }
    lines.push(options.header.map(quote).join(','));
  }
  for (let i = 0; i < rows; i++) {
    const row: string[] = [];
    for (let j = 0; j < columns; j++) {
      const value = array.get(i, j);
      if (!Number.isFinite(value)) {
        throw new ArgumentError({
          where: 'formatCsv',
          argument: 'array',
          wanted: 'finite numbers',
          got: `${value} in row ${i}, column ${j}`,
        });
      }
      row.push(Object.is(value, -0) ? '-0' : String(value));
    }
    lines.push(row.join(','));
  }
  return lines.map((line) => `${line}\n`).join('');
}

function splitLine(line: string, number: number): string[] {
  if (!line.includes('"')) return line.split(',').map((cell) => cell.trim());
  const cells: string[] = [];
  const cell = /\s*(?:"((?:[^"]|"")*)"|([^",]*))\s*(,|$)/y;
  for (let more = true; more; ) {
    const match = cell.exec(line);
    if (!match) throw problem(`quotes that close, on line ${number}`, line);
    cells.push(match[1] === undefined ? match[2].trim() : match[1].replaceAll('""', '"'));
    more = match[3] === ',';
  }
  return cells;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The finite number a cell spells, or undefined. */
function toNumber(cell: string): number | undefined {
  const value = NUMBER.test(cell) ? Number(cell) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

function quote(name: string): string {
  return /[",\n\r#]|^\s|\s$/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}

function problem(wanted: string, got: string): ArgumentError {
  const shown = got.length > 60 ? `${got.slice(0, 60)}…` : got;
  return new ArgumentError({
    where: 'parseCsv',
    argument: 'text',
    wanted: `a table with ${wanted}`,
    got: shown,
  });
}
