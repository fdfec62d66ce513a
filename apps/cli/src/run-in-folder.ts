import { constants } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type ProgressBar, progressBar, silentBar } from './progress.ts';
import { openRunFolder, type RunFolder } from './run-folder.ts';

/** After these nothing half-written stays behind. */
const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface FolderFlags {
  readonly out?: string;
  readonly quiet?: boolean;
}

/** When a run started, and how long it has taken, in seconds. */
export interface RunTimes {
  readonly started: Date;
  readonly seconds: number;
}

/** What a command tells while it runs. */
export interface RunIo {
  readonly progress: ProgressBar;
  say(line: string): void;
  times(): RunTimes;
}

/** What a command has to show in the end. */
export interface RunOutput {
  /** Writes the files of the run. */
  write(folder: RunFolder): void;
  readonly table: string;
  /** The exit code. */
  readonly code: number;
}

export function addFolderOptions(command: Command): void {
  const name = command.name();
  command.option('--out <folder>', `where the run folder goes (default: runs/${name}-<time>)`);
  command.option('--quiet', 'no progress, only the table');
}

/** Runs a command whose results go to a folder that appears when it is complete. Gives the exit code. */
export async function runInFolder(
  name: string,
  flags: { readonly out: string | undefined; readonly quiet: boolean | undefined },
  work: (io: RunIo) => Promise<RunOutput>,
): Promise<number> {
  const started = new Date();
  const progress = flags.quiet ? silentBar : progressBar(name);
  let folder: RunFolder | undefined;
  const interrupt = (signal: NodeJS.Signals): void => {
    progress.stop();
    folder?.discard();
    process.exit(128 + constants.signals[signal]);
  };
  // Before there is a folder: a signal that comes while it is made is heard after it.
  for (const signal of INTERRUPTS) process.once(signal, interrupt);
  try {
    folder = openRunFolder(name, flags.out ?? join('runs', `${name}-${stamp(started)}`));
    const output = await work({
      progress,
      say: (line) => {
        if (!flags.quiet) console.error(line);
      },
      times: () => ({ started, seconds: (Date.now() - started.getTime()) / 1000 }),
    });
    progress.stop();
    output.write(folder);
    folder.commit();
    console.log(`\n${output.table}\n`);
    console.log(`  ${folder.path}`);
    return output.code;
  } finally {
    progress.stop();
    folder?.discard();
    for (const signal of INTERRUPTS) process.removeListener(signal, interrupt);
  }
}

/** Local time as 20260131-174500. */
function stamp(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}
