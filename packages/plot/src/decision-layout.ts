import { sideBySideTicks, TICK_FONT } from './axis.ts';
import type { DecisionFigureOptions, DecisionPanel } from './decision-options.ts';
import type { Frame } from './panel.ts';
import type { Attributes } from './svg.ts';
import { textWidth, wrapText } from './text.ts';
import { linearTicks, type Tick } from './ticks.ts';

/** A line of text above a panel and its style. */
type HeadLine = readonly [line: string, style: Attributes];

/** Where the parts of a decision figure lie, in pixels. */
export interface DecisionLayout {
  readonly titleLines: readonly string[];
  /** Lines above each panel of the first row, and the top of the room they take. */
  readonly heads: readonly (readonly HeadLine[])[];
  readonly headTop: number;
  readonly means: readonly Frame[];
  readonly spreads: readonly Frame[];
  /** The outer edges of the panels. */
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly x: readonly Tick[];
  readonly y: readonly Tick[];
  /** Whether panels carry letters. */
  readonly letters: boolean;
}

/** The height from one line above a panel to the next. */
export const HEAD_LEADING = 12;
/** The height from one line of the figure's title to the next. */
export const TITLE_LEADING = 18;
/** The style of a panel's letter and title. */
export const PANEL_TITLE = { 'font-size': 10.5, 'font-weight': 'bold' } as const;

const CAPTION = { 'font-size': 8.5, fill: '#444' } as const;
/** Bold letters are this much wider than `textWidth` says. */
const BOLD = 1.1;

/** Places panels, ticks and texts so that nothing overlaps. */
export function layOut(options: DecisionFigureOptions, withSpreads: boolean): DecisionLayout {
  const { panels, grid } = options;
  const letters = options.letters ?? (panels.length > 1 || withSpreads);
  const width = options.panelWidth ?? 153;
  const ratio = (grid.y[1] - grid.y[0]) / (grid.x[1] - grid.x[0]);
  const height = width * Math.min(Math.max(ratio, 1 / 3), 3);

  const x = sideBySideTicks(...grid.x, false, Math.max(2, Math.round(width / 38)), width);
  const y = linearTicks(...grid.y, Math.max(2, Math.round(height / 30)));
  const gap = Math.max(12, 5 + overhang(x, grid.x, width));
  const yNumbers = Math.max(...y.map((tick) => textWidth(tick.label ?? '', TICK_FONT)));
  const left = 9 + textWidth(axisLabels(options)[1], 10) + yNumbers;
  const right = left + panels.length * (width + gap) - gap;

  const titleLines = wrapText(options.title ?? '', right - left, BOLD * 12);
  const heads = panels.map((panel, k) => heading(letters ? letter(k) : '', panel, width));
  const headTop = 6 + titleLines.length * TITLE_LEADING;
  const top = headTop + Math.max(...heads.map((lines) => lines.length)) * HEAD_LEADING + 5;
  const means = panels.map((_, k): Frame => ({ left: left + k * (width + gap), top, width, height }));
  const secondTop = top + height + (letters ? 21 : 13);
  const spreads = withSpreads ? means.map((frame): Frame => ({ ...frame, top: secondTop })) : [];
  const bottom = (withSpreads ? secondTop : top) + height;
  return { titleLines, heads, headTop, means, spreads, left, right, bottom, x, y, letters };
}

/** The names of the two axes. */
export function axisLabels(options: DecisionFigureOptions): readonly [x: string, y: string] {
  return options.axisLabels ?? ['x₁', 'x₂'];
}

/** The k-th panel's letter in parentheses; after (z) come (aa), (ab), …. */
export function letter(k: number): string {
  const last = String.fromCharCode(97 + (k % 26));
  return k < 26 ? `(${last})` : `(${String.fromCharCode(96 + Math.floor(k / 26))}${last})`;
}

/** The lines above a panel: letter and title, then the caption. */
function heading(mark: string, panel: DecisionPanel, width: number): HeadLine[] {
  const title = wrapText(`${mark} ${panel.title}`.trim(), width, BOLD * PANEL_TITLE['font-size']);
  const caption = wrapText(panel.caption ?? '', width, CAPTION['font-size']);
  return [
    ...title.map((line): HeadLine => [line, PANEL_TITLE]),
    ...caption.map((line): HeadLine => [line, CAPTION]),
  ];
}

/** How far the outermost numbers under two neighbouring panels reach into the space between them, together. */
function overhang(ticks: readonly Tick[], [low, high]: readonly [number, number], width: number): number {
  const half = (tick: Tick): number => textWidth(tick.label ?? '', TICK_FONT) / 2;
  const place = (tick: Tick): number => ((tick.value - low) / (high - low)) * width;
  const before = Math.max(0, ...ticks.map((tick) => half(tick) - place(tick)));
  return before + Math.max(0, ...ticks.map((tick) => half(tick) + place(tick) - width));
}
