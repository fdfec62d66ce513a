import { describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../cli/src/figure1/run.ts';
import { LADDER_DEFAULTS } from '../../cli/src/ladder/config.ts';
import { runLadder } from '../../cli/src/ladder/run.ts';
import { silentBar } from '../../cli/src/progress.ts';
import { digests, pages, recorded, restate, rounded } from '../scripts/measured.mjs';
import { separationOfMoons } from '../scripts/theorems/bounds.mjs';
import { martingale } from '../scripts/theorems/noise.mjs';
import { operatorNorm, principalDecay } from '../scripts/theorems/spectrum.mjs';

type Values = Readonly<Record<string, unknown>>;
interface Entry {
  readonly values: Values;
  readonly scripts: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
}

const data: Readonly<Record<string, Readonly<Record<string, Entry>>>> = recorded();
const stating: readonly { path: string; text: string }[] = pages().filter(({ text }) =>
  text.includes('<!--='),
);
const entries = Object.entries(data).flatMap(([name, all]) =>
  Object.entries(all).map(([entry, record]) => ({ address: `${name}/${entry}`, ...record })),
);

describe('pages that state measured values', () => {
  it.each(stating)('$path states what was measured', ({ text }) => {
    expect(restate(text, data)).toBe(text);
  });

  it.each(['README.md', 'apps/docs/guide/theorems.md', 'apps/docs/guide/ladder.md'])(
    '%s has no other number with decimals',
    (path) => {
      const { text } = stating.find((page) => page.path === path)!;
      const prose = text
        .replace(/```[\s\S]*?```|`[^`]*`|\$[^$]*\$/g, '')
        .replace(/(<!--=[^>]+-->\n\n)[\s\S]*?\n\n<!--\/-->/g, '$1')
        // The version of a program, and options with their defaults.
        .replace(/Node \d+\.\d+/g, '');
      expect([...prose.matchAll(/\S*\d\.\d+(?![\d.]*<!--=)\S*/g)].map(([stated]) => stated)).toEqual([]);
    },
  );

  it('follow what is measured, in numbers, verdicts and tables', () => {
    const text =
      '1.2<!--=a/b/x--> and **holds**<!--=a/b/y-->, −3<!--=a/b/z-->\n\n<!--=a/b/t-->\n\n?\n\n<!--/-->';
    const values = {
      x: 0.987,
      y: false,
      z: 12345.6,
      t: [
        ['n', 'value'],
        ['1', '0.5'],
      ],
    };
    expect(restate(text, { a: { b: { values } } })).toBe(
      '1.0<!--=a/b/x--> and **broken**<!--=a/b/y-->, 12,346<!--=a/b/z-->\n\n<!--=a/b/t-->\n\n' +
        '| n   | value |\n| --- | ----: |\n| 1   |   0.5 |\n\n<!--/-->',
    );
  });

  it('refuse an address without a value, or without a place for it', () => {
    expect(() => restate('1<!--=a/b-->', {})).toThrow('nothing is recorded at a/b');
    expect(() => restate('one<!--=a/b/x-->', { a: { b: { values: { x: 1 } } } })).toThrow('has to follow');
  });
});

describe('recorded values', () => {
  it.each(entries)('$address come from the scripts and files there are', ({ scripts, files }) => {
    const again = 'run `pnpm --filter @sntk/docs figures` after a build';
    expect(digests(Object.keys(scripts)), again).toEqual(scripts);
    expect(digests(Object.keys(files)), again).toEqual(files);
  });

  // The quick ones. Seeds are fixed: what differs from engine to engine is the last bit of an exponential.
  it.each([separationOfMoons, martingale, principalDecay, operatorNorm])(
    'come out again: %o',
    (measure: () => { name: string; values: Values }[]) => {
      for (const { name, values } of measure()) near(rounded(values), data.theorems[name].values, name);
    },
  );

  it('of the ladder come out again at its narrowest network', async () => {
    const { widths, batches, rates } = LADDER_DEFAULTS;
    const narrowest = { widths: [widths[0]], batches: [batches[1]], rates: [rates[1]] };
    const io = { progress: silentBar, say: () => {}, times: () => ({ started: new Date(0), seconds: 0 }) };
    const [cell] = await runLadder({ ...LADDER_DEFAULTS, ...narrowest }, io);
    const { meanRmse, covarianceError } = cell.rows.find(({ rung }) => rung === 'sntk')!.toSgd;
    const [, first] = data.commands.ladder.values.table as readonly string[][];
    expect(first.slice(0, 3)).toEqual([`${widths[0]}`, `${batches[1]}`, `${rates[1]}`]);
    // The digits that the page gives; kernels for SIMD round otherwise from machine to machine.
    expect(Number(first[3])).toBe(Number(meanRmse.toFixed(2)));
    expect(Number(first[4])).toBe(Number(covarianceError.toPrecision(2)));
  });

  it('of commands have the default options', () => {
    const { workers, ...figure1 } = DEFAULTS;
    const { figure1: short, ladder, 'figure1-100-epochs': long } = data.commands;
    expect(short.values.config).toEqual(figure1);
    expect(long.values.config).toEqual({ ...figure1, epochs: 100 });
    expect(ladder.values.config).toEqual(LADDER_DEFAULTS);
  });
});

function near(value: unknown, recordedValue: unknown, at: string): void {
  if (typeof recordedValue === 'object' && recordedValue !== null) {
    expect(Object.keys(value as Values), at).toEqual(Object.keys(recordedValue));
    for (const [key, inside] of Object.entries(recordedValue))
      near((value as Values)[key], inside, `${at}/${key}`);
  } else if (typeof recordedValue === 'number' && !Number.isInteger(recordedValue)) {
    // Six digits are kept.
    expect(Math.abs((value as number) / recordedValue - 1), at).toBeLessThan(1e-5);
  } else expect(value, at).toBe(recordedValue);
}
