import { ArgumentError } from '@sntk/errors';
import { PNG } from 'pngjs';
import { describe, expect, test } from 'vitest';
import { type DecisionFigureOptions, decisionFigure, type Grid, gridNodes } from '../src/index.ts';
import { toPng } from '../src/png.ts';
import { inks, inside, overlap } from './ink.ts';
import { all, type Box, frames, type Node, parse, subpaths, texts } from './parse.ts';

const grid: Grid = { x: [-2, 2], y: [-1, 2], columns: 41, rows: 31 };
const field = (f: (x: number, y: number) => number, on = grid): Float64Array => {
  const nodes = gridNodes(on);
  return Float64Array.from({ length: nodes.length / 2 }, (_, i) => f(nodes[2 * i], nodes[2 * i + 1]));
};
const points = { inputs: [-1, 0, 1, 0.5, 0, 1.5, 9, 9], labels: [-1, 1, 1, -1] };
const circle = field((x, y) => 0.8 - Math.hypot(x - 0.5, y - 0.9));
const four: DecisionFigureOptions = {
  title: 'Two moons',
  grid,
  points,
  colorLabel: 'mean f(x)',
  panels: [
    {
      title: 'SGD',
      caption: 'accuracy 0.998 · RMSE 0.12',
      mean: circle,
      spread: field((x) => 0.2 + 0.1 * x * x),
    },
    { title: 'NTK', caption: 'accuracy 0.996 · RMSE 0.13', mean: field((x) => x / 2) },
    {
      title: 'SNTK',
      caption: 'accuracy 0.998 · RMSE 0.12',
      mean: field((x, y) => x * y),
      spread: field(() => 0.31),
    },
    { title: 'kernel SGD', mean: field(() => 0.45), spread: field((_, y) => 0.3 + 0.05 * y) },
  ],
};

const strong = (node: Node): boolean => node.attributes['stroke-width'] === '1.7' && node.name === 'path';
const dashed = (node: Node): boolean => node.attributes['stroke-dasharray'] !== undefined;
const toPixel = (frame: Box, x: number, y: number): [number, number] => [
  frame.left + ((x - grid.x[0]) / (grid.x[1] - grid.x[0])) * frame.width,
  frame.top + ((grid.y[1] - y) / (grid.y[1] - grid.y[0])) * frame.height,
];

describe('the document', () => {
  const root = parse(decisionFigure(four));

  test('is an SVG image with a name, a description and a white ground', () => {
    expect(root.name).toBe('svg');
    expect(root.attributes).toMatchObject({
      xmlns: 'http://www.w3.org/2000/svg',
      role: 'img',
      'aria-label': 'Two moons',
    });
    expect(root.attributes.viewBox).toBe(`0 0 ${root.attributes.width} ${root.attributes.height}`);
    expect(root.children[0]).toMatchObject({ name: 'title', text: 'Two moons' });
    expect(root.children[1].name).toBe('desc');
    expect(root.children[1].text).toContain('kernel SGD');
    expect(root.children[2].attributes).toEqual({
      width: root.attributes.width,
      height: root.attributes.height,
      fill: '#fff',
    });
  });

  test('of four panels is a two-column figure', () => {
    expect(Number(root.attributes.width)).toBeGreaterThan(700);
    expect(Number(root.attributes.width)).toBeLessThan(800);
  });

  test('has no ids, so that several figures can share a page', () => {
    expect(all(root, (node) => 'id' in node.attributes)).toEqual([]);
  });

  test('is the same for the same input, whatever was drawn in between', () => {
    const first = decisionFigure(four);
    decisionFigure({ grid, panels: [{ title: 'other', mean: circle }] });
    expect(decisionFigure(four)).toBe(first);
  });

  test('escapes what it is given and stays well-formed', () => {
    const wild = '<b> & "q" \u0001 \uD800';
    const again = parse(
      decisionFigure({
        ...four,
        title: wild,
        colorLabel: wild,
        spreadLabel: wild,
        noSpreadLabel: wild,
        classLabels: [wild, wild],
        axisLabels: ['<x>', '&'],
        panels: four.panels.map((panel) => ({ ...panel, title: wild, caption: wild })),
      }),
    );
    expect(again.children[0].text).toBe('<b> & "q" \uFFFD \uFFFD');
  });

  test('stays under 1.5 MB with eight wavy fields of 80×60 nodes and 500 points', () => {
    const fine: Grid = { x: [-2, 2], y: [-1, 2], columns: 80, rows: 60 };
    const mean = field((x, y) => Math.sin(5 * x) * Math.cos(6 * y) + 0.2 * Math.sin(13 * x * y), fine);
    const spread = mean.map(Math.abs);
    const inputs = Float64Array.from({ length: 1000 }, (_, i) => Math.sin(i * i));
    const labels = inputs.slice(0, 500).map(Math.sign);
    const panels = ['a', 'b', 'c', 'd'].map((title) => ({ title, mean, spread }));
    expect(decisionFigure({ grid: fine, panels, points: { inputs, labels } }).length).toBeLessThan(1.5e6);
  });
});

