import { colorBars } from './color-bar.ts';
import { type ColorScale, divergingScale, sequentialScale } from './color-scale.ts';
import {
  axisLabels,
  type DecisionLayout,
  HEAD_LEADING,
  layOut,
  letter,
  PANEL_TITLE,
  TITLE_LEADING,
} from './decision-layout.ts';
import { checkDecisionOptions, type DecisionFigureOptions, type DecisionPanel } from './decision-options.ts';
import type { Grid } from './grid.ts';
import { type LegendEntry, legend, legendHeight } from './legend.ts';
import { marker } from './markers.ts';
import {
  CLASSES,
  type Frame,
  filledField,
  hatchedPanel,
  panelAxes,
  pointMarkers,
  zeroLine,
} from './panel.ts';
import { element, pathData, svgDocument } from './svg.ts';
import { textLine } from './text.ts';

const BOUNDARY = { fill: 'none', stroke: '#111', 'stroke-linejoin': 'round' } as const;
const STRONG = { ...BOUNDARY, 'stroke-width': 1.7 } as const;

/**
 * Decision boundaries and uncertainty of several models side by side, as SVG: a row of means with the boundary
 * (mean = 0) and the training points and, when any panel has a spread, a row of standard deviations below it.
 *
 * All means share one diverging scale, symmetric about 0, and all spreads one sequential scale from 0. A scale ends at
 * the 98th percentile of |value| over its row, rounded up to a whole band; what lies beyond takes the colour of the
 * arrow at the end of the colour bar. The plane has equal aspect (between 1:3 and 3:1). The same input gives the same
 * string.
 *
 * @throws ArgumentError when there is no panel, when a field does not have one finite value a node, when a spread is
 * negative, or when points and labels differ in number.
 * @example
 * ```ts
 * import { decisionFigure, gridNodes } from '@sntk/plot';
 * const grid = { x: [-2, 2], y: [-2, 2], columns: 40, rows: 40 } as const;
 * const nodes = gridNodes(grid);
 * const mean = Float64Array.from({ length: 1600 }, (_, i) => 1 - Math.hypot(nodes[2 * i], nodes[2 * i + 1]));
 * const svg = decisionFigure({ grid, panels: [{ title: 'disc', mean }] });
 * console.log(svg.slice(0, 4)); // <svg
 * ```
 */
export function decisionFigure(options: DecisionFigureOptions): string {
  checkDecisionOptions('decisionFigure', options);
  const { panels, meanLimit, spreadLimit } = options;
  const means = divergingScale(
    panels.map((panel) => panel.mean),
    meanLimit,
  );
  const known = panels.flatMap((panel) => (panel.spread === undefined ? [] : [panel.spread]));
  const spreads = known.length > 0 ? sequentialScale(known, spreadLimit) : undefined;
  const layout = layOut(options, spreads !== undefined);
  const { left, right, bottom } = layout;
  const center = (left + right) / 2;

  const bars = [{ scale: means, label: options.colorLabel ?? 'mean', top: layout.means[0].top }];
  if (spreads) {
    bars.push({
      scale: spreads,
      label: options.spreadLabel ?? 'standard deviation',
      top: layout.spreads[0].top,
    });
  }
  const bar = colorBars(bars, right + 9, layout.means[0].height);
  const entries = legendEntries(options);
  return svgDocument(
    {
      width: right + 9 + bar.width,
      height: bottom + 34 + legendHeight(entries, right - left),
      title: options.title ?? 'Decision boundaries',
      description: describe(options, means, spreads),
    },
    ...layout.titleLines.map((line, i) =>
      textLine(line, center, 18 + i * TITLE_LEADING, {
        'text-anchor': 'middle',
        'font-size': 12,
        'font-weight': 'bold',
      }),
    ),
    meanRow(options, layout, means),
    spreads ? spreadRow(options, layout, spreads) : '',
    axisNames(options, layout),
    bar.svg,
    legend(entries, center, bottom + 30, right - left),
  );
}

