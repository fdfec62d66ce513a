import { ArgumentError } from '@sntk/errors';
import { PNG } from 'pngjs';
import { describe, expect, test } from 'vitest';
import { decisionFigure, type Grid, gridNodes } from '../src/index.ts';
import { toPng } from '../src/png.ts';
import { svgDocument } from '../src/svg.ts';
import { textLine } from '../src/text.ts';
import { parse } from './parse.ts';

const grid: Grid = { x: [-1, 1], y: [-1, 1], columns: 12, rows: 12 };
const nodes = gridNodes(grid);
const mean = Float64Array.from({ length: 144 }, (_, i) => nodes[2 * i] - nodes[2 * i + 1]);
const figure = (title?: string): string =>
  decisionFigure({ grid, panels: [{ title: 'panel', mean }], ...(title === undefined ? {} : { title }) });
const read = (bytes: Uint8Array): PNG => PNG.sync.read(Buffer.from(bytes));

/** Pixels darker than mid-grey among the first `rows` rows. */
function dark(png: PNG, rows: number): number {
  let count = 0;
  for (let i = 0; i < rows * png.width; i++)
    if (png.data[4 * i] + png.data[4 * i + 1] + png.data[4 * i + 2] < 384) count++;
  return count;
}

describe('PNG', () => {
  test('has the signature and twice the size of the SVG unless told otherwise', () => {
    const svg = figure('Title');
    const { width, height } = parse(svg).attributes;
    const bytes = toPng(svg);
    expect([...bytes.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    for (const [png, scale] of [
      [read(bytes), 2],
      [read(toPng(svg, { scale: 1.5 })), 1.5],
    ] as const) {
      expect(Math.abs(png.width - scale * Number(width))).toBeLessThanOrEqual(1);
      expect(Math.abs(png.height - scale * Number(height))).toBeLessThanOrEqual(1);
    }
  });

  test('is the same for the same input and opaque everywhere', () => {
    const bytes = toPng(figure('Title'));
    expect(Buffer.from(bytes).equals(Buffer.from(toPng(figure('Title'))))).toBe(true);
    const { data } = read(bytes);
    // The last row and column may be a fraction of a pixel.
    expect(data[3]).toBe(255);
    expect(data[data.length / 2 + 3]).toBe(255);
  });

  test('really draws the text', () => {
    const svg = figure('WWWWWW');
    const without = svg.replace(/<text[^>]*>WWWWWW<\/text>/, '');
    expect(without).not.toBe(svg);
    const strip = 2 * 22;
    expect(dark(read(toPng(without)), strip)).toBe(0);
    // Six bold capitals of 12 px at scale 2: at least a stroke of 2 px by 16 px each.
    expect(dark(read(toPng(svg)), strip)).toBeGreaterThan(6 * 32);
  });

  test('has a glyph for every special character the figures use', () => {
    const render = (content: string, style: Record<string, string>): string =>
      Buffer.from(
        read(
          toPng(
            svgDocument(
              { width: 40, height: 30, title: 't', description: 'd' },
              textLine(content, 10, 20, style),
            ),
          ),
        ).data,
      ).toString('base64');
    const cases: [string, Record<string, string>][] = [
      ['−·⁻⁰¹²³⁴⁵⁶⁷⁸⁹₁₂–', {}],
      ['−·', { 'font-weight': 'bold' }],
      ['x₁₂', { 'font-style': 'italic' }],
    ];
    for (const [characters, style] of cases) {
      const [blank, missing] = [render(' ', style), render('\u{10FFFD}', style)];
      const images = [...characters].map((character) => render(character, style));
      for (const image of images) {
        expect(image).not.toBe(blank);
        expect(image).not.toBe(missing);
      }
      expect(new Set(images).size).toBe(images.length);
    }
  });

  test('refuses what is not an SVG and scales that are not above 0', () => {
    expect(() => toPng('<svg')).toThrow(ArgumentError);
    expect(() => toPng('no svg')).toThrow(/toPng: svg must be a well-formed SVG document/);
    expect(() => toPng(figure(), { scale: 0 })).toThrow(/options\.scale/);
  });
});
