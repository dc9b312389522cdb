import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { program } from '../../src/cli/main.ts';

/** The command line of every command, with its work replaced by a failure. */
function commandLine(): Command {
  const root = program().configureOutput({ writeErr: () => {}, outputError: () => {} });
  for (const command of root.commands) {
    command.exitOverride().configureOutput({ writeErr: () => {}, outputError: () => {} });
    command.action(() => {
      throw new Error('the command ran');
    });
  }
  return root;
}

async function messageOf(argv: readonly string[]): Promise<string> {
  return commandLine()
    .parseAsync([...argv], { from: 'user' })
    .then(
      () => 'no error',
      (error: Error) => error.message,
    );
}

const OPTIONS = commandLine().commands.flatMap((command) =>
  command.options
    .filter(({ required }) => required)
    .map(({ long }) => [command.name(), long ?? '', command.registeredArguments.map(() => 'some')] as const),
);
const ARGUMENTS = commandLine()
  .commands.filter(({ registeredArguments }) => registeredArguments.length > 0)
  .map((command) => [command.name()] as const);

describe('an empty value', () => {
  it('is looked for in all commands', () => {
    expect(OPTIONS.length).toBeGreaterThan(40);
    expect(ARGUMENTS.length).toBeGreaterThan(4);
  });

  it.each(OPTIONS)('is refused: %s %s', async (command, option, args) => {
    for (const value of ['', ' ', '\t'])
      expect(await messageOf([command, ...args, option, value])).toMatch(
        /its value is empty|a whole number|Allowed choices/,
      );
  });

  it.each(ARGUMENTS)('is refused: %s with an empty argument', async (command) => {
    expect(await messageOf([command, ''])).toMatch(/its value is empty/);
  });

  it('is refused in the place of an option that may be repeated', async () => {
    expect(await messageOf(['bench', '--set', 'seed=1', '--set', ''])).toMatch(
      /--set <path=value>: its value/,
    );
  });

  it('names everything that is missing', async () => {
    expect((await messageOf(['bench', '', '--json', '', '--html', ''])).split('\n')).toHaveLength(3);
  });

  it('is refused where another option stands in its place', async () => {
    expect(await messageOf(['bench', '--json', '--quiet'])).toContain(
      'Cannot use --json <file>: "--quiet" stands in place of its value',
    );
  });

  it('is not seen in values that are there', async () => {
    expect(await messageOf(['bench', 'a', '--json', 'b', '--set', 'a='])).toBe('the command ran');
  });
});
