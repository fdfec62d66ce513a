#!/usr/bin/env node
import { createRequire } from 'node:module';
import { ArgumentError, NumericalError, UnavailableError } from '@sntk/errors';
import { Command, CommanderError } from 'commander';
import { figure1Command } from './figure1/command.ts';

/** Exit codes: 0 done, 1 a bug, 2 usage, 3 numerical failure. */
async function main(): Promise<number> {
  let code = 0;
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
  const program = new Command('sntk')
    .description('Wide neural networks under SGD: finite networks, tangent kernels, and the noise of SGD.')
    .version(version)
    .showSuggestionAfterError();
  const figure1 = figure1Command((result) => {
    code = result;
  });
  for (const command of [program, figure1]) command.exitOverride().configureOutput({ outputError: () => {} });
  program.addCommand(figure1);
  try {
    await program.parseAsync();
    return code;
  } catch (error) {
    return explain(error);
  }
}

/** One line for what the user can mend; the whole story for what is our fault. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    if (error.code !== 'commander.help') console.error(error.message);
    return 2;
  }
  if (error instanceof ArgumentError || error instanceof UnavailableError) {
    console.error(`error: ${error.message}`);
    return 2;
  }
  if (error instanceof NumericalError) {
    console.error(`error: ${error.message}`);
    return 3;
  }
  console.error(error);
  return 1;
}

// A reader that goes away early, as `head` does, is no error of ours.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

process.exitCode = await main();