/** The first row: letters, titles and captions, filled maps, boundaries and points. */
function meanRow(options: DecisionFigureOptions, layout: DecisionLayout, scale: ColorScale): string {
  const { grid, points } = options;
  const { x, y, headTop } = layout;
  return options.panels
    .map((panel, k) => {
      const frame = layout.means[k];
      const head = layout.heads[k].map(([line, style], i) =>
        textLine(line, frame.left, headTop + 11 + i * HEAD_LEADING, style),
      );
      const d = zeroLine(panel.mean, grid, frame);
      return element(
        'g',
        {},
        ...head,
        filledField(panel.mean, grid, scale, frame),
        d === '' ? '' : element('path', { d, ...STRONG }),
        points ? pointMarkers(points, grid, frame) : '',
        panelAxes(grid, frame, { x, y, showX: layout.spreads.length === 0, showY: k === 0 }),
      );
    })
    .join('');
}

/** The second row: letters, filled maps and dashed boundaries. */
function spreadRow(options: DecisionFigureOptions, layout: DecisionLayout, scale: ColorScale): string {
  const { panels, grid, noSpreadLabel = 'deterministic' } = options;
  const { x, y, letters } = layout;
  return panels
    .map((panel, k) => {
      const frame = layout.spreads[k];
      return element(
        'g',
        {},
        letters ? textLine(letter(panels.length + k), frame.left, frame.top - 5, PANEL_TITLE) : '',
        panel.spread
          ? spreadPanel(panel, panel.spread, grid, scale, frame)
          : hatchedPanel(noSpreadLabel, frame),
        panelAxes(grid, frame, { x, y, showX: true, showY: k === 0 }),
      );
    })
    .join('');
}

/** A filled map with the boundary in dark dashes on a light ground of their own, to show on every colour. */
function spreadPanel(
  panel: DecisionPanel,
  spread: ArrayLike<number>,
  grid: Grid,
  scale: ColorScale,
  frame: Frame,
): string {
  const map = filledField(spread, grid, scale, frame);
  const d = zeroLine(panel.mean, grid, frame);
  if (d === '') return map;
  const ground = element('path', {
    d,
    ...BOUNDARY,
    stroke: '#fff',
    'stroke-width': 2.2,
    'stroke-opacity': 0.6,
  });
  return map + ground + element('path', { d, ...BOUNDARY, 'stroke-width': 1, 'stroke-dasharray': '4 2.5' });
}

/** The axes' names under the lowest row and beside the first column. */
function axisNames(options: DecisionFigureOptions, layout: DecisionLayout): string {
  const [x, y] = axisLabels(options);
  const style = { 'font-style': 'italic', 'font-size': 10 } as const;
  const below = layout.means.map(({ left, width }) =>
    textLine(x, left + width / 2, layout.bottom + 23, { ...style, 'text-anchor': 'middle' }),
  );
  const first = [layout.means[0], ...layout.spreads.slice(0, 1)];
  return [...below, ...first.map(({ top, height }) => textLine(y, 4, top + height / 2 + 3, style))].join('');
}

/** The classes, when there are points, and the boundary. */
function legendEntries(options: DecisionFigureOptions): LegendEntry[] {
  const names = options.classLabels ?? ['class −1', 'class +1'];
  const classes = CLASSES.map(({ shape, fill }, k) => ({
    text: names[k],
    width: 8,
    swatch: (left: number, middle: number) => marker(shape, left + 4, middle, 3, { fill }),
  }));
  const boundary = {
    text: 'decision boundary',
    width: 18,
    swatch: (left: number, middle: number) =>
      element('path', {
        d: pathData([
          [left, middle],
          [left + 18, middle],
        ]),
        ...STRONG,
      }),
  };
  return [...(options.points ? classes : []), boundary];
}

/** The figure in words, for those who cannot see it. */
function describe(
  options: DecisionFigureOptions,
  means: ColorScale,
  spreads: ColorScale | undefined,
): string {
  const { panels, grid, points } = options;
  const models = panels
    .map((panel) => (panel.caption ? `${panel.title} (${panel.caption})` : panel.title))
    .join('; ');
  const deviations = spreads ? ` Standard deviations are coloured from 0 to ${spreads.high}.` : '';
  const data = points ? ` ${points.labels.length} training points.` : '';
  return (
    `Maps over the plane from (${grid.x[0]}, ${grid.y[0]}) to (${grid.x[1]}, ${grid.y[1]}): ${models}.` +
    ` Means are coloured from ${means.low} to ${means.high}; the line is the decision boundary.${deviations}${data}`
  );
}
