import { tabulate } from '../table.ts';
import type { Figure1Config } from './config.ts';
import { type Figure1Summary, METHOD_TITLES, METHODS, type Method, type MethodSummary } from './summary.ts';

const HEADER = ['', 'accuracy', 'RMSE to SGD', 'spread / SGD', 'same side', 'time'];

/** The table at the end of a run, and the lines that say what it means. */
export function renderTable(
  config: Figure1Config,
  summary: Figure1Summary,
  seconds: Readonly<Partial<Record<Method, number>>>,
): string {
  const rows = METHODS.flatMap((method) => {
    const row = summary.methods[method];
    if (!row && !summary.diverged[method]) return [];
    return [cellsOf(method, row, seconds[method] ?? 0)];
  });
  return [...tabulate(HEADER, rows, { names: true }), '', ...meaning(config, summary)].join('\n');
}

function cellsOf(method: Method, row: MethodSummary | undefined, seconds: number): string[] {
  const time = `${seconds.toFixed(1)} s`;
  if (!row) return [METHOD_TITLES[method], 'diverged', '–', '–', '–', time];
  return [
    row.paths === 1 ? METHOD_TITLES[method] : `${METHOD_TITLES[method]} (${row.paths ?? 'exact'})`,
    row.accuracy.toFixed(3),
    method === 'sgd' ? '0' : number(row.rmseToSgd, 4),
    row.spread === null ? 'none' : number(row.spreadRatio, 2),
    row.boundaryAgreement === null ? '–' : `${(100 * row.boundaryAgreement).toFixed(2)} %`,
    time,
  ];
}

function number(value: number | null, digits: number): string {
  return value === null ? '–' : value.toFixed(digits);
}

/** Two digits, or all before the point. */
function factor(value: number): string {
  return value < 10 ? value.toPrecision(2) : value.toFixed(0);
}

function meaning(config: Figure1Config, summary: Figure1Summary): string[] {
  const { methods, diverged, sameMinibatches } = summary;
  const stopped = METHODS.filter((method) => diverged[method] !== undefined);
  if (stopped.length > 0) return stopped.map((method) => `  ${METHOD_TITLES[method]}: ${diverged[method]}`);
  const { sgd, sntk, ntk, kernelSgd } = methods;
  if (!sgd || !sntk || !ntk || !kernelSgd) return [];
  if (sgd.spread === null)
    return ['  SGD has no minibatch noise here: all its runs end in the same function.'];
  // The relative standard error of a standard deviation from R runs, if they vary along one direction.
  const uncertainty = Math.round(100 / Math.sqrt(2 * (config.sgdRuns - 1)));
  const overstated = summary.paperOverstatement ?? Number.NaN;
  const inside = sntk.sgdWithinBand === null ? '–' : `${(100 * sntk.sgdWithinBand).toFixed(0)} %`;
  const slower = sgd.trainResidual / kernelSgd.trainResidual;
  return [
    `  NTK and SNTK have SGD's mean to RMSE ${number(ntk.rmseToSgd, 3)}, but only the SNTK has a spread: ${number(sntk.spreadRatio, 2)} of that of ${config.sgdRuns} SGD runs (known to ±${uncertainty} %). As printed it has ${factor(overstated)} times as much, ${factor(overstated * overstated)} times the variance.`,
    `  ${inside} of the values of SGD's runs on the grid are within two deviations of the SNTK's mean.`,
    `  Kernel SGD on SGD's own minibatches has ${number(sameMinibatches?.spreadRatio ?? null, 2)} of SGD's spread: the noise goes with the residual, and the finite network ended with ${slower.toFixed(2)} times that of its kernel.`,
  ];
}
