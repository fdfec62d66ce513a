// Draws the figures of guide/theorems.md, and writes the numbers that its text cites. The same numbers on every run.
// Run after a build: node scripts/theorem-figures.mjs [--png] [name …]
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toPng } from '@sntk/plot/png';
import * as bounds from './theorems/bounds.mjs';
import * as noise from './theorems/noise.mjs';
import * as spectrum from './theorems/spectrum.mjs';
import * as widths from './theorems/widths.mjs';

const folder = fileURLToPath(new URL('../public/theorems/', import.meta.url));
const png = process.argv.includes('--png');
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
mkdirSync(folder, { recursive: true });

for (const group of [bounds, noise, widths, spectrum]) {
  for (const draw of Object.values(group)) {
    if (wanted.length > 0 && !wanted.includes(draw.name)) continue;
    const started = Date.now();
    for (const { name, svg, numbers } of await draw()) {
      writeFileSync(`${folder}${name}.svg`, svg);
      if (png) writeFileSync(`${folder}${name}.png`, toPng(svg));
      console.log(`${name}: ${JSON.stringify(numbers)}`);
    }
    console.log(`  ${draw.name} took ${((Date.now() - started) / 1000).toFixed(1)} s`);
  }
}
