#!/usr/bin/env node
import { ArgumentError, NumericalError, UnavailableError } from '@sntk/errors';
import { Command, CommanderError } from 'commander';
import { ownVersion } from './circumstances.ts';
import { figure1Command } from './figure1/command.ts';
import { ladderCommand } from './ladder/command.ts';

/** Exit codes: 0 done, 1 a bug, 2 usage, 3 numerical failure. */
async function main(): Promise<number> {
  let code = 0;
  const program = new Command('sntk')
    .description('Wide neural networks under SGD: finite networks, tangent kernels, and the noise of SGD.')
    .version(ownVersion())
    .showSuggestionAfterError();
  const finish = (result: number): void => {
    code = result;
  };
  const commands = [figure1Command(finish), ladderCommand(finish)];
  for (const command of [program, ...commands])
    command.exitOverride().configureOutput({ outputError: () => {} });
  for (const command of commands) program.addCommand(command);
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
