import type { FaultyService } from '../../faults/fault.ts';
import type { Clock } from '../../protocol/ports.ts';
import { type Instance, READY_WITHIN_MS } from '../../scenario/services-schema.ts';
import { isFree } from './free-port.ts';
import type { ServiceLaunch } from './launch.ts';
import { OutputTail } from './output-tail.ts';
import { listensOn } from './process-tree.ts';
import { addressAnswers, type Look, portAccepts } from './readiness.ts';
import { type Exit, ServiceProcess } from './service-process.ts';
import type { WatchdogCommand } from './watchdog-process.ts';

const OUTPUT_LINES_MAX = 50;
const POLL_MS = 25;
/** Whoever finds its port taken ends sooner than this. */
const STRANGER_MS = 1000;
/** A port of a process that was killed may be in use for a moment. */
const PORT_FREE_MS = 2000;

/** What one process of a service did in a run. */
export interface ServiceRecord {
  readonly name: string;
  readonly port: number;
  readonly starts: number;
  readonly ends: readonly ServiceEnd[];
  /** It was started again and was not ready in time. */
  readonly late: readonly { readonly atUs: number; readonly withinMs: number }[];
  /** Its last lines, the oldest first. */
  readonly output: readonly string[];
}

export interface ServiceEnd extends Exit {
  readonly atUs: number;
  /** `itself`: nobody had asked for it. */
  readonly by: 'itself' | 'fault';
}

/** What became of a start. */
export type Start =
  | { readonly kind: 'ready' }
  | { readonly kind: 'exited'; readonly exit: Exit }
  | { readonly kind: 'late'; readonly missing: string; readonly withinMs: number }
  | { readonly kind: 'given-up' };

/** One process of a service over a run: each of its starts, and its ends by a fault or by itself. */
export class RunningService implements FaultyService {
  readonly instance: Instance;
  port = 0;
  readonly #launch: (port: number) => ServiceLaunch;
  readonly #clock: Clock;
  readonly #tellWatchdog: (command: WatchdogCommand) => void;
  readonly #inTurn: (restart: () => Promise<void>) => void;
  readonly #output: OutputTail;
  readonly #ends: ServiceEnd[] = [];
  readonly #late: { atUs: number; withinMs: number }[] = [];
  #process: ServiceProcess | undefined;
  #lineAwaited = '';
  #lineSeen = false;
  #starts = 0;
  /** When somebody answered first in its place. */
  #answeredMs: number | undefined;
  /** A fault has ended it, and it is to come back. */
  #away = false;
  #isUp = false;
  #paused = false;
  #stopped = false;
  #return: NodeJS.Timeout | undefined;

