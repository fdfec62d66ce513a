import { describe, expect, test } from 'vitest';
import { type LineChartOptions, lineChart } from '../src/index.ts';
import { inks, inside, overlap } from './ink.ts';
import { all, frames, type Node, parse, subpaths, texts } from './parse.ts';

const steps = [8, 16, 32, 64, 128];
const base: LineChartOptions = {
  series: [
    { label: 'Euler', x: steps, y: steps.map((n) => 0.8 / n) },
    { label: 'Milstein', x: steps, y: steps.map((n) => 3 / n ** 2) },
  ],
  x: { label: 'steps', log: true },
  y: { label: 'error', log: true },
};
const time = Array.from({ length: 100 }, (_, i) => i / 10);
const linear: LineChartOptions = {
  series: [{ label: 'spread', x: time, y: time.map(Math.sqrt) }],
  x: { label: 'time' },
  y: { label: 'spread' },
};
const lines = (root: Node): Node[] =>
  all(
    root,
    (node) =>
      node.name === 'path' && node.attributes['stroke-linejoin'] === 'round' && node.attributes.d.length > 40,
  );

describe('a line chart', () => {
  test('is a named, well-formed image of the size asked for', () => {
    const root = parse(lineChart({ ...base, title: 'A < B & "C"', width: 500, height: 300 }));
    expect(root.attributes).toMatchObject({
      role: 'img',
      width: '500',
      height: '300',
      'aria-label': 'A < B & "C"',
    });
    expect(root.children[0].text).toBe('A < B & "C"');
    expect(parse(lineChart(base)).children[0].text).toBe('error against steps');
  });

  test('is the same for the same input', () => {
    expect(lineChart(base)).toBe(lineChart(base));
  });

  test('turns a power law on logarithmic axes into a straight line of its slope', () => {
    const root = parse(lineChart(base));
    const [box] = frames(root);
    const [one, two] = lines(root).map((node) => subpaths(node.attributes.d)[0]);
    const slope = (points: [number, number][], i: number, j: number): number =>
      (points[j][1] - points[i][1]) / (points[j][0] - points[i][0]);
    const width = Math.abs(one[4][0] - one[0][0]);
    for (const points of [one, two]) {
      for (let i = 1; i < 4; i++)
        expect(Math.abs(slope(points, 0, i + 1) - slope(points, 0, 4))).toBeLessThan(0.02 / (width / 4));
      for (const [x, y] of points) {
        expect(x > box.left && x < box.left + box.width && y > box.top && y < box.top + box.height).toBe(
          true,
        );
      }
    }
    expect(slope(two, 0, 4) / slope(one, 0, 4)).toBeCloseTo(2, 3);
  });

  test('places linear values in proportion and lets y grow upwards', () => {
    const [points] = lines(parse(lineChart(linear))).map((node) => subpaths(node.attributes.d)[0]);
    const [first, last] = [points[0], points.at(-1)!];
    points.forEach(([x, y], i) => {
      expect(Math.abs((x - first[0]) / (last[0] - first[0]) - time[i] / 9.9)).toBeLessThan(1e-4);
      expect(Math.abs((y - first[1]) / (last[1] - first[1]) - Math.sqrt(time[i] / 9.9))).toBeLessThan(1e-4);
    });
    expect(last[1]).toBeLessThan(first[1]);
  });

  test('names series and axes, with ticks of powers of ten', () => {
    const found = texts(parse(lineChart(base)));
    expect(found).toEqual(
      expect.arrayContaining(['Euler', 'Milstein', 'steps', 'error', '10⁻³', '10⁻²', '10', '100']),
    );
  });

  test('tells sparse series apart by markers and dense ones by dashes', () => {
    const sparse = parse(lineChart(base));
    expect(all(sparse, (node) => node.name === 'circle')).toHaveLength(steps.length + 1);
    const dense = parse(
      lineChart({ ...linear, series: [...linear.series, { ...linear.series[0], label: 'again' }] }),
    );
    expect(all(dense, (node) => node.name === 'circle')).toEqual([]);
    const dashes = lines(dense).map((node) => node.attributes['stroke-dasharray']);
    expect(dashes).toHaveLength(2);
    expect(new Set(dashes).size).toBe(2);
  });

  test('draws a reference line grey, dashed and without using up a colour', () => {
    const reference = { ...base.series[0], label: 'slope −1', reference: true };
    const root = parse(lineChart({ ...base, series: [reference, ...base.series] }));
    const strokes = lines(root).map((node) => node.attributes.stroke);
    expect(strokes).toEqual(['#777', ...lines(parse(lineChart(base))).map((node) => node.attributes.stroke)]);
  });

  test('tells several reference lines apart by their dashes', () => {
    const reference = (label: string) => ({ ...base.series[0], label, reference: true });
    const series = [reference('slope −1'), ...base.series, reference('slope −2'), reference('a bound')];
    const dashes = lines(parse(lineChart({ ...base, series }))).map(
      (node) => node.attributes['stroke-dasharray'],
    );
    expect(dashes[1]).toBeUndefined();
    expect(new Set(dashes.filter((dash) => dash !== undefined)).size).toBe(3);
  });

  test('shades a band between its bounds', () => {
    const band = { low: time.map((t) => Math.sqrt(t) - 0.5), high: time.map((t) => Math.sqrt(t) + 0.5) };
    const root = parse(lineChart({ ...linear, series: [{ ...linear.series[0], band }] }));
    const [shade] = all(root, (node) => node.attributes['fill-opacity'] !== undefined);
    const [line] = lines(root)
      .filter((node) => node !== shade)
      .map((node) => subpaths(node.attributes.d)[0]);
    const [ring] = subpaths(shade.attributes.d);
    expect(ring).toHaveLength(200);
    line.forEach(([x, y], i) => {
      expect(ring[i][0]).toBeCloseTo(x, 1);
      expect(Math.abs((ring[i][1] + ring[199 - i][1]) / 2 - y)).toBeLessThan(0.011);
    });
  });

  test('takes bars that reach 0 on a logarithmic axis down to the axis', () => {
    const y = base.series[0].y;
    const bars = { low: steps.map(() => 0), high: Array.from(y, (v) => 2 * v) };
    const root = parse(lineChart({ ...base, series: [{ ...base.series[0], bars }] }));
    const [box] = frames(root);
    const path = all(root, (node) => node.attributes['stroke-width'] === '1' && node.name === 'path')[0];
    const starts = [...path.attributes.d.matchAll(/M[\d.]+ ([\d.]+)V/g)].map((match) => Number(match[1]));
    expect(starts).toHaveLength(steps.length);
    for (const start of starts) expect(Math.abs(start - (box.top + box.height))).toBeLessThan(0.011);
  });

  test('keeps all texts inside the page, apart from each other and off the plot', () => {
    const names = [
      'Euler–Maruyama',
      'Milstein',
      'stochastic Runge–Kutta of order 3/2',
      'Heun',
      'reversible Heun',
    ];
    const many = names.map((label, k) => ({ label, x: steps, y: steps.map((n) => 1e-9 / n ** k) }));
    for (const options of [
      linear,
      { ...base, title: 'A title that is too long for one line of a chart of this width', series: many },
      {
        ...base,
        y: { label: 'the root of the mean of the squared error at the end of the interval', log: true },
      },
    ]) {
      const svg = lineChart(options);
      const root = parse(svg);
      const [plot] = frames(root);
      const found = inks(svg);
      expect(found.length).toBeGreaterThan(8);
      found.forEach(({ text, box }, i) => {
        expect(inside(box, Number(root.attributes.width), Number(root.attributes.height)), text).toBe(true);
        expect(overlap(box, plot), text).toBe(false);
        for (const other of found.slice(0, i))
          expect(overlap(box, other.box), `${text} and ${other.text}`).toBe(false);
      });
    }
  });

  test('shows a single point', () => {
    const root = parse(lineChart({ ...linear, series: [{ label: 'one', x: [3], y: [5] }] }));
    const [box] = frames(root);
    const circles = all(root, (node) => node.name === 'circle');
    expect(Number(circles.at(-1)!.attributes.cx)).toBeCloseTo(box.left + box.width / 2, 1);
    expect(Number(circles.at(-1)!.attributes.cy)).toBeCloseTo(box.top + box.height / 2, 1);
  });
});

