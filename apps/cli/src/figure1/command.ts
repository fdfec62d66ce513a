import { constants } from 'node:os';
import { join } from 'node:path';
import { SAMPLERS } from '@sntk/random';
import { Command, InvalidArgumentError, Option } from 'commander';
import { BACKENDS } from '../backends.ts';
import { progressBar, silentBar } from '../progress.ts';
import { writeArtifacts } from './artifacts.ts';
import {
  ACTIVATION_NAMES,
  BANDS,
  CONVENTIONS,
  checkConfig,
  DRIFTS,
  type Figure1Config,
  KERNELS,
} from './config.ts';
import { DEFAULTS, runFigure1 } from './run.ts';
import { openRunFolder } from './run-folder.ts';
import { renderTable } from './table.ts';

/** What the command line adds to the configuration. */
type Flags = Figure1Config & { readonly grid: number; readonly out?: string; readonly quiet?: boolean };

/** After these nothing half-written stays behind. */
const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('a number is wanted.');
  return value;
}

/** `sntk figure1`: returns the exit code through `finish`. */
export function figure1Command(finish: (code: number) => void): Command {
  const command = new Command('figure1').description(
    'Two moons under SGD, its NTK, its SNTK and kernel SGD: the decision boundaries and their spread, in one figure.',
  );
  const numeric = (flags: string, text: string, value?: number): void => {
    const option = new Option(flags, text).argParser(number);
    command.addOption(value === undefined ? option : option.default(value));
  };
  const choice = (flags: string, text: string, choices: readonly string[], value: string): void => {
    command.addOption(new Option(flags, text).choices(choices).default(value));
  };
  const d = DEFAULTS;
  numeric('--seed <n>', 'seed of everything random', d.seed);
  numeric('--samples <n>', 'training points N', d.samples);
  numeric('--noise <σ>', 'standard deviation of the noise on the moons', d.noise);
  numeric('--width <n>', 'units of each hidden layer', d.width);
  numeric('--depth <n>', 'number of hidden layers', d.depth);
  choice('--activation <name>', 'activation', ACTIVATION_NAMES, d.activation);
  numeric('--weight-variance <σ_w²>', 'weight variance', d.weightVariance);
  numeric('--bias-variance <σ_b²>', 'bias variance', d.biasVariance);
  numeric('--batch <b>', 'minibatch size', d.batch);
  numeric('--epochs <n>', 'passes over the data', d.epochs);
  choice('--sampler <name>', 'how minibatches are drawn', SAMPLERS, d.sampler);
  numeric('--learning-rate <η>', 'learning rate (default: from --rate-fraction)');
  numeric('--rate-fraction <x>', 'learning rate as a share of 2N/λ_max', d.rateFraction);
  numeric('--sgd-runs <n>', 'SGD runs over sampling seeds, from one initialization', d.sgdRuns);
  numeric('--paths <n>', 'paths of each ensemble', d.paths);
  choice('--band <how>', 'spread of the SNTKs: exact moments, or --paths paths', BANDS, d.band);
  choice('--convention <name>', 'which SNTK the figure shows', CONVENTIONS, d.convention);
  choice('--paper-drift <name>', 'drift of the SNTK as printed', DRIFTS, d.paperDrift);
  choice(
    '--kernel <name>',
    'infinite-width kernel, or that of the network at initialization',
    KERNELS,
    d.kernel,
  );
  numeric('--grid <n>', 'columns of the grid that is drawn', d.gridColumns);
  numeric('--test-samples <n>', 'fresh points for the accuracy', d.testSamples);
  choice('--backend <name>', 'linear algebra', BACKENDS, d.backend);
  numeric('--workers <n>', 'worker threads', d.workers);
  command.option('--out <folder>', 'where the run folder goes (default: runs/figure1-<time>)');
  command.option('--force', 'run at a learning rate above the stable limit', false);
  command.option('--quiet', 'no progress, only the table');
  command.action(async (flags: Flags) => finish(await run(flags)));
  return command;
}

async function run(flags: Flags): Promise<number> {
  const { grid, out, quiet, ...rest } = flags;
  const config: Figure1Config = { ...rest, gridColumns: grid };
  checkConfig(config);
  const started = new Date();
  const folder = openRunFolder(out ?? join('runs', `figure1-${stamp(started)}`));
  const progress = quiet ? silentBar : progressBar('figure1');
  const say = (line: string): void => {
    if (!quiet) console.error(line);
  };
  const interrupt = (signal: NodeJS.Signals): void => {
    progress.stop();
    folder.discard();
    process.exit(128 + constants.signals[signal]);
  };
  for (const signal of INTERRUPTS) process.once(signal, interrupt);
  try {
    const result = await runFigure1(config, { progress, say });
    progress.stop();
    const seconds = (performance.now() - startOf(started)) / 1000;
    writeArtifacts(folder, config, result, { started, seconds });
    folder.commit();
    console.log(`\n${renderTable(config, result.summary, result.seconds)}\n`);
    console.log(`  ${folder.path}`);
    return Object.keys(result.summary.diverged).length > 0 ? 3 : 0;
  } finally {
    progress.stop();
    folder.discard();
    for (const signal of INTERRUPTS) process.removeListener(signal, interrupt);
  }
}

function startOf(started: Date): number {
  return started.getTime() - performance.timeOrigin;
}

/** Local time as 20260131-174500. */
function stamp(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}
