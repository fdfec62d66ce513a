import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { element, escapeXml, pathData, short } from '../src/svg.ts';
import { parse, subpaths } from './parse.ts';

describe('SVG strings', () => {
  test('numbers keep two decimals and lose their padding', () => {
    expect([0.5, -0.25, 12, 1.005, -0.001, 2.71499, -12.5].map(short)).toEqual([
      '.5',
      '-.25',
      '12',
      '1',
      '0',
      '2.71',
      '-12.5',
    ]);
  });

  test('any text survives a strict XML parser, forbidden characters replaced', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const node = parse(
          element('text', { 'data-text': text.replace(/[\t\n\r]/g, ' ') }, `${escapeXml(text)}.`),
        );
        // XML normalizes line ends; everything else must come back as it went in.
        const legal = text.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD');
        expect(node.text).toBe(`${legal.replace(/\r\n?/g, '\n')}.`);
        expect(node.attributes['data-text']).toBe(legal.replace(/[\t\n\r]/g, ' '));
      }),
    );
  });

  test('relative paths come back within half a hundredth of a pixel, however long', () => {
    const coordinate = fc.double({ min: -900, max: 900, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 200 }), (points) => {
        const [back] = subpaths(pathData(points));
        const rounded = points.map(([x, y]) => [Math.round(x * 100) / 100, Math.round(y * 100) / 100]);
        const distinct = rounded.filter(
          (p, i) => i === 0 || p[0] !== rounded[i - 1][0] || p[1] !== rounded[i - 1][1],
        );
        expect(back.length).toBe(distinct.length);
        back.forEach(([x, y], i) => {
          expect(Math.abs(x - distinct[i][0])).toBeLessThan(1e-9);
          expect(Math.abs(y - distinct[i][1])).toBeLessThan(1e-9);
        });
      }),
    );
  });
});
