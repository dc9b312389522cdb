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

function whereToLook(stack: string): string {
  if (process.env.WSDELIVER_DEBUG) {
    say(...stack.split('\n'));
    return 'the stack is above';
  }
  const again = 'WSDELIVER_DEBUG=1 shows the stack';
  const file = join(tmpdir(), `wsdeliver-error-${process.pid}-${Date.now()}.txt`);
  try {
    const head = `wsdeliver ${packageVersion()}, node ${process.version}, ${process.platform} ${process.arch}`;
    writeFileSync(file, withoutSecrets(`${head}\n${process.argv.join(' ')}\n\n${stack}\n`), {
      flag: 'wx',
      mode: 0o600,
    });
    return `the stack is in "${file}" (${again})`;
  } catch {
    return again;
  }
}
