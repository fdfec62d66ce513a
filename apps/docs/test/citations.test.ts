import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { citationsIn, placesOn } from '../.vitepress/equations.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const places = placesOn(readFileSync(new URL('../theory.md', import.meta.url), 'utf8'));

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return /\.(ts|md)$/.test(entry.name) ? [path] : [];
    return ['node_modules', 'dist', 'api', '.vitepress', '.turbo'].includes(entry.name) ? [] : sources(path);
  });
}

describe('the theory page', () => {
  it('states every equation and has every section that code, tests and READMEs cite', () => {
    const missing = ['packages', 'apps'].flatMap(sources).flatMap((path) =>
      citationsIn(readFileSync(join(root, path), 'utf8'))
        .filter(({ anchor }) => !places.has(anchor))
        .map(({ text }) => `${relative(root, join(root, path))} cites ${text}`),
    );
    expect(missing).toEqual([]);
  });

  it('is read: the numbers it states include the first and the last one', () => {
    for (const anchor of ['eq-1', 'eq-36', 'section-1', 'section-9']) expect(places).toContain(anchor);
  });
});

describe('citations', () => {
  it('are found alone, in ranges and by section', () => {
    const text = 'MATH (13); MATH (3)–(6), MATH (1) and (2); (7) alone, MATH section 8, erratum 1';
    expect(citationsIn(text).map(({ anchor }) => anchor)).toEqual([
      'eq-13',
      'eq-3',
      'eq-6',
      'eq-1',
      'eq-2',
      'section-8',
    ]);
  });
});
