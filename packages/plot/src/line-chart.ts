import { axisScale, paddedSpan, type Scale, sideBySideTicks, TICK_FONT } from './axis.ts';
import { checkChartOptions, type LineChartOptions, type Series } from './chart-options.ts';
import { type LegendEntry, legend, legendHeight } from './legend.ts';
import { marker, SHAPES, type Shape } from './markers.ts';
import { element, pathData, short, svgDocument } from './svg.ts';
import { textLine, textWidth, turnedText, wrapText } from './text.ts';
import { linearTicks, logTicks } from './ticks.ts';

/** Okabe and Ito's colours that hold on white, told apart under every common colour blindness. */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'] as const;
/** Lines too dense for markers are told apart by dashes instead. */
const DASHES = [undefined, '6 2.5', '1.5 2', '7 2 1.5 2'] as const;
/** Reference lines are told apart by dashes too. */
const REFERENCE_DASHES = ['4 3', '1.5 2.5', '9 3', '9 2.5 1.5 2.5'] as const;
const DENSE = 24;

/** How one series looks. */
interface Style {
  readonly color: string;
  readonly width: number;
  readonly dash: string | undefined;
  readonly shape: Shape | undefined;
}

/**
 * Lines against a linear or logarithmic axis as SVG, with a legend above the plot: convergence orders, spread against
 * time. A series takes markers when it has at most 24 points and dashes otherwise, so that colour is never needed to
 * tell series apart. On a logarithmic axis the low end of a band or a bar may be 0 or less: it is drawn down to the
 * axis. The same input gives the same string.
 *
 * @throws ArgumentError when there is no series or point, when lengths differ, when a value is not finite, or when a
 * value on a logarithmic axis is not above 0.
 * @example
 * ```ts
 * import { lineChart } from '@sntk/plot';
 * const steps = [16, 32, 64, 128];
 * const svg = lineChart({
 *   series: [
 *     { label: 'Euler–Maruyama', x: steps, y: steps.map((n) => 0.9 / n) },
 *     { label: 'slope −1', x: steps, y: steps.map((n) => 1 / n), reference: true },
 *   ],
 *   x: { label: 'steps', log: true },
 *   y: { label: 'weak error', log: true },
 * });
 * console.log(svg.slice(0, 4)); // <svg
 * ```
 */
export function lineChart(options: LineChartOptions): string {
  checkChartOptions('lineChart', options);
  const { series, width = 380, height = 280 } = options;
  const [logX, logY] = [options.x.log ?? false, options.y.log ?? false];
  const styles = seriesStyles(series);

  const ySpan = paddedSpan(
    series.flatMap((one) => extentY(one, logY)),
    logY,
  );
  const titleLines = wrapText(options.title ?? '', width - 16, 12);
  const entries = series.map((one, k) => legendEntry(one.label, styles[k]));
  const legendTop = 6 + titleLines.length * 16;
  const top = legendTop + legendHeight(entries, width - 16) + 6;
  const bottom = height - 34;
  const yTicks = (logY ? logTicks : linearTicks)(...ySpan, Math.max(2, Math.round((bottom - top) / 32)));
  const yLabel = turnedText(options.y.label, 3, (top + bottom) / 2, bottom - top);
  const left = 11 + yLabel.width + Math.max(...yTicks.map((tick) => textWidth(tick.label ?? '', TICK_FONT)));
  const right = width - 12;
  const xSpan = paddedSpan(
    series.flatMap((one) => Array.from(one.x)),
    logX,
  );
  const xTicks = sideBySideTicks(...xSpan, logX, Math.max(2, Math.round((right - left) / 45)), right - left);
  const x = axisScale(xSpan, logX, xTicks, left, right);
  const y = axisScale(ySpan, logY, yTicks, bottom, top);

  const title = options.title ?? `${options.y.label} against ${options.x.label}`;
  const description = `Lines over ${options.x.label}: ${series.map((one) => one.label).join('; ')}.`;
  return svgDocument(
    { width, height, title, description },
    ...titleLines.map((line, i) =>
      textLine(line, width / 2, 17 + i * 16, {
        'text-anchor': 'middle',
        'font-size': 11,
        'font-weight': 'bold',
      }),
    ),
    legend(entries, width / 2, legendTop, width - 16),
    axes(x, y, left, right, top, bottom),
    textLine(options.x.label, (left + right) / 2, height - 7, { 'text-anchor': 'middle' }),
    yLabel.svg,
    ...series.map((one, k) => band(one, styles[k], x, y)),
    ...series.map((one, k) => line(one, styles[k], x, y)),
  );
}

