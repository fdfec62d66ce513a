import { createRequire } from 'node:module';
import { Resvg } from '@resvg/resvg-js';
import type { Box } from './parse.ts';

const require = createRequire(import.meta.url);
const fontFiles = ['DejaVuSans', 'DejaVuSans-Bold', 'DejaVuSans-Oblique'].map((name) =>
  require.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`),
);

/** The ink of every text of a figure, each measured alone by the renderer. */
export function inks(svg: string): { text: string; box: Box }[] {
  const head = svg.slice(0, svg.indexOf('>') + 1);
  const found = svg.match(/<text[^>]*>[^<]*<\/text>/g) ?? [];
  // The word on a hatched panel is drawn twice, once as its own ground.
  return found
    .filter((text) => !text.includes('stroke-width'))
    .map((text) => {
      const { x, y, width, height } = new Resvg(`${head}<g font-size="8.5">${text}</g></svg>`, {
        font: { loadSystemFonts: false, fontFiles },
      }).innerBBox()!;
      return { text, box: { left: x, top: y, width, height } };
    });
}

/** Whether two boxes share a point inside. */
export function overlap(a: Box, b: Box): boolean {
  return (
    a.left < b.left + b.width &&
    b.left < a.left + a.width &&
    a.top < b.top + b.height &&
    b.top < a.top + a.height
  );
}

/** Whether a box lies within a page of this size. */
export function inside(box: Box, width: number, height: number): boolean {
  return box.left >= 0 && box.top >= 0 && box.left + box.width <= width && box.top + box.height <= height;
}
