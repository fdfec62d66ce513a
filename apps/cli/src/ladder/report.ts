import type { EnsembleGap, Rung } from '@sntk/dynamics';
import { lineChart, type Series } from '@sntk/plot';
import { tabulate } from '../table.ts';
import { type LadderConfig, type Setting, sweepsOf } from './config.ts';
import type { LadderCell } from './run.ts';

export const RUNG_TITLES: Readonly<Record<Rung, string>> = {
  sgd: 'SGD',
  linearizedSgd: 'linearized SGD',
  kernelSgd: 'kernel SGD',
  epochSde: 'SDE on epochs',
  sde: 'SDE, exact covariance',
  sntk: 'SNTK',
  paper: 'SNTK as printed',
  ntk: 'NTK',
};

const AXES: readonly (readonly [keyof Setting, string])[] = [
  ['width', 'width'],
  ['batch', 'minibatch size'],
  ['rate', 'learning rate / (2N/λ_max)'],
];

/** Energy distance in units of the distance of two runs of the reference, with its standard error. */
export function relativeEnergy(gap: EnsembleGap, unit: number): { value: number; error: number } {
  return { value: gap.energyDistance / unit, error: gap.energyError / unit };
}

/** How far two runs of SGD are from each other at a setting: the unit of its distances. */
export function unitOf(cell: LadderCell): number {
  return cell.rows[0].toSgd.referenceDistance;
}

const PANEL = { width: 380, height: 330 };

/** Distances to SGD above, to the rung above below, over widths, minibatch sizes and learning rates. */
export function drawLadder(config: LadderConfig, cells: readonly LadderCell[]): string {
  const sweeps = sweepsOf(config);
  const panels = (['toSgd', 'toAbove'] as const).flatMap((distance, row) =>
    AXES.map(([axis, label], column) => {
      const swept = sweeps[axis].map((setting) => cells.find((cell) => sameSetting(cell.setting, setting))!);
      const svg = lineChart({
        ...PANEL,
        series: seriesOf(swept, axis, distance),
        x: { label, log: true },
        y: { label: 'energy distance / E‖SGD − SGD′‖', log: true },
        title: `${'abcdef'[row * 3 + column]}  ${distance === 'toSgd' ? 'to SGD' : 'to the rung above'}`,
      });
      return svg.replace('<svg ', `<svg x="${column * PANEL.width}" y="${row * PANEL.height}" `);
    }),
  );
  const [width, height] = [3 * PANEL.width, 2 * PANEL.height];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${panels.join('')}</svg>\n`;
}

/** A point no farther than its standard error is drawn there: a logarithmic axis has no zero. */
function seriesOf(
  cells: readonly LadderCell[],
  axis: keyof Setting,
  distance: 'toSgd' | 'toAbove',
): readonly Series[] {
  return cells[0].rows.map(({ rung }, r) => {
    const points = cells.map((cell) => relativeEnergy(cell.rows[r][distance], unitOf(cell)));
    const y = points.map(({ value, error }) => Math.max(value, error, 1e-12));
    return {
      label: RUNG_TITLES[rung],
      x: cells.map(({ setting }) => setting[axis]),
      y,
      bars: {
        low: points.map(({ error }, i) => y[i] - error),
        high: points.map(({ error }, i) => y[i] + error),
      },
    };
  });
}

export function sameSetting(a: Setting, b: Setting): boolean {
  return a.width === b.width && a.batch === b.batch && a.rate === b.rate;
}

/** What the SNTK's mean and covariance are worth at each setting, energy distances by rung, and what both say. */
export function ladderTable(cells: readonly LadderCell[]): string {
  const settingOf = ({ setting, learningRate }: LadderCell): string[] => [
    String(setting.width),
    String(setting.batch),
    learningRate.toPrecision(2),
  ];
  const countOf = (rung: Rung): number => cells.filter((cell) => trustworthy(cell, rung)).length;
  const onEpochs = cells[0].rows.some(({ rung }) => rung === 'epochSde');
  const worth = cells.map((cell) => {
    const { meanRmse, covarianceError } = gapOf(cell, 'sntk');
    return [
      ...settingOf(cell),
      meanRmse.toFixed(3),
      covarianceError.toFixed(2),
      ...(onEpochs ? [gapOf(cell, 'epochSde').covarianceError.toFixed(2)] : []),
      RUNG_TITLES[costliest(cell)],
    ];
  });
  const energies = cells.map((cell) => [
    ...settingOf(cell),
    ...cell.rows.map(({ toSgd }) => {
      const { value, error } = relativeEnergy(toSgd, unitOf(cell));
      return `${value.toFixed(2)} ± ${error.toFixed(2)}`;
    }),
  ]);
  return [
    '  SNTK against SGD: distance of the means, relative error of the covariance, and the step that costs the covariance most',
    '',
    ...tabulate(
      [
        'width',
        'b',
        'η',
        'mean RMSE',
        'covariance error',
        ...(onEpochs ? ['with the noise of epochs'] : []),
        'most is lost from the rung above to',
      ],
      worth,
    ),
    '',
    '  Energy distance to the runs of SGD, in units of that between two of them, ± its standard error',
    '',
    ...tabulate(['width', 'b', 'η', ...cells[0].rows.map(({ rung }) => RUNG_TITLES[rung])], energies),
    '',
    `  The SNTK has SGD's covariance to ${100 * TRUSTED} % in ${countOf('sntk')} of ${cells.length} settings${onEpochs ? `, with the noise of epochs in ${countOf('epochSde')}` : ''}.`,
  ].join('\n');
}

function gapOf(cell: LadderCell, rung: Rung): EnsembleGap {
  return cell.rows.find((row) => row.rung === rung)!.toSgd;
}

/** The rung on the way to the SNTK whose covariance is farthest from that of the rung above. */
function costliest(cell: LadderCell): Rung {
  const way = cell.rows.slice(0, cell.rows.findIndex(({ rung }) => rung === 'sntk') + 1);
  return way.reduce((worst, row) =>
    row.toAbove.covarianceError > worst.toAbove.covarianceError ? row : worst,
  ).rung;
}

/** Relative error of a covariance that still tells where SGD varies and by how much. */
const TRUSTED = 0.5;

/** Whether the covariance of a rung, the SNTK unless told, is SGD's. */
export function trustworthy(cell: LadderCell, rung: Rung = 'sntk'): boolean {
  return gapOf(cell, rung).covarianceError <= TRUSTED;
}
