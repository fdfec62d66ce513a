import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { curveFigures } from '../../../benchmarks/src/curves.mjs';
import { markdownReport } from '../../../benchmarks/src/report.mjs';

const machine = { processor: 'P', cores: 2, memoryGiB: 8, system: 'S', node: '20', python: '3', peers: {} };
const row = (setting: object, contestant: string, warmMs: number, rest: object = {}) => ({
  date: '2026-01-01',
  job: 'prediction',
  title: 'Gradient flow',
  setting: { name: 'N = 1000', ...setting },
  threads: 2,
  contestant,
  side: contestant === 'numpy' ? 'peer' : 'ours',
  coldMs: warmMs,
  warmMs,
  rounds: 5,
  ...rest,
});
const report = (rows: readonly object[]): string =>
  markdownReport({ machine, pinned: true, rows }, curveFigures(rows));

describe('the report of benchmarks', () => {
  const goal = { goals: { wasm: 0.8 } };
  const point = { curve: 'N', at: 1000 };

  it('keeps a point of a curve apart from the setting of the same name', () => {
    const text = report([
      row(goal, 'wasm', 10, { warmUps: 3 }),
      row(point, 'wasm', 30, { warmUps: 0 }),
      row(goal, 'numpy', 20, { warmUps: 3 }),
      row(point, 'numpy', 20, { warmUps: 0 }),
    ]);
    expect(text.match(/^\|.*\| ≤ 0\.8 \|.*$/gm)).toEqual([
      '| Gradient flow: N = 1000 | 2 | wasm 10.0 ms | numpy 20.0 ms | 0.50 | ≤ 0.8 | met |',
    ]);
    expect(text.match(/^- .*$/gm)).toEqual([
      '- Gradient flow, against N: N = 1000, 2 threads: numpy by 1.50 times.',
    ]);
    const [settings, points] = text.split('### Gradient flow\n')[1].split('#### Against N\n');
    expect(settings.match(/\d+\.\d ms \(\d \+ \d\)/g)).toEqual(['10.0 ms (3 + 5)', '20.0 ms (3 + 5)']);
    expect(points.match(/\d+\.\d ms \(\d \+ \d\)/g)).toEqual(['30.0 ms (0 + 5)', '20.0 ms (0 + 5)']);
  });

  it('prints what is known of rows that do not tell their warm-ups', () => {
    expect(report([row(goal, 'wasm', 10), row(goal, 'numpy', 20)])).toContain('| 10.0 ms (5) |');
  });

  it('prints the recorded rows without a hole', () => {
    const recorded = JSON.parse(
      readFileSync(new URL('../../../benchmarks/results/peers.json', import.meta.url), 'utf8'),
    );
    expect(markdownReport(recorded, curveFigures(recorded.rows))).not.toMatch(/undefined|NaN/);
  });
});