  constructor(options: {
    readonly instance: Instance;
    readonly launch: (port: number) => ServiceLaunch;
    readonly clock: Clock;
    readonly tellWatchdog: (command: WatchdogCommand) => void;
    /** Runs what it is handed when all that it was handed before is over. */
    readonly inTurn: (restart: () => Promise<void>) => void;
  }) {
    this.instance = options.instance;
    this.#launch = options.launch;
    this.#clock = options.clock;
    this.#tellWatchdog = options.tellWatchdog;
    this.#inTurn = options.inTurn;
    this.#output = new OutputTail(OUTPUT_LINES_MAX, (line) => {
      if (this.#lineAwaited !== '' && line.includes(this.#lineAwaited)) this.#lineSeen = true;
    });
  }

  get name(): string {
    return this.instance.name;
  }

  /** Ready since its last start, and not paused. */
  get isUp(): boolean {
    return this.#isUp && !this.#paused;
  }

  /** It is away for a while, or on its way back. */
  get isComing(): boolean {
    return !this.#stopped && (this.#away || this.#paused);
  }

  /** 0 while it does not run. */
  get pid(): number {
    return this.#process?.hasExited === false ? this.#process.pid : 0;
  }

  /** It ended although nobody wanted it to. */
  get crash(): ServiceEnd | undefined {
    return this.#ends.find(({ by }) => by === 'itself');
  }

  get output(): readonly string[] {
    return this.#output.lines;
  }

  /** Starts it, and waits until it is ready or can't become so. */
  async start(isGivenUp: () => boolean = () => this.#stopped): Promise<Start> {
    const launch = this.#launch(this.port);
    const { ready } = this.instance.service;
    this.#lineAwaited = launch.line;
    [this.#lineSeen, this.#isUp, this.#paused] = [false, false, false];
    this.#answeredMs = undefined;
    const current = new ServiceProcess(launch, {
      hear: (stream) => this.#output.read(stream),
      tellWatchdog: this.#tellWatchdog,
    });
    this.#process = current;
    this.#starts += 1;
    let exit: Exit | undefined;
    void current.exit.then((how) => {
      exit = how;
      this.#exited(current, how);
    });
    const withinMs = ready === 'port' ? READY_WITHIN_MS : ready.within;
    const deadlineMs = performance.now() + withinMs;
    const look = this.#lookFor(launch.http);
    for (;;) {
      const missing = await look();
      if (exit !== undefined) return { kind: 'exited', exit };
      if (current.hasExited) return { kind: 'exited', exit: await current.exit };
      if (isGivenUp()) return { kind: 'given-up' };
      if (missing === undefined && this.#isItself(current)) break;
      if (performance.now() > deadlineMs) return { kind: 'late', missing: missing ?? '', withinMs };
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    this.#isUp = true;
    return { kind: 'ready' };
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#leave();
    clearTimeout(this.#return);
    const { signal, within } = this.instance.service.stop;
    await this.#process?.end(signal, within);
  }

  /** Ends a start that came to nothing, so that there can be another. */
  async abandon(): Promise<void> {
    this.#leave();
    await this.#process?.end('SIGKILL', 0);
    this.#ends.length = 0;
    this.#away = false;
  }

  kill(downMs: number): void {
    if (this.pid === 0) return;
    this.#leave();
    const current = this.#process;
    current?.signal('SIGKILL');
    this.#return = setTimeout(() => void this.#comeBack(current, 'SIGKILL', 0), downMs);
  }

  restart(): void {
    if (this.pid === 0) return;
    const { signal, within } = this.instance.service.stop;
    this.#inTurn(async () => {
      if (this.#stopped || this.pid === 0) return;
      this.#leave();
      await this.#comeBack(this.#process, signal, within);
    });
  }

  pause(): void {
    if (this.pid === 0) return;
    this.#paused = true;
    this.#process?.signal('SIGSTOP');
  }

  resume(): void {
    this.#paused = false;
    if (this.pid !== 0) this.#process?.signal('SIGCONT');
  }

  record(): ServiceRecord {
    return {
      name: this.instance.name,
      port: this.port,
      starts: this.#starts,
      ends: this.#ends,
      late: this.#late,
      output: [...this.output],
    };
  }

  #leave(): void {
    if (this.#process !== undefined) this.#process.endIsWanted = true;
    this.#away = true;
    this.#isUp = false;
    this.#paused = false;
  }

  async #comeBack(old: ServiceProcess | undefined, signal: NodeJS.Signals, withinMs: number): Promise<void> {
    await old?.end(signal, withinMs);
    const deadlineMs = performance.now() + PORT_FREE_MS;
    while (!(await isFree(this.port)) && performance.now() < deadlineMs)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    // Another fault may have started it meanwhile.
    if (this.#stopped || this.#process !== old) return;
    const start = await this.start();
    this.#away = false;
    if (start.kind === 'late') this.#late.push({ atUs: this.#clock.nowUs(), withinMs: start.withinMs });
  }

  #exited(which: ServiceProcess, exit: Exit): void {
    if (this.#stopped) return;
    if (which === this.#process) this.#isUp = false;
    this.#ends.push({ ...exit, atUs: this.#clock.nowUs(), by: which.endIsWanted ? 'fault' : 'itself' });
  }

  /**
   * Whether what answers is this service, and not somebody else who took its port: then it ends soon. Something in
   * between may listen for it, as for a container, so that this is a matter of a moment only.
   */
  #isItself({ pid }: ServiceProcess): boolean {
    if (this.#answeredMs === undefined) this.#answeredMs = performance.now();
    return listensOn(pid, this.port) !== false || performance.now() - this.#answeredMs > STRANGER_MS;
  }

  #lookFor(http: string): Look {
    const { ready } = this.instance.service;
    if (ready === 'port') return portAccepts(this.port);
    if (ready.http !== undefined) return addressAnswers(http);
    const missing = `no line of its output has "${this.#lineAwaited}"`;
    return () => Promise.resolve(this.#lineSeen ? undefined : missing);
  }
}
