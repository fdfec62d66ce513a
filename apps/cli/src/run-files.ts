import { toPng } from '@sntk/plot/png';
import type { RunFolder } from './run-folder.ts';

/** Numbers, for people and programs. */
export function writeJson(folder: RunFolder, name: string, value: unknown): void {
  folder.write(name, `${JSON.stringify(value, null, 2)}\n`);
}

/** A figure, as SVG and as PNG at twice its size. */
export function writeFigure(folder: RunFolder, name: string, svg: string): void {
  folder.write(`${name}.svg`, svg);
  folder.write(`${name}.png`, toPng(svg, { scale: 2 }));
}
