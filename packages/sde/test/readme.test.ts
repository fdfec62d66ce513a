import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Method, methods } from '../src/index.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** '1½ / 2, scalar and diagonal' as the orders it states, by kind of noise. */
function ordersOf(cells: readonly string[]): Method['orders'] {
  const [none, additive, commuting, general] = cells;
  const number = (text: string): number => Number(text.replace('½', '.5'));
  const found: Record<string, { strong: number; weak: number }> = {};
  const put = (kinds: readonly string[], cell: string): void => {
    if (cell === '') return;
    const [strong, weak = strong] = cell
      .split(',')[0]
      .split('/')
      .map((part) => number(part.trim()));
    for (const kind of kinds) found[kind] = { strong, weak };
  };
  put(['none'], none);
  put(['additive'], additive);
  const named = ['scalar', 'diagonal', 'commutative'].filter((kind) => commuting.includes(kind));
  put(named.length > 0 ? named : ['scalar', 'diagonal', 'commutative'], commuting);
  put(['general'], general);
  return found;
}

describe('the table of methods in the README', () => {
  const rows = readme
    .split('\n')
    .filter((line) => /^\| `\w+`.*\| +(Itô|Stratonovich|–) +\|/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .flatMap(([names, calculus, ...cells]) =>
      [...names.matchAll(/`(\w+)`/g)]
        .map(([, name]) => name)
        .filter((name) => name in methods)
        .map((name) => ({ name, calculus, orders: ordersOf(cells) })),
    );

  test('has every method once', () => {
    expect(rows.map(({ name }) => name).sort()).toEqual(Object.keys(methods).sort());
  });

  test.each(rows)('says of $name what it declares', ({ name, calculus, orders }) => {
    const method = methods[name as keyof typeof methods];
    expect(orders).toEqual(method.orders);
    if (calculus !== '–') expect(calculus === 'Itô' ? 'ito' : 'stratonovich').toBe(method.calculus);
  });
});
