import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MAIN = new URL('../dist/main.js', import.meta.url).pathname;
const SMALL =
  '--samples 16 --depth 1 --widths 8,256 --batches 2,8 --rates 0.1 --time 3 --sgd-runs 12 --paths 20'.split(
    ' ',
  );

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sntk-ladder-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function ladder(out: string, ...args: string[]): { code: number | null; out: string; err: string } {
  const result = spawnSync(process.execPath, [MAIN, 'ladder', ...SMALL, '--out', out, ...args], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

interface Cell {
  setting: { width: number; batch: number; rate: number };
  rows: { rung: string; toSgd: { meanRmse: number; covarianceError: number } }[];
}

describe('sntk ladder', () => {
  it('writes every setting once, with all rungs, and draws them', () => {
    const { code, out, err } = ladder('run', '--sampler', 'with-replacement');
    expect(err).toContain('100 %');
    expect(code).toBe(0);
    const cells = JSON.parse(readFileSync(join(folder, 'run', 'summary.json'), 'utf8')) as Cell[];
    // Two widths and two minibatch sizes share their base.
    expect(cells.map(({ setting }) => setting)).toEqual([
      { width: 8, batch: 2, rate: 0.1 },
      { width: 256, batch: 2, rate: 0.1 },
      { width: 256, batch: 8, rate: 0.1 },
    ]);
    for (const { rows } of cells) {
      expect(rows.map(({ rung }) => rung).join(' ')).toBe('linearizedSgd kernelSgd sde sntk paper ntk');
    }
    for (const title of ['linearized SGD', 'kernel SGD', 'SNTK as printed', 'covariance to 50 %']) {
      expect(out).toContain(title);
    }
    expect(readdirSync(join(folder, 'run')).sort()).toEqual([
      'ladder.png',
      'ladder.svg',
      'manifest.json',
      'summary.json',
    ]);
    const [narrow, wide] = cells.map(({ rows }) => rows[0].toSgd.meanRmse);
    // The curvature of the network fades as n^{-1/2}: from 8 to 256 units by more than a half.
    expect(wide).toBeLessThan(narrow / 2);
  });

  it('gives the same numbers bit for bit', () => {
    const read = (run: string, file: string) => readFileSync(join(folder, run, file));
    ladder('first', '--seed', '3', '--quiet');
    ladder('second', '--seed', '3');
    for (const file of ['summary.json', 'ladder.svg'])
      expect(read('first', file).equals(read('second', file))).toBe(true);
  });

  it.each([
    [['--widths', '8,4'], '--widths must be in ascending order, got "8,4"'],
    [['--widths', '8,x'], 'a number is wanted'],
    [['--batches', '2,32'], '--batches must be at most --samples, 16, got 32'],
    [['--rates', '0,0.1'], '--rates must be a finite number above 0, got 0'],
    [['--sgd-runs', '5'], '--sgd-runs must be an integer of at least 10, got 5'],
    [['--widths', '8,100000'], '--widths and --depth must be so small that a run fits in 8 GiB'],
    [['--samples', '100000'], '--samples must be so small that a run fits in 8 GiB'],
    [['--out', '/proc/nowhere/run'], 'ladder: --out must be a new folder that can be written'],
  ])('refuses %j in one line, with code 2', (args, message) => {
    const { code, err, out } = ladder('refused', ...args);
    expect(err).toContain(message);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(out).toBe('');
    expect(code).toBe(2);
    expect(existsSync(join(folder, 'refused'))).toBe(false);
  });

  it('refuses a learning rate above the limit, with code 3', () => {
    const { code, err } = ladder('fast', '--rates', '3');
    expect(err).toMatch(/is above the mean-square limit.*; take --rates up to 0\.\d+ with minibatches of/);
    expect(code).toBe(3);
  });
});
