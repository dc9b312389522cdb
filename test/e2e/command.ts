import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The built command, run as a user runs it. */

export const ROOT = resolve(import.meta.dirname, '../..');
export const COMMAND = join(ROOT, 'dist/bin/wsdeliver.js');

/** A command that takes longer hangs, and is killed, which no test expects. */
const HANG_MS = 50_000;
const POLL_MS = 20;
/** Commands at once in one test file: a run on a starved machine measures nothing. */
const AT_ONCE = 2;

export interface Outcome {
  /** Absent when a signal ended it. */
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Shell text before the command, such as `ulimit -n 256`. */
  readonly before?: string;
}

/** Runs the command to its end. */
export async function wsdeliver(args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  return new RunningCommand(args, options).outcome;
}

/** A command under way. */
export class RunningCommand {
  readonly process: ChildProcess;
  readonly outcome: Promise<Outcome>;
  #stdout = '';
  #stderr = '';

  constructor(args: readonly string[], options: CommandOptions = {}) {
    const argv = [COMMAND, ...args];
    const shell = ['-c', `${options.before}; exec "$0" "$@"`, process.execPath, ...argv];
    const [file, parts] = options.before === undefined ? [process.execPath, argv] : ['sh', shell];
    this.process = spawn(file, parts, {
      cwd: options.cwd ?? tmpdir(),
      env: { ...plainEnvironment(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout?.on('data', (chunk: Buffer) => {
      this.#stdout += chunk.toString();
    });
    this.process.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    const hang = setTimeout(() => this.process.kill('SIGKILL'), HANG_MS);
    this.outcome = new Promise((end) => {
      this.process.on('close', (code, signal) => {
        clearTimeout(hang);
        end({
          code: code ?? undefined,
          signal: signal ?? undefined,
          stdout: this.#stdout,
          stderr: this.#stderr,
        });
      });
    });
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves when standard error, where progress goes, has shown the pattern. */
  async shows(pattern: RegExp): Promise<void> {
    await until(() => pattern.test(this.#stderr) || this.process.exitCode !== null);
    if (!pattern.test(this.#stderr))
      throw new Error(`the command ended without ${pattern}:\n${this.#stderr}${this.#stdout}`);
  }

  /** Process ids of the load workers, once there are some. */
  async workers(): Promise<number[]> {
    await until(() => childrenOf(this.pid).length > 0 || this.process.exitCode !== null);
    return childrenOf(this.pid);
  }
}

/** A folder of its own for one test; `remove` at its end. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'wsdeliver-e2e-'));

  file(name: string): string {
    return join(this.path, name);
  }

  /** @returns the path of the new file */
  write(name: string, content: string | Buffer): string {
    writeFileSync(this.file(name), content);
    return this.file(name);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export async function until(holds: () => boolean, timeoutMs = HANG_MS): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > deadlineMs) throw new Error(`waited ${timeoutMs} ms for: ${holds}`);
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

/** A process that has ended, though nobody may have collected its status yet. */
export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return existsSync('/proc/self/stat') && /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

function childrenOf(pid: number): number[] {
  const list = `/proc/${pid}/task/${pid}/children`;
  try {
    const text = existsSync('/proc/self')
      ? readFileSync(list, 'utf8')
      : execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
    return text
      .split(/\s+/)
      .filter((word) => word !== '')
      .map(Number);
  } catch {
    return [];
  }
}

let free = AT_ONCE;
const waiting: (() => void)[] = [];

/** Runs a test when there is room for another command. */
export async function inTurn(test: () => Promise<void>): Promise<void> {
  if (free === 0) await new Promise<void>((go) => waiting.push(go));
  else free -= 1;
  try {
    await test();
  } finally {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  }
}

/** Nothing of where the tests run may decide what a command does. */
function plainEnvironment(): Record<string, string> {
  const { PATH = '', HOME = '', TMPDIR = '' } = process.env;
  return { PATH, HOME, ...(TMPDIR === '' ? {} : { TMPDIR }) };
}
