import { TICK_FONT } from './axis.ts';
import { type ColorScale, colorOf } from './color-scale.ts';
import { levelLines, type Projection, regionRings } from './contours.ts';
import type { Grid } from './grid.ts';
import { marker } from './markers.ts';
import { element, pathData, short } from './svg.ts';
import { textLine } from './text.ts';
import type { Tick } from './ticks.ts';

/** Where a panel lies, in pixels. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Training points: inputs `[N, 2]` row-major and one label each; a label above 0 is the positive class. */
export interface Points {
  readonly inputs: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
}

/** Marker shape and colour of the negative and the positive class, matching the ends of the diverging map. */
export const CLASSES = [
  { shape: 'circle', fill: '#083d8c' },
  { shape: 'triangle', fill: '#93000f' },
] as const;

/** The frame's mapping from grid positions, in nodes from the low corner, to pixels. */
function project(grid: Grid, frame: Frame): Projection {
  const dx = frame.width / (grid.columns - 1);
  const dy = frame.height / (grid.rows - 1);
  return (column, row) => [frame.left + column * dx, frame.top + frame.height - row * dy];
}

/** A field as filled bands: a ground in the colour of its least value, then each region above a border. */
export function filledField(field: ArrayLike<number>, grid: Grid, scale: ColorScale, frame: Frame): string {
  const values = Array.from(field);
  const least = values.reduce((a, b) => Math.min(a, b));
  const greatest = values.reduce((a, b) => Math.max(a, b));
  const to = project(grid, frame);
  const { left: x, top: y, width, height } = frame;
  const parts = [element('rect', { x, y, width, height, fill: colorOf(scale, least) })];
  scale.thresholds.forEach((threshold, band) => {
    if (threshold <= least || threshold > greatest) return;
    const d = regionRings(values, grid, threshold, to).map((ring) => pathData(ring, true));
    parts.push(element('path', { d: d.join(''), fill: scale.colors[band + 1] }));
  });
  return element('g', { 'fill-rule': 'evenodd' }, ...parts);
}

/** Path data of the line on which a field is 0, or an empty string when it never crosses. */
export function zeroLine(field: ArrayLike<number>, grid: Grid, frame: Frame): string {
  const lines = levelLines(Array.from(field), grid, 0, project(grid, frame));
  return lines.map((line) => pathData(line)).join('');
}

/**
 * White-edged markers for the points inside the grid, in their own order so that neither class hides the other, and of
 * a size at which all together cover about 6% of the panel, within what stays legible.
 */
export function pointMarkers(points: Points, grid: Grid, frame: Frame): string {
  const { inputs, labels } = points;
  const { x, y } = grid;
  const share = (0.06 * frame.width * frame.height) / Math.max(labels.length, 1);
  const radius = Math.min(3.2, Math.max(1.4, Math.sqrt(share / Math.PI)));
  const parts: string[] = [];
  for (let i = 0; i < labels.length; i++) {
    const [a, b] = [inputs[2 * i], inputs[2 * i + 1]];
    if (a < x[0] || a > x[1] || b < y[0] || b > y[1]) continue;
    const px = frame.left + ((a - x[0]) / (x[1] - x[0])) * frame.width;
    const py = frame.top + ((y[1] - b) / (y[1] - y[0])) * frame.height;
    const { shape, fill } = CLASSES[labels[i] > 0 ? 1 : 0];
    parts.push(marker(shape, px, py, radius, { fill }));
  }
  return element('g', { stroke: '#fff', 'stroke-width': 0.4, 'stroke-linejoin': 'round' }, ...parts);
}

/** A grey hatched panel with a word, for a model that has no spread. */
export function hatchedPanel(word: string, frame: Frame): string {
  const { left, top, width, height } = frame;
  const gap = 7;
  let lines = '';
  for (let s = gap; s < width + height; s += gap) {
    const [x1, y1] = s <= height ? [0, s] : [s - height, height];
    const [x2, y2] = s <= width ? [s, 0] : [width, s - width];
    lines += `M${short(left + x1)} ${short(top + y1)}L${short(left + x2)} ${short(top + y2)}`;
  }
  const [cx, cy] = [left + width / 2, top + height / 2];
  return element(
    'g',
    {},
    element('rect', { x: left, y: top, width, height, fill: '#f2f2f2' }),
    element('path', { d: lines, stroke: '#d6d6d6', 'stroke-width': 0.8 }),
    textLine(word, cx, cy + 3.2, {
      ...centred,
      fill: '#f2f2f2',
      stroke: '#f2f2f2',
      'stroke-width': 6,
      'stroke-linejoin': 'round',
    }),
    textLine(word, cx, cy + 3.2, { ...centred, fill: '#555' }),
  );
}

const centred = { 'text-anchor': 'middle', 'font-size': 9.5 } as const;

/** Which sides of a panel carry tick labels; every panel carries the ticks. */
interface Axes {
  readonly x: readonly Tick[];
  readonly y: readonly Tick[];
  readonly showX: boolean;
  readonly showY: boolean;
}

/** The panel's border, outward ticks and, on the outer panels, their numbers. */
export function panelAxes(grid: Grid, frame: Frame, axes: Axes): string {
  const { left, top, width, height } = frame;
  const bottom = top + height;
  let marks = '';
  const numbers: string[] = [];
  for (const tick of axes.x) {
    const x = left + ((tick.value - grid.x[0]) / (grid.x[1] - grid.x[0])) * width;
    marks += `M${short(x)} ${short(bottom)}v3`;
    if (axes.showX) numbers.push(textLine(tick.label ?? '', x, bottom + 11.5, { 'text-anchor': 'middle' }));
  }
  for (const tick of axes.y) {
    const y = bottom - ((tick.value - grid.y[0]) / (grid.y[1] - grid.y[0])) * height;
    marks += `M${short(left)} ${short(y)}h-3`;
    if (axes.showY) numbers.push(textLine(tick.label ?? '', left - 5, y + 3, { 'text-anchor': 'end' }));
  }
  return element(
    'g',
    { 'font-size': TICK_FONT },
    element('path', { d: marks, stroke: '#333', 'stroke-width': 0.6 }),
    element('rect', { x: left, y: top, width, height, fill: 'none', stroke: '#333', 'stroke-width': 0.8 }),
    ...numbers,
  );
}