describe('the panels', () => {
  const root = parse(decisionFigure(four));
  const panels = frames(root);

  test('are two rows of four, aligned, of equal aspect', () => {
    expect(panels).toHaveLength(8);
    const first = panels.slice(0, 4);
    first.forEach((frame, k) => {
      expect(panels[4 + k].left).toBe(frame.left);
      expect(frame.top).toBe(first[0].top);
      expect(frame.height / frame.width).toBeCloseTo(3 / 4, 3);
    });
  });

  test('are lettered and titled, and the row below says which model is deterministic', () => {
    const found = texts(root);
    for (const text of [
      '(a) SGD',
      '(b) NTK',
      '(c) SNTK',
      '(d) kernel SGD',
      '(e)',
      '(h)',
      'accuracy 0.996 · RMSE 0.13',
    ]) {
      expect(found).toContain(text);
    }
    expect(new Set(found.filter((text) => text === 'deterministic')).size).toBe(1);
    expect(texts(parse(decisionFigure({ ...four, letters: false })))).toContain('SGD');
  });

  test('without any spread are one row without the second colour bar', () => {
    const single = parse(
      decisionFigure({ ...four, panels: four.panels.map(({ title, mean }) => ({ title, mean })) }),
    );
    expect(frames(single)).toHaveLength(4);
    expect(texts(single)).not.toContain('standard deviation');
    expect(texts(single).filter((text) => text === 'x₁')).toHaveLength(4);
  });

  test('carry numbers on the outer sides only', () => {
    expect(texts(root).filter((text) => text === 'x₁')).toHaveLength(4);
    expect(texts(root).filter((text) => text === 'x₂')).toHaveLength(2);
  });

  test('show the zero of the mean where it is, in both rows', () => {
    for (const [wanted, frame] of [
      [strong, panels[0]],
      [dashed, panels[4]],
    ] as const) {
      const [line] = all(root, wanted);
      const cell = (grid.x[1] - grid.x[0]) / (grid.columns - 1);
      // Interpolation errs by at most h²/(8(r − h)); rounding to 0.01 px by √2/2 · 0.01 px.
      const bound = cell ** 2 / (8 * (0.8 - cell)) + (0.00708 * (grid.x[1] - grid.x[0])) / frame.width;
      expect(bound).toBeLessThan(0.03 * cell + 0.001);
      const [ring] = subpaths(line.attributes.d);
      expect(ring.length).toBeGreaterThan(40);
      for (const [px, py] of ring) {
        const x = grid.x[0] + ((px - frame.left) / frame.width) * (grid.x[1] - grid.x[0]);
        const y = grid.y[1] - ((py - frame.top) / frame.height) * (grid.y[1] - grid.y[0]);
        expect(Math.abs(Math.hypot(x - 0.5, y - 0.9) - 0.8)).toBeLessThan(bound);
      }
    }
  });

  test('draw no boundary where the mean keeps its sign', () => {
    // Three of the four means change sign; the fourth line is the legend's.
    expect(all(root, strong)).toHaveLength(4);
    expect(all(root, dashed)).toHaveLength(2);
  });
});

