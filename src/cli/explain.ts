import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { withoutSecrets } from '../text/secrets.ts';
import { say } from './console.ts';
import { ExitCode, UserError } from './exit.ts';
import { packageVersion } from './package-info.ts';

/**
 * Says why a command could not do its work: what the user can mend in a sentence, a limit of the machine in a
 * sentence, and a fault of wsdeliver itself in a sentence with the place of its stack.
 *
 * @returns the exit code
 */
export function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.pass : ExitCode.usage;
  if (error instanceof UserError) {
    say(...error.sentences);
    return error.exitCode;
  }
  if (isSystemError(error)) {
    say(`Cannot go on: ${error.message}`);
    return ExitCode.usage;
  }
  const { message = String(error), stack = String(error) } = error instanceof Error ? error : {};
  say(`wsdeliver failed by a fault of its own: ${message}`, `Please report it: ${whereToLook(stack)}`);
  return ExitCode.internal;
}

/** The kernel refused something that no code expected it to refuse: descriptors, memory, rights. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

/** Says that a fault of wsdeliver itself closed a connection; the stack only where it is asked for. */
export function connectionFault({ message, stack = message }: Error): string {
  if (isDebugging()) say(...stack.split('\n'));
  return `a connection was closed with 1011 by a fault of wsdeliver: ${message} (${isDebugging() ? ABOVE : AGAIN})`;
}

const ABOVE = 'the stack is above';
const AGAIN = 'WSDELIVER_DEBUG=1 shows the stack';

function isDebugging(): boolean {
  return Boolean(process.env.WSDELIVER_DEBUG);
}

function whereToLook(stack: string): string {
  if (isDebugging()) {
    say(...stack.split('\n'));
    return ABOVE;
  }
  const file = join(tmpdir(), `wsdeliver-error-${process.pid}-${Date.now()}.txt`);
  try {
    const head = `wsdeliver ${packageVersion()}, node ${process.version}, ${process.platform} ${process.arch}`;
    writeFileSync(file, withoutSecrets(`${head}\n${process.argv.join(' ')}\n\n${stack}\n`), {
      flag: 'wx',
      mode: 0o600,
    });
    return `the stack is in "${file}" (${AGAIN})`;
  } catch {
    return AGAIN;
  }
}
