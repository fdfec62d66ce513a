import { ArgumentError, checkFinite, checkLength, checkPositive } from '@sntk/errors';
import { checkField, checkGrid, type Grid } from './grid.ts';
import type { Points } from './panel.ts';

/** One model's column: its mean and, where it has one, its standard deviation. */
export interface DecisionPanel {
  readonly title: string;
  /** A short line under the title, for example `accuracy 0.998 · RMSE 0.12`; a long one is wrapped. */
  readonly caption?: string;
  /** The mean at the grid's nodes, `[rows * columns]`, in the order of `gridNodes`. */
  readonly mean: ArrayLike<number>;
  /** The standard deviation at the nodes, in the mean's units; left out for a deterministic model. */
  readonly spread?: ArrayLike<number>;
}

/** What `decisionFigure` draws. */
export interface DecisionFigureOptions {
  readonly panels: readonly DecisionPanel[];
  readonly grid: Grid;
  /** Training points; those outside the grid are not drawn. */
  readonly points?: Points;
  readonly title?: string;
  /** The label of the mean's colour bar; `mean` unless told. */
  readonly colorLabel?: string;
  /** The label of the spread's colour bar; `standard deviation` unless told. */
  readonly spreadLabel?: string;
  /** The word in the panel of a model without spread; `deterministic` unless told. */
  readonly noSpreadLabel?: string;
  /** Names of the negative and the positive class; `class −1` and `class +1` unless told. */
  readonly classLabels?: readonly [negative: string, positive: string];
  /** Names of the two axes; `x₁` and `x₂` unless told. */
  readonly axisLabels?: readonly [x: string, y: string];
  /** The mean's colours run over ±meanLimit; a robust limit unless told. */
  readonly meanLimit?: number;
  /** The spread's colours run from 0 to spreadLimit; a robust limit unless told. */
  readonly spreadLimit?: number;
  /** Whether panels carry letters (a), (b), …; unless told, they do when there are two or more. */
  readonly letters?: boolean;
  /** Width of one panel in pixels; 153 unless told, which makes four panels about 750 px wide. */
  readonly panelWidth?: number;
}

/** Throws unless the options describe a figure that can be drawn. */
export function checkDecisionOptions(where: string, options: DecisionFigureOptions): void {
  const { panels, grid, points } = options;
  if (!Array.isArray(panels) || panels.length === 0) {
    throw new ArgumentError({ where, argument: 'options.panels', wanted: 'one panel or more', got: panels });
  }
  checkGrid(where, grid);
  panels.forEach((panel: DecisionPanel, k) => {
    const name = `panels[${k}] (${JSON.stringify(panel.title)})`;
    checkField(where, `${name}.mean`, panel.mean, grid);
    if (panel.spread === undefined) return;
    checkField(where, `${name}.spread`, panel.spread, grid);
    const negative = Array.prototype.findIndex.call(panel.spread, (v: number) => v < 0);
    if (negative === -1) return;
    const got = `${panel.spread[negative]} at row ${Math.floor(negative / grid.columns)}, column ${negative % grid.columns}`;
    const fix = 'pass standard deviations';
    throw new ArgumentError({ where, argument: `${name}.spread`, wanted: 'numbers of at least 0', got, fix });
  });
  for (const limit of ['meanLimit', 'spreadLimit', 'panelWidth'] as const) {
    if (options[limit] !== undefined) checkPositive(where, `options.${limit}`, options[limit]);
  }
  if (points === undefined) return;
  const n = points.labels.length;
  checkLength(where, 'points.inputs', points.inputs, 2 * n, `2 coordinates for each of ${n} labels`);
  checkFinite(where, 'points.inputs', points.inputs);
  checkFinite(where, 'points.labels', points.labels);
}
