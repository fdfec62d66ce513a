// How times grow: one chart for each job and what it is varied in.
import { lineChart } from '@sntk/plot';

/** `{ job, curve, title, file, svg }` for each curve among the rows. */
export function curveFigures(rows) {
  const curves = new Map();
  for (const row of rows) {
    if (!row.setting.curve || row.failure) continue;
    const key = `${row.job}-${row.setting.curve}`;
    if (!curves.has(key)) curves.set(key, { ...row, series: new Map() });
    const { series } = curves.get(key);
    if (!series.has(row.contestant)) series.set(row.contestant, []);
    series.get(row.contestant).push([row.setting.at, row.warmMs]);
  }
  return [...curves.values()].map(({ job, title, setting: { curve }, series }) => ({
    job,
    curve,
    title,
    file: `${job}-${curve.replace(/\W+/g, '-')}.svg`,
    svg: lineChart({
      series: [...series].map(([label, points]) => {
        // A point that was measured again comes last.
        const sorted = points.sort(([a], [b]) => a - b);
        return { label, x: sorted.map(([at]) => at), y: sorted.map(([, ms]) => ms) };
      }),
      x: { label: curve, log: true },
      y: { label: 'ms', log: true },
      title: `${title}, against ${curve}`,
    }),
  }));
}
