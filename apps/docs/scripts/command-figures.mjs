// Runs the commands behind README.md, guide/figure1.md and guide/ladder.md: copies their figures, and records what the text states.
// Run after a build, two to three minutes: node scripts/command-figures.mjs [figure1] [ladder], then restate.mjs
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rangeOf, record } from './measured.mjs';

const command = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url));
const shown = fileURLToPath(new URL('../public/', import.meta.url));
const scripts = ['apps/docs/scripts/command-figures.mjs'];

/** A run of `sntk`: its summary, configuration, figure and what it printed. */
function sntk(name, ...options) {
  const folder = mkdtempSync(join(tmpdir(), 'sntk-figures-'));
  console.log(`sntk ${[name, ...options].join(' ')} …`);
  try {
    const args = [command, name, '--quiet', '--out', join(folder, 'run'), ...options];
    const printed = execFileSync(process.execPath, args, { encoding: 'utf8' });
    const read = (file) => JSON.parse(readFileSync(join(folder, 'run', file), 'utf8'));
    // As many workers as this machine has cores: they change no result.
    const { workers, ...config } = read('manifest.json').config;
    const png = readFileSync(join(folder, 'run', `${name}.png`));
    return { summary: read('summary.json'), config, png, printed };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The table that `sntk figure1` prints, but for the times. */
function printedTable(printed) {
  const lines = printed.split('\n').map((line) => line.trim());
  const cells = (line) => line.split(/ {3,}/).slice(0, -1);
  const rule = lines.findIndex((line) => line.startsWith('─'));
  return [['', ...cells(lines[rule - 1])], ...lines.slice(rule + 1, lines.indexOf('', rule)).map(cells)];
}

/** What is said of one run of figure1. */
function figure1Values({ summary, config }) {
  const { methods, paperOverstatement, sameMinibatches } = summary;
  const ratios = Object.entries(methods).map(([method, { spreadRatio }]) => [method, spreadRatio]);
  return {
    config,
    runs: methods.sgd.paths,
    spreadRatio: Object.fromEntries(ratios),
    spreadKnownPercent: 100 / Math.sqrt(2 * (methods.sgd.paths - 1)),
    paperOverstatement,
    paperVariance: paperOverstatement ** 2,
    sameMinibatches,
    residualRatio: methods.sgd.trainResidual / methods.kernelSgd.trainResidual,
  };
}

const commands = {
  figure1() {
    const run = sntk('figure1');
    writeFileSync(join(shown, 'figure1.png'), run.png);
    record('commands', 'figure1', {
      values: { ...figure1Values(run), table: printedTable(run.printed) },
      scripts,
      files: ['apps/docs/public/figure1.png'],
    });
    record('commands', 'figure1-100-epochs', {
      values: figure1Values(sntk('figure1', '--epochs', '100')),
      scripts,
    });
  },
  ladder() {
    const [epochs, independent] = ['epoch', 'with-replacement'].map((sampler) =>
      sntk('ladder', '--sampler', sampler),
    );
    writeFileSync(join(shown, 'ladder.png'), epochs.png);
    const rungOf = (cell, name) => cell.rows.find(({ rung }) => rung === name);
    const covariance = (cell, rung = 'sntk') => rungOf(cell, rung).toSgd.covarianceError;
    const onEpochs = epochs.summary.map((cell) => covariance(cell, 'epochSde'));
    const cells = [...epochs.summary, ...independent.summary];
    const head = [
      'width',
      '$b$',
      '$\\eta \\cdot \\lambda_{\\max}/2N$',
      'RMSE of the means',
      'covariance error, epochs',
      'the same with the noise of epochs',
      'covariance error, independent minibatches',
    ];
    const rows = epochs.summary.map((cell, c) => [
      `${cell.setting.width}`,
      `${cell.setting.batch}`,
      `${cell.setting.rate}`,
      rungOf(cell, 'sntk').toSgd.meanRmse.toFixed(2),
      `${Number(covariance(cell).toPrecision(2))}`,
      onEpochs[c].toFixed(2),
      covariance(independent.summary[c]).toFixed(2),
    ]);
    const calibration = cells.map((cell) => rungOf(cell, 'sntk').toAbove);
    const printed = cells
      .filter(({ setting }) => setting.batch >= 8)
      .map((cell) => rungOf(cell, 'paper').toAbove);
    record('commands', 'ladder', {
      values: {
        config: epochs.config,
        runs: epochs.config.sgdRuns,
        independent: rangeOf(independent.summary.map((cell) => covariance(cell))),
        worstWithEpochs: Math.max(...epochs.summary.map((cell) => covariance(cell))),
        onEpochs: rangeOf(onEpochs),
        calibrationInErrors: rangeOf(calibration.map((gap) => gap.energyDistance / gap.energyError)),
        printedCovariance: rangeOf(printed.map((gap) => gap.covarianceError)),
        table: [head, ...rows],
      },
      scripts,
      files: ['apps/docs/public/ladder.png'],
    });
  },
};

const wanted = process.argv.slice(2);
for (const [name, run] of Object.entries(commands)) {
  if (wanted.length === 0 || wanted.includes(name)) run();
}
