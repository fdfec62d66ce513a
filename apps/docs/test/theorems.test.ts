import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const page = readFileSync(new URL('../guide/theorems.md', import.meta.url), 'utf8');
const figures = readdirSync(new URL('../public/theorems/', import.meta.url));

describe('the page of theorems', () => {
  it('shows every figure, and none that is not there', () => {
    const shown = [...page.matchAll(/\]\(\/theorems\/([\w-]+\.svg)\)/g)].map((match) => match[1]);
    expect(shown.sort()).toEqual([...figures].sort());
  });

  it('has an example in every section', () => {
    const sections = page.split(/^## /m).slice(1);
    expect(sections.length).toBeGreaterThan(8);
    for (const section of sections) expect(section).toContain('```ts\n');
  });
});