describe('training points', () => {
  test('lie where they should, in the shape of their class, those outside the grid left out', () => {
    const root = parse(decisionFigure({ grid, points, panels: [{ title: 'one', mean: circle }] }));
    const [frame] = frames(root);
    const group = all(root, (node) => node.name === 'g' && node.attributes.stroke === '#fff')[0];
    expect(group.children.map((node) => node.name)).toEqual(['circle', 'path', 'path']);
    const [cx, cy] = toPixel(frame, -1, 0);
    expect(Math.abs(Number(group.children[0].attributes.cx) - cx)).toBeLessThan(0.011);
    expect(Math.abs(Number(group.children[0].attributes.cy) - cy)).toBeLessThan(0.011);
    const fills = group.children.map((node) => node.attributes.fill);
    expect(fills[1]).toBe(fills[2]);
    expect(fills[0]).not.toBe(fills[1]);
  });

  test('of labels 0 and 1 fall into the same classes as −1 and 1', () => {
    const draw = (labels: number[]): string =>
      decisionFigure({
        grid,
        points: { inputs: points.inputs, labels },
        panels: [{ title: 'one', mean: circle }],
      });
    expect(draw([0, 1, 1, 0])).toBe(draw([-1, 1, 1, -1]));
  });

  test('bring their classes into the legend', () => {
    const labelled = decisionFigure({ ...four, classLabels: ['lower moon', 'upper moon'] });
    expect(texts(parse(labelled))).toEqual(
      expect.arrayContaining(['lower moon', 'upper moon', 'decision boundary']),
    );
    expect(texts(parse(decisionFigure({ grid, panels: four.panels })))).not.toContain('class −1');
  });
});

describe('colours', () => {
  /** The colour at a place of the k-th panel, from the rendered pixels. */
  function pixels(options: DecisionFigureOptions): (k: number, x: number, y: number) => string {
    const svg = decisionFigure(options);
    const boxes = frames(parse(svg));
    const png = PNG.sync.read(Buffer.from(toPng(svg, { scale: 3 })));
    return (k, x, y) => {
      const [px, py] = toPixel(boxes[k], x, y);
      const at = 4 * (Math.floor(3 * py) * png.width + Math.floor(3 * px));
      return `#${[...png.data.subarray(at, at + 3)].map((c) => c.toString(16).padStart(2, '0')).join('')}`;
    };
  }

  test('are shared: the same value has the same fill in every panel', () => {
    // Bands are 0.1 wide, so that value v = 0.05 + 0.1k lies in the middle of one.
    const values = [-0.85, -0.45, -0.05, 0.05, 0.35, 0.95];
    const ramp = { title: 'ramp', mean: field((x) => x / 2), spread: field((x) => x / 4 + 0.5) };
    const flat = values.map((v) => ({
      title: String(v),
      mean: field(() => v),
      spread: field(() => (v + 1) / 2),
    }));
    const color = pixels({ grid, panels: [ramp, ...flat] });
    const seen = new Set<string>();
    values.forEach((v, k) => {
      expect(color(k + 1, 0.1, 0.7)).toBe(color(0, 2 * v, 0.7));
      expect(color(flat.length + 1 + k + 1, 0.1, 0.7)).toBe(color(flat.length + 1, 2 * v, 0.7));
      seen.add(color(k + 1, 0.1, 0.7));
    });
    expect(seen.size).toBe(values.length);
  });

  test('run over limits symmetric about 0 and named on the bar', () => {
    const root = parse(decisionFigure({ grid, panels: [{ title: 'one', mean: field((x) => (x + 1) / 3) }] }));
    expect(texts(root)).toEqual(expect.arrayContaining(['−1.0', '−0.5', '0.0', '0.5', '1.0']));
    expect(root.children[1].text).toContain('from -1 to 1');
  });

  test('are not ruined by a few huge values, which take the arrow of the bar', () => {
    const mean = field((x) => x / 2);
    const tamed = mean.slice();
    tamed.set([1e6, 1e5, 1e6], 0);
    const options = (m: Float64Array): DecisionFigureOptions => ({
      grid,
      panels: [{ title: 'one', mean: m }],
    });
    const [calm, clipped] = [pixels(options(mean)), pixels(options(tamed))];
    for (const v of [-0.85, -0.45, 0.35, 0.75]) expect(clipped(0, 2 * v, 1)).toBe(calm(0, 2 * v, 1));
    expect(parse(decisionFigure(options(tamed))).children[1].text).toContain('from -1 to 1');
    expect(clipped(0, -1.98, -0.98)).not.toBe(calm(0, 1.98, 1));
  });

  test('take fixed limits', () => {
    const root = parse(decisionFigure({ ...four, meanLimit: 2.5, spreadLimit: 0.8 }));
    expect(root.children[1].text).toContain('from -2.5 to 2.5');
    expect(root.children[1].text).toContain('from 0 to 0.8');
  });
});

