import { TICK_FONT } from './axis.ts';
import type { ColorScale } from './color-scale.ts';
import type { Point } from './contours.ts';
import { element, pathData, short } from './svg.ts';
import { textLine, textWidth, turnedText } from './text.ts';
import { linearTicks, type Tick } from './ticks.ts';

const BAR = 9;
const ARROW = 8;
const THIN = { stroke: '#333', 'stroke-width': 0.6 } as const;

/** A scale and what it measures; bars stacked above each other line their labels up. */
interface Bar {
  readonly scale: ColorScale;
  readonly label: string;
  readonly top: number;
}

/** Vertical colour bars of one height with ticks and turned labels; gives their markup and their common width. */
export function colorBars(
  bars: readonly Bar[],
  left: number,
  height: number,
): { svg: string; width: number } {
  const ticks = bars.map(({ scale }) =>
    linearTicks(scale.low, scale.high, Math.max(2, Math.min(6, Math.floor(height / 20)))),
  );
  const widest = Math.max(...ticks.flat().map((tick) => textWidth(tick.label ?? '', TICK_FONT)));
  const labelLeft = left + BAR + 7 + widest;
  const labels = bars.map(({ label, top }) =>
    turnedText(label, labelLeft, top + height / 2, Math.max(height + 12, 60)),
  );
  const svg = bars.map(({ scale, top }, k) =>
    element('g', {}, bar(scale, ticks[k], left, top, height), labels[k].svg),
  );
  return { svg: svg.join(''), width: labelLeft - left + Math.max(...labels.map((label) => label.width)) + 3 };
}

/** One bar; an arrowed end stands for all values beyond the limit. */
function bar(scale: ColorScale, ticks: readonly Tick[], left: number, top: number, height: number): string {
  const { low, high, thresholds, colors, extendsLow, extendsHigh } = scale;
  const floor = top + height - (extendsLow ? ARROW : 0);
  const ceiling = top + (extendsHigh ? ARROW : 0);
  const y = (value: number): number => floor - ((value - low) / (high - low)) * (floor - ceiling);
  const right = left + BAR;
  const bottomTip: Point[] = extendsLow ? [[left + BAR / 2, top + height]] : [];
  const topTip: Point[] = extendsHigh ? [[left + BAR / 2, top]] : [];
  const outline: Point[] = [
    [left, floor],
    ...bottomTip,
    [right, floor],
    [right, ceiling],
    ...topTip,
    [left, ceiling],
  ];
  // The outline takes the lowest colour; each band above is painted to the top and covered by the next, so that no
  // hairline shows between neighbours.
  const parts = [element('path', { d: pathData(outline, true), fill: colors[0] })];
  thresholds.forEach((start, band) => {
    const edge: Point[] = [[left, y(start)], [right, y(start)], [right, ceiling], ...topTip, [left, ceiling]];
    parts.push(element('path', { d: pathData(edge, true), fill: colors[band + 1] }));
  });
  parts.push(element('path', { d: pathData(outline, true), fill: 'none', ...THIN }));
  for (const tick of ticks) {
    const height = y(tick.value);
    parts.push(element('path', { d: `M${short(right)} ${short(height)}h3`, ...THIN }));
    parts.push(textLine(tick.label ?? '', right + 5, height + 3, { 'font-size': TICK_FONT }));
  }
  return parts.join('');
}
