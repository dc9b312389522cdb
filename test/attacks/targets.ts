import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const DIST = resolve(import.meta.dirname, '../../dist');
export const RESUME_TTL_MS = 8000;
/** The caps on connections, sessions and frames would turn most of an attack away at the handshake: here they are off. */
export const UNCAPPED = 1_000_000;
const MEGABYTE_KB = 1024;

/** A process that prints where it listens. */
export class Target {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #cleanUp: () => void;

  private constructor(process: ChildProcess, url: string, cleanUp: () => void) {
    this.#process = process;
    this.url = url;
    this.#cleanUp = cleanUp;
  }

  /** The built command, with a session kept for a short while. */
  static serve(): Promise<Target> {
    const folder = mkdtempSync(join(tmpdir(), 'attacks-'));
    const scenario = join(folder, 'server.yaml');
    writeFileSync(scenario, `name: attacked\nserver:\n  resumeTtl: ${RESUME_TTL_MS}ms\n`);
    const caps = ['connections', 'sessions', 'frames', 'connect-rate'];
    const uncapped = caps.flatMap((cap) => [`--max-${cap}`, String(UNCAPPED)]);
    const parts = [
      join(DIST, 'bin/wsdeliver.js'),
      'serve',
      '--port',
      '0',
      '--scenario',
      scenario,
      ...uncapped,
    ];
    return Target.#start(parts, () => rmSync(folder, { recursive: true }));
  }

  static library(): Promise<Target> {
    return Target.#start([join(DIST, 'test/attacks/library-server.js')]);
  }

  static echo(): Promise<Target> {
    return Target.#start([join(DIST, 'test/attacks/echo-server.js')]);
  }

  static async #start(parts: readonly string[], cleanUp = (): void => {}): Promise<Target> {
    // Young garbage would count as memory.
    const child = spawn(process.execPath, ['--max-semi-space-size=2', ...parts], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    for await (const chunk of child.stdout) {
      printed += String(chunk);
      const [, url] = / on (ws:\S+),/.exec(` ${printed}`) ?? [];
      if (url !== undefined) {
        child.stdout.resume();
        return new Target(child, url, cleanUp);
      }
    }
    throw new Error(`Cannot attack the target: it printed "${printed}" and ended`);
  }

  get isUp(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** From now on `peakMb` looks at what comes. */
  resetPeak(): void {
    writeFileSync(`/proc/${this.#process.pid}/clear_refs`, '5');
  }

  /** The most memory that it had at once. */
  get peakMb(): number {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / MEGABYTE_KB;
  }

  async stop(): Promise<void> {
    if (this.isUp) {
      this.#process.kill('SIGKILL');
      await once(this.#process, 'exit');
    }
    this.#cleanUp();
  }
}

export interface Latencies {
  /** Of the healthy client's pings to the server under attack, and to an echo that nobody attacks. */
  readonly server: readonly number[];
  readonly echo: readonly number[];
}

/** The healthy client beside the attacks. */
export class Healthy {
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  static async start(server: Target, echo: Target): Promise<Healthy> {
    const child = fork(join(DIST, 'test/attacks/healthy-client.js'), [server.url, echo.url]);
    await once(child, 'message');
    return new Healthy(child);
  }

  get isUp(): boolean {
    return this.#process.exitCode === null;
  }

  begin(): void {
    this.#process.send('begin');
  }

  async end(): Promise<Latencies> {
    this.#process.send('end');
    const [[server, echo]] = (await once(this.#process, 'message')) as [[number[], number[]]];
    return { server, echo };
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}
