import { SAMPLERS } from '@sntk/random';
import { Command } from 'commander';
import { BACKENDS } from '../backends.ts';
import { circumstances } from '../circumstances.ts';
import { optionsOf } from '../options.ts';
import { writeFigure, writeJson } from '../run-files.ts';
import type { RunFolder } from '../run-folder.ts';
import { addFolderOptions, type FolderFlags, type RunIo, runInFolder } from '../run-in-folder.ts';
import { checkLadder, LADDER_DEFAULTS, type LadderConfig } from './config.ts';
import { drawLadder, ladderTable, trustworthy } from './report.ts';
import { type LadderCell, runLadder } from './run.ts';

/** `sntk ladder`: returns the exit code through `finish`. */
export function ladderCommand(finish: (code: number) => void): Command {
  const command = new Command('ladder').description(
    'When can the SNTK be trusted? Its distance to real SGD, rung by rung, over widths, minibatch sizes and learning rates.',
  );
  const { numeric, numbers, choice } = optionsOf(command);
  const d = LADDER_DEFAULTS;
  numeric('--seed <n>', 'seed of everything random', d.seed);
  numeric('--samples <n>', 'training points N', d.samples);
  numeric('--noise <σ>', 'standard deviation of the noise on the moons', d.noise);
  numeric('--depth <n>', 'number of hidden layers', d.depth);
  numbers('--widths <n,…>', 'units of each hidden layer; the last is the base of the other sweeps', d.widths);
  numbers('--batches <b,…>', 'minibatch sizes; the middle one is the base', d.batches);
  numbers('--rates <x,…>', 'learning rates as shares of 2N/λ_max; the middle one is the base', d.rates);
  numeric('--time <t>', 'time of training in units of 2N/λ_max', d.time);
  choice('--sampler <name>', 'how minibatches are drawn', SAMPLERS, d.sampler);
  numeric('--sgd-runs <n>', 'runs of SGD, and of its linearization, at each setting', d.sgdRuns);
  numeric('--paths <n>', 'paths of each SDE', d.paths);
  choice('--backend <name>', 'linear algebra', BACKENDS, d.backend);
  addFolderOptions(command);
  command.action(async ({ out, quiet, ...config }: LadderConfig & FolderFlags) => {
    checkLadder(config);
    finish(
      await runInFolder('ladder', { out, quiet }, async (io) => {
        const cells = await runLadder(config, io);
        return { write: (folder) => write(folder, config, cells, io), table: ladderTable(cells), code: 0 };
      }),
    );
  });
  return command;
}

function write(folder: RunFolder, config: LadderConfig, cells: readonly LadderCell[], io: RunIo): void {
  const { started, seconds } = io.times();
  const judged = cells.map((cell) => ({ ...cell, trustworthy: trustworthy(cell) }));
  writeJson(folder, 'summary.json', judged);
  writeFigure(folder, 'ladder', drawLadder(config, cells));
  writeJson(folder, 'manifest.json', {
    command: 'ladder',
    config,
    ...circumstances(),
    started: started.toISOString(),
    seconds,
  });
}