/** All heights a series reaches; on a logarithmic axis only those above 0. */
function extentY(series: Series, log: boolean): number[] {
  const { y, band, bars } = series;
  const all = [y, band?.low, band?.high, bars?.low, bars?.high].flatMap((values) =>
    values ? Array.from(values) : [],
  );
  return log ? all.filter((value) => value > 0) : all;
}

/** Each series' look: colours and shapes in turn, reference lines apart. */
function seriesStyles(series: readonly Series[]): Style[] {
  let used = 0;
  let references = 0;
  return series.map((one) => {
    if (one.reference) {
      const dash = REFERENCE_DASHES[references++ % REFERENCE_DASHES.length];
      return { color: '#777', width: 1, dash, shape: undefined };
    }
    const k = used++;
    const dense = one.x.length > DENSE;
    return {
      color: COLORS[k % COLORS.length],
      width: 1.4,
      dash: dense ? DASHES[k % DASHES.length] : undefined,
      shape: dense ? undefined : SHAPES[k % SHAPES.length],
    };
  });
}

/** A short piece of the line with its marker. */
function legendEntry(text: string, style: Style): LegendEntry {
  return {
    text,
    width: 22,
    swatch: (left, middle) =>
      stroke(
        pathData([
          [left, middle],
          [left + 22, middle],
        ]),
        style,
      ) + (style.shape ? marker(style.shape, left + 11, middle, 3, { fill: style.color }) : ''),
  };
}

/** A path in a series' colour, width and dashes. */
function stroke(d: string, style: Style): string {
  const { color, width, dash } = style;
  return element('path', {
    d,
    fill: 'none',
    stroke: color,
    'stroke-width': width,
    'stroke-dasharray': dash,
    'stroke-linejoin': 'round',
  });
}

/** A series' shaded band. */
function band(series: Series, style: Style, x: Scale, y: Scale): string {
  if (!series.band) return '';
  const { low, high } = series.band;
  const points = (values: ArrayLike<number>): [number, number][] =>
    Array.from(series.x, (value, i) => [x.at(value), y.at(values[i])]);
  const d = pathData([...points(high), ...points(low).reverse()], true);
  return element('path', { d, fill: style.color, 'fill-opacity': 0.16 });
}

/** A series' line, error bars and markers. */
function line(series: Series, style: Style, x: Scale, y: Scale): string {
  const points = Array.from(series.x, (value, i): [number, number] => [x.at(value), y.at(series.y[i])]);
  const parts = points.length > 1 ? [stroke(pathData(points), style)] : [];
  if (series.bars) {
    const { low, high } = series.bars;
    const d = points.map(([px], i) => {
      const [from, to] = [short(y.at(low[i])), short(y.at(high[i]))];
      return `M${short(px)} ${from}V${to}M${short(px - 2.5)} ${from}h5M${short(px - 2.5)} ${to}h5`;
    });
    parts.push(element('path', { d: d.join(''), fill: 'none', stroke: style.color, 'stroke-width': 1 }));
  }
  const { shape } = style;
  if (shape) {
    const marks = points.map(([px, py]) => marker(shape, px, py, 3));
    parts.push(element('g', { fill: style.color, stroke: '#fff', 'stroke-width': 0.6 }, ...marks));
  }
  return parts.join('');
}

/** A light grid at the labelled ticks, the frame, outward ticks and their numbers. */
function axes(x: Scale, y: Scale, left: number, right: number, top: number, bottom: number): string {
  let [grid, marks] = ['', ''];
  const numbers: string[] = [];
  for (const tick of x.ticks) {
    const at = short(x.at(tick.value));
    marks += `M${at} ${short(bottom)}v${tick.label ? 3.5 : 2}`;
    if (!tick.label) continue;
    grid += `M${at} ${short(top)}V${short(bottom)}`;
    numbers.push(textLine(tick.label, x.at(tick.value), bottom + 13, { 'text-anchor': 'middle' }));
  }
  for (const tick of y.ticks) {
    const at = short(y.at(tick.value));
    marks += `M${short(left)} ${at}h-${tick.label ? 3.5 : 2}`;
    if (!tick.label) continue;
    grid += `M${short(left)} ${at}H${short(right)}`;
    numbers.push(textLine(tick.label, left - 5.5, y.at(tick.value) + 3, { 'text-anchor': 'end' }));
  }
  return element(
    'g',
    { 'font-size': TICK_FONT },
    element('path', { d: grid, stroke: '#e6e6e6', 'stroke-width': 0.6 }),
    element('path', { d: marks, stroke: '#333', 'stroke-width': 0.6 }),
    element('rect', {
      x: left,
      y: top,
      width: right - left,
      height: bottom - top,
      fill: 'none',
      stroke: '#333',
      'stroke-width': 0.8,
    }),
    ...numbers,
  );
}
