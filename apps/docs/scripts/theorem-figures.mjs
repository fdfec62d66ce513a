// Draws the figures of guide/theorems.md, and records the values that its text states. The same on every run.
// Run after a build: node scripts/theorem-figures.mjs [--png] [name …], then restate.mjs
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toPng } from '@sntk/plot/png';
import { record } from './measured.mjs';
import * as bounds from './theorems/bounds.mjs';
import * as noise from './theorems/noise.mjs';
import * as spectrum from './theorems/spectrum.mjs';
import * as widths from './theorems/widths.mjs';

const folder = fileURLToPath(new URL('../public/theorems/', import.meta.url));
const png = process.argv.includes('--png');
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
mkdirSync(folder, { recursive: true });

const groups = [bounds, noise, widths, spectrum];
const files = ['bounds', 'noise', 'widths', 'spectrum'];
for (const [g, group] of groups.entries()) {
  const scripts = ['setup', files[g]].map((name) => `apps/docs/scripts/theorems/${name}.mjs`);
  for (const draw of Object.values(group)) {
    if (wanted.length > 0 && !wanted.includes(draw.name)) continue;
    const started = Date.now();
    for (const { name, svg, values } of await draw()) {
      writeFileSync(`${folder}${name}.svg`, svg);
      if (png) writeFileSync(`${folder}${name}.png`, toPng(svg));
      record('theorems', name, { values, scripts, files: [`apps/docs/public/theorems/${name}.svg`] });
    }
    console.log(`${draw.name} took ${((Date.now() - started) / 1000).toFixed(1)} s`);
  }
}