describe('the layout', () => {
  test.each([
    ['four panels', four],
    ['one panel without points', { grid, panels: [{ title: 'one', mean: circle }] }],
    [
      'long texts and awkward numbers',
      {
        ...four,
        title: 'A long title that has to be broken into lines since it cannot fit above two panels',
        spreadLabel: 'standard deviation over five hundred and twelve independent paths',
        axisLabels: ['first coordinate', 'second'],
        panels: four.panels.slice(0, 2).map((panel) => ({
          ...panel,
          title: 'stochastic neural tangent kernel',
          caption: 'accuracy 0.998 · RMSE 0.12 · negative log-likelihood −1.234',
          mean: panel.mean.length ? Array.from(panel.mean, (v) => v * 1e-7) : panel.mean,
        })),
      },
    ],
  ] as [string, DecisionFigureOptions][])(
    'of %s keeps all texts inside the page and apart from each other and the panels',
    (_, options) => {
      const svg = decisionFigure(options);
      const root = parse(svg);
      const [width, height] = [Number(root.attributes.width), Number(root.attributes.height)];
      const boxes = inks(svg);
      const panels = frames(root);
      expect(boxes.length).toBeGreaterThan(8);
      boxes.forEach(({ text, box }, i) => {
        expect(inside(box, width, height), text).toBe(true);
        for (const other of boxes.slice(0, i))
          expect(overlap(box, other.box), `${text} and ${other.text}`).toBe(false);
        if (text.includes('deterministic')) return;
        for (const panel of panels) expect(overlap(box, panel), text).toBe(false);
      });
    },
  );
});

describe('refusals', () => {
  const draw = (change: Partial<DecisionFigureOptions>) => (): string =>
    decisionFigure({
      grid,
      panels: [
        { title: 'SGD', mean: circle },
        { title: 'NTK', mean: circle },
      ],
      ...change,
    });

  test('no panels', () => {
    expect(draw({ panels: [] })).toThrow(ArgumentError);
    expect(draw({ panels: [] })).toThrow('decisionFigure: options.panels must be one panel or more');
  });

  test('a field of the wrong length, with the length that was wanted', () => {
    expect(draw({ panels: [{ title: 'SGD', mean: [1, 2] }] })).toThrow(
      /panels\[0\] \("SGD"\)\.mean must be of length 1271 \(grid\.rows × grid\.columns = 31 × 41\), got .*length 2/,
    );
  });

  test('a value that is not finite, with panel, row and column', () => {
    const mean = circle.slice();
    mean[3 * 41 + 7] = Number.NaN;
    expect(
      draw({
        panels: [
          { title: 'SGD', mean: circle },
          { title: 'NTK', mean },
        ],
      }),
    ).toThrow(
      /panels\[1\] \("NTK"\)\.mean must be finite numbers, got .*NaN at row 3, column 7 \(position 130\)/,
    );
    const spread = circle.map(() => 1);
    spread[0] = Number.POSITIVE_INFINITY;
    expect(draw({ panels: [{ title: 'SGD', mean: circle, spread }] })).toThrow(
      /panels\[0\] \("SGD"\)\.spread/,
    );
  });

  test('a negative spread', () => {
    expect(draw({ panels: [{ title: 'SGD', mean: circle, spread: circle }] })).toThrow(
      /spread must be numbers of at least 0, got .*-2\.\d+ at row 0, column 0/,
    );
  });

  test('a grid that spans nothing or has a single row', () => {
    expect(draw({ grid: { ...grid, x: [1, 1] } })).toThrow(/grid\.x/);
    expect(draw({ grid: { ...grid, y: [0, Number.NaN] } })).toThrow(/grid\.y/);
    expect(draw({ grid: { ...grid, rows: 1 } })).toThrow(/grid\.rows/);
    expect(() => gridNodes({ ...grid, columns: 1.5 })).toThrow(/gridNodes: grid\.columns/);
  });

  test('points without a label each, or not finite', () => {
    expect(draw({ points: { inputs: [1, 2, 3], labels: [1, 1] } })).toThrow(
      /points\.inputs must be of length 4/,
    );
    expect(draw({ points: { inputs: [1, Number.NaN], labels: [1] } })).toThrow(
      /points\.inputs must be finite/,
    );
    expect(draw({ points: { inputs: [1, 2], labels: [Number.NaN] } })).toThrow(
      /points\.labels must be finite/,
    );
  });

  test('limits and widths that are not above 0', () => {
    expect(draw({ meanLimit: 0 })).toThrow(/options\.meanLimit/);
    expect(draw({ panelWidth: -1 })).toThrow(/options\.panelWidth/);
  });
});
