import type { Command, Option } from 'commander';
import { UserError } from './exit.ts';

/**
 * Refuses arguments and option values that were left out by mistake: empty ones, as of a variable that is not set,
 * and options in the place of a value. One check for all commands, since an empty host means all interfaces to a
 * socket and an empty path the current folder to the file system.
 *
 * @throws {UserError} with everything that is missing
 */
export function refuseMissingValues(command: Command): void {
  const problems = [
    ...command.args.filter(isBlank).map(() => empty(`<${nameOf(command)}>`)),
    ...command.options.flatMap((option) =>
      valuesOf(command, option).flatMap((value) => {
        if (isBlank(value)) return [empty(option.flags)];
        return value.startsWith('--')
          ? [`Cannot use ${option.flags}: "${value}" stands in place of its value`]
          : [];
      }),
    ),
  ];
  if (problems.length > 0) throw new UserError(problems);
}

function isBlank(value: string): boolean {
  return value.trim() === '';
}

function empty(name: string): string {
  return `Cannot use ${name}: its value is empty, as that of an unset variable`;
}

function nameOf({ registeredArguments: [argument] }: Command): string {
  return argument?.name() ?? 'argument';
}

function valuesOf(command: Command, option: Option): string[] {
  const name = option.attributeName();
  if (command.getOptionValueSource(name) !== 'cli') return [];
  const value: unknown = command.getOptionValue(name);
  return (Array.isArray(value) ? value : [value]).filter((each) => typeof each === 'string');
}