describe('refusals', () => {
  const draw =
    (series: LineChartOptions['series'], change: Partial<LineChartOptions> = {}) =>
    (): string =>
      lineChart({ ...base, ...change, series });

  test('no series and no points', () => {
    expect(draw([])).toThrow('lineChart: options.series must be one series or more');
    expect(draw([{ label: 'empty', x: [], y: [] }])).toThrow(
      /series\[0\] \("empty"\)\.x must be one point or more/,
    );
  });

  test('lengths that differ', () => {
    expect(draw([{ label: 'a', x: [1, 2], y: [1] }])).toThrow(/series\[0\] \("a"\)\.y must be of length 2/);
    expect(draw([{ label: 'a', x: [1], y: [1], bars: { low: [1], high: [] } }])).toThrow(
      /bars\.high must be of length 1/,
    );
  });

  test('values that are not finite or, on a logarithmic axis, not above 0', () => {
    expect(draw([{ label: 'a', x: [1], y: [Number.NaN] }])).toThrow(/series\[0\] \("a"\)\.y must be finite/);
    expect(draw([{ label: 'a', x: [1, 0], y: [1, 1] }])).toThrow(
      /x must be above 0 on a logarithmic axis, got .*0 at position 1/,
    );
    expect(draw([{ label: 'a', x: [1, 0], y: [1, 1] }], { x: { label: 'x' } })).not.toThrow();
  });

  test('a size that is not above 0', () => {
    expect(draw(base.series, { width: 0 })).toThrow(/options\.width/);
  });
});
