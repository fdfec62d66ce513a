import { SAMPLERS } from '@sntk/random';
import { Command } from 'commander';
import { BACKENDS } from '../backends.ts';
import { optionsOf } from '../options.ts';
import { addFolderOptions, type FolderFlags, runInFolder } from '../run-in-folder.ts';
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
import { renderTable } from './table.ts';

/** What the command line adds to the configuration. */
type Flags = Figure1Config & FolderFlags & { readonly grid: number };

/** `sntk figure1`: returns the exit code through `finish`. */
export function figure1Command(finish: (code: number) => void): Command {
  const command = new Command('figure1').description(
    'Two moons under SGD, its NTK, its SNTK and kernel SGD: the decision boundaries and their spread, in one figure.',
  );
  const { numeric, choice } = optionsOf(command);
  const d = DEFAULTS;
  command.optionsGroup('The problem:');
  numeric('--seed <n>', 'seed of everything random', d.seed);
  numeric('--samples <n>', 'training points N', d.samples);
  numeric('--noise <σ>', 'standard deviation of the noise on the moons', d.noise);
  numeric('--test-samples <n>', 'fresh points for the accuracy', d.testSamples);
  numeric('--grid <n>', 'columns of the grid that is drawn', d.gridColumns);
  command.optionsGroup('The network:');
  numeric('--width <n>', 'units of each hidden layer', d.width);
  numeric('--depth <n>', 'number of hidden layers', d.depth);
  choice('--activation <name>', 'activation', ACTIVATION_NAMES, d.activation);
  numeric('--weight-variance <σ_w²>', 'weight variance', d.weightVariance);
  numeric('--bias-variance <σ_b²>', 'bias variance', d.biasVariance);
  command.optionsGroup('Training:');
  numeric('--batch <b>', 'minibatch size', d.batch);
  numeric('--epochs <n>', 'passes over the data', d.epochs);
  choice('--sampler <name>', 'how minibatches are drawn', SAMPLERS, d.sampler);
  numeric('--rate-fraction <x>', 'learning rate as a share of 2N/λ_max', d.rateFraction);
  numeric('--learning-rate <η>', 'learning rate (default: from --rate-fraction)');
  command.option('--force', 'run at a learning rate above the stable limit', false);
  command.optionsGroup('The methods:');
  numeric('--sgd-runs <n>', 'SGD runs over sampling seeds, from one initialization', d.sgdRuns);
  numeric('--paths <n>', 'paths of kernel SGD, and of the SNTKs where the band is sampled', d.paths);
  choice('--band <how>', 'spread of the SNTKs: exact moments, or --paths paths', BANDS, d.band);
  choice(
    '--kernel <name>',
    'infinite-width kernel, or that of the network at initialization',
    KERNELS,
    d.kernel,
  );
  choice('--convention <name>', 'which SNTK the figure shows', CONVENTIONS, d.convention);
  choice('--paper-drift <name>', 'drift of the SNTK as printed', DRIFTS, d.paperDrift);
  command.optionsGroup('The machine:');
  choice('--backend <name>', 'linear algebra', BACKENDS, d.backend);
  numeric('--workers <n>', 'worker threads', d.workers);
  addFolderOptions(command);
  command.action(async (flags: Flags) => finish(await run(flags)));
  return command;
}

function run(flags: Flags): Promise<number> {
  const { grid, out, quiet, ...rest } = flags;
  const config: Figure1Config = { ...rest, gridColumns: grid };
  checkConfig(config);
  return runInFolder('figure1', { out, quiet }, async (io) => {
    const result = await runFigure1(config, io);
    return {
      write: (folder) => writeArtifacts(folder, config, result, io.times()),
      table: renderTable(config, result.summary, result.seconds),
      code: Object.keys(result.summary.diverged).length > 0 ? 3 : 0,
    };
  });
}
