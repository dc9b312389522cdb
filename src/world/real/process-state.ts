import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process seen from outside. */
export interface ProcessState {
  /** By a signal: it does nothing until it is told to go on. */
  readonly stopped: boolean;
  /** On a processor, or waiting for one. */
  readonly running: boolean;
  /** Grows while it works; to be compared only. */
  readonly cpu: string;
}

/** @returns undefined where nobody can tell */
export async function processState(pid: number): Promise<ProcessState | undefined> {
  return fromProc(pid) ?? (await fromPs(pid));
}

function fromProc(pid: number): ProcessState | undefined {
  try {
    // The name of the command comes in parentheses, and may hold anything.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [user, system] = [fields[11], fields[12]];
    return stateOf(fields[0] ?? '', `${user} ${system}`);
  } catch {
    return undefined;
  }
}

function fromPs(pid: number): Promise<ProcessState | undefined> {
  return new Promise((resolve) => {
    execFile('ps', ['-o', 'state=,time=', '-p', String(pid)], (error, stdout) => {
      const [letters, cpu] = stdout.trim().split(/\s+/);
      resolve(error === null && letters && cpu ? stateOf(letters, cpu) : undefined);
    });
  });
}

function stateOf(letters: string, cpu: string): ProcessState {
  return { stopped: /^t/i.test(letters), running: letters.startsWith('R'), cpu };
}
