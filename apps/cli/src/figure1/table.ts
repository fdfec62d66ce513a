import type { Figure1Config } from './config.ts';
import { type Figure1Summary, METHOD_TITLES, METHODS, type Method } from './summary.ts';

const HEADER = ['', 'accuracy', 'RMSE to SGD', 'spread / SGD', 'same side', 'time'];

/** The table at the end of a run, and two lines that say what it means. */
export function renderTable(
  config: Figure1Config,
  summary: Figure1Summary,
  seconds: Readonly<Record<Method, number>>,
): string {
  const rows = METHODS.map((method) => {
    const row = summary.methods[method];
    const time = `${seconds[method].toFixed(1)} s`;
    if (!row) return [METHOD_TITLES[method], 'diverged', '–', '–', '–', time];
    return [
      row.paths > 1 ? `${METHOD_TITLES[method]} (${row.paths})` : METHOD_TITLES[method],
      row.accuracy.toFixed(3),
      method === 'sgd' ? '0' : number(row.rmseToSgd, 4),
      row.spread === null ? 'none' : number(row.spreadRatio, 2),
      row.boundaryAgreement === null ? '–' : `${(100 * row.boundaryAgreement).toFixed(2)} %`,
      time,
    ];
  });
  const widths = HEADER.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('   ')}`;
  const rule = `  ${'─'.repeat(widths.reduce((sum, width) => sum + width + 3, -3))}`;
  return [line(HEADER), rule, ...rows.map(line), '', ...meaning(config, summary)].join('\n');
}

function number(value: number | null, digits: number): string {
  return value === null ? '–' : value.toFixed(digits);
}

function meaning(config: Figure1Config, summary: Figure1Summary): string[] {
  const { methods, diverged, sameMinibatches } = summary;
  const stopped = Object.values(diverged);
  if (stopped.length > 0) return stopped.map((message) => `  ${message}`);
  const { sntk, ntk } = methods;
  if (!sntk || !ntk || !sameMinibatches) return [];
  // The relative standard error of a standard deviation from R runs, if they vary along one direction.
  const uncertainty = 1 / Math.sqrt(2 * (config.sgdRuns - 1));
  const share = (ratio: number | null): string => (ratio === null ? '–' : `${ratio.toFixed(2)}×`);
  return [
    `  The NTK has SGD's mean but no noise; the calibrated SNTK has ${share(sntk.spreadRatio)} SGD's spread (that of ${config.sgdRuns} runs, known to ±${(100 * uncertainty).toFixed(0)} %),`,
    `  kernel SGD on SGD's own minibatches ${share(sameMinibatches.spreadRatio)}: the rest is the finite width. The SNTK as printed overstates the spread ${share(summary.paperOverstatement)}, its variance ${share((summary.paperOverstatement ?? 0) ** 2)}.`,
  ];
}
