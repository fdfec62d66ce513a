import { type Attributes, element, escapeXml, short } from './svg.ts';

/** One line of text with its baseline at (x, y). */
export function textLine(content: string, x: number, y: number, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escapeXml(content));
}

/**
 * An upper estimate of a line's width in pixels. The figures cannot measure text (there may be no browser), so
 * characters are sorted into four classes of DejaVu Sans' advance widths.
 */
export function textWidth(content: string, size: number): number {
  let em = 0;
  for (const char of content) {
    if (/[ijlI.,:;'|!()[\]ft \u00B7\u2070-\u209F\u00B9\u00B2\u00B3]/u.test(char)) em += 0.4;
    else if (/[mwMW@%\u2014\u2212+=<>~]/u.test(char)) em += 0.92;
    else if (/[A-Z]/u.test(char)) em += 0.72;
    else em += 0.64;
  }
  return em * size;
}

/** Breaks text at spaces into lines no wider than `width` pixels; a single longer word stays whole. */
export function wrapText(content: string, width: number, size: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of content.split(/\s+/u)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer, size) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return line === '' ? lines : [...lines, line];
}

/**
 * Text of 9 px running upwards, centred on the height `middle` and broken into lines no longer than `length`; `left` is
 * where its first line begins, the width is that of all lines.
 */
export function turnedText(
  content: string,
  left: number,
  middle: number,
  length: number,
): { svg: string; width: number } {
  const lines = wrapText(content, length, 9);
  const svg = lines.map((line, i) => {
    const x = left + 9 + i * 11;
    return textLine(line, x, middle, {
      'text-anchor': 'middle',
      transform: `rotate(-90 ${short(x)} ${short(middle)})`,
    });
  });
  return { svg: svg.join(''), width: lines.length * 11 };
}
