import { createRequire } from 'node:module';
import { Resvg } from '@resvg/resvg-js';
import { describe, expect, test } from 'vitest';
import { textWidth, wrapText } from '../src/text.ts';

const fontFiles = [createRequire(import.meta.url).resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf')];

/** The width of a line's ink as resvg sets it. */
function inkWidth(content: string, size: number): number {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="50"><text x="10" y="30" font-family="DejaVu Sans" font-size="${size}">${content}</text></svg>`;
  return new Resvg(svg, { font: { loadSystemFonts: false, fontFiles } }).getBBox()!.width;
}

describe('text', () => {
  test('widths are estimated from above and not wastefully', () => {
    for (const content of [
      'accuracy 0.998 · RMSE 0.12',
      'root-mean-square error at T = 1',
      'Euler–Maruyama',
      'kernel SGD',
      'standard deviation of f(x)',
      'MMMM WWWW',
      '−0.25',
      '1.5·10⁻⁷',
    ]) {
      const ink = inkWidth(content, 20);
      expect(textWidth(content, 20)).toBeGreaterThanOrEqual(ink);
      expect(textWidth(content, 20)).toBeLessThan(1.35 * ink);
    }
  });

  test('wrapping keeps every word and never exceeds the width when words fit', () => {
    const content = 'the quick brown fox jumps over the lazy dog again and again';
    const lines = wrapText(content, 90, 9);
    expect(lines.join(' ')).toBe(content);
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(textWidth(line, 9)).toBeLessThanOrEqual(90);
    expect(wrapText('', 90, 9)).toEqual([]);
    expect(wrapText('indivisible', 5, 9)).toEqual(['indivisible']);
  });
});
