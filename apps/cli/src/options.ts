import { type Command, InvalidArgumentError, Option } from 'commander';

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('a number is wanted.');
  return value;
}

/** Ways to add options of a kind to a command. */
export function optionsOf(command: Command): {
  numeric(flags: string, text: string, value?: number): void;
  /** Numbers with commas between them. */
  numbers(flags: string, text: string, value: readonly number[]): void;
  choice(flags: string, text: string, choices: readonly string[], value: string): void;
} {
  return {
    numeric(flags, text, value) {
      const option = new Option(flags, text).argParser(number);
      command.addOption(value === undefined ? option : option.default(value));
    },
    numbers(flags, text, value) {
      const option = new Option(flags, text).argParser((list: string) => list.split(',').map(number));
      command.addOption(option.default(value, value.join(',')));
    },
    choice(flags, text, choices, value) {
      command.addOption(new Option(flags, text).choices(choices).default(value));
    },
  };
}
