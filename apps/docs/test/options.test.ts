import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { figure1Command } from '../../cli/src/figure1/command.ts';
import { ladderCommand } from '../../cli/src/ladder/command.ts';

const COMMANDS = { figure1: figure1Command, ladder: ladderCommand };

describe.each(['figure1', 'ladder'] as const)('the guide of %s', (name) => {
  const guide = readFileSync(new URL(`../guide/${name}.md`, import.meta.url), 'utf8');
  /** Rows `| --flag | default | … |` of the guide's tables, by flag. */
  const rows = new Map(
    [...guide.matchAll(/^\| `(--[a-z0-9-]+)(?: [^`]*)?` *\|([^|]*)\|/gm)].map(([, flag, value]) => [
      flag,
      value.trim(),
    ]),
  );
  const options = COMMANDS[name](() => {}).options;

  it('lists the options of the command, all of them and no others', () => {
    expect([...rows.keys()].sort()).toEqual(options.map((option) => option.long).sort());
  });

  it.each(options.filter(({ defaultValue }) => defaultValue !== undefined && defaultValue !== false))(
    'gives the default of $long',
    ({ long, defaultValue }) => {
      // As many workers as there are cores: another number on every machine.
      const wanted = long === '--workers' ? 'cores' : `\`${defaultValue}\``;
      expect(rows.get(long!)).toBe(wanted);
    },
  );

  it('names every choice of an option that has some', () => {
    for (const { long, argChoices } of options) {
      const row = guide.split('\n').find((line) => line.startsWith(`| \`${long}`)) ?? '';
      for (const choice of argChoices ?? []) expect(row, long).toContain(`\`${choice}\``);
    }
  });
});
