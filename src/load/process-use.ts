import { readFileSync } from 'node:fs';
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { Histogram } from '../measure/histogram.ts';
import type { Clock } from '../protocol/ports.ts';
import type { ProcessUse } from './worker-messages.ts';

const TICK_MS = 10;
/** Of the main thread, which runs the event loop: time on a CPU and time in wait for one, in ns. Linux has it. */
const SCHEDULER_STATISTICS = '/proc/self/schedstat';

/** Measures that count over load only. */
type LoadUse = Omit<ProcessUse, 'rssBytesMax' | 'stallUsMax'>;

/** Watches the process it runs in: CPU, memory, and how late its event loop is. */
export class ProcessWatch {
  readonly #clock: Clock;
  #delay = new Histogram();
  #cpu = process.cpuUsage();
  #sinceUs: number;
  #rssBytesMax = 0;
  #latestDelayUs = 0;
  #stallUsMax = 0;
  #cpuWaitFromUs = cpuWaitUs();
  #expectedUs: number;
  #ticks = 0;
  #gcMs = 0;
  #heapAfterGcBytes: number | undefined;
  #frozen: LoadUse | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #collections = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) this.#onCollection(entry);
  });

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceUs = clock.nowUs();
    this.#expectedUs = this.#sinceUs + TICK_MS * 1000;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
    this.#collections.observe({ entryTypes: ['gc'] });
  }

  /** Forgets what it saw so far: while a process loads its code, nobody waits for it. */
  restart(): void {
    this.#stallUsMax = 0;
    this.#latestDelayUs = 0;
    this.startLoad();
  }

  /** CPU and event-loop delay count from here: ramp-up is not load. */
  startLoad(): void {
    this.#delay = new Histogram();
    this.#cpu = process.cpuUsage();
    this.#sinceUs = this.#clock.nowUs();
    this.#gcMs = 0;
    this.#cpuWaitFromUs = cpuWaitUs();
    this.#frozen = undefined;
  }

  /** A fault kept the event loop busy until now: that is a delay, and not the machine's. */
  excuseStall(): void {
    const nowUs = this.#clock.nowUs();
    this.#noteDelay(Math.max(0, nowUs - this.#expectedUs));
    this.#expectedUs = nowUs + TICK_MS * 1000;
  }

  /** Load is over: CPU and event-loop delay stay at what they are. */
  freeze(): void {
    this.#frozen ??= this.#loadUse();
  }

  /** Largest delay since this was last asked, µs. */
  takeDelayUs(): number {
    const delayUs = this.#latestDelayUs;
    this.#latestDelayUs = 0;
    return delayUs;
  }

  rssBytes(): number {
    return process.memoryUsage.rss();
  }

  /** Heap in use right after a full collection; undefined when there was none since this was last asked. */
  takeHeapAfterGcBytes(): number | undefined {
    const bytes = this.#heapAfterGcBytes;
    this.#heapAfterGcBytes = undefined;
    return bytes;
  }

  use(): ProcessUse {
    this.#rssBytesMax = Math.max(this.#rssBytesMax, this.rssBytes());
    return {
      rssBytesMax: this.#rssBytesMax,
      stallUsMax: this.#stallUsMax,
      ...(this.#frozen ?? this.#loadUse()),
    };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#collections.disconnect();
  }

  #onCollection(entry: PerformanceEntry): void {
    this.#gcMs += entry.duration;
    // Node documents `detail`; its type declarations leave it out.
    const { detail } = entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } };
    if (detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR)
      this.#heapAfterGcBytes = process.memoryUsage().heapUsed;
  }

  #loadUse(): LoadUse {
    const { user, system } = process.cpuUsage(this.#cpu);
    const wallUs = Math.max(1, this.#clock.nowUs() - this.#sinceUs);
    const [waitFromUs, waitToUs] = [this.#cpuWaitFromUs, cpuWaitUs()];
    const knowsWait = waitFromUs !== undefined && waitToUs !== undefined;
    return {
      cpuShare: (user + system) / wallUs,
      ...(knowsWait ? { cpuWaitShare: (waitToUs - waitFromUs) / wallUs } : {}),
      gcShare: (this.#gcMs * 1000) / wallUs,
      eventLoopDelay: this.#delay.summarise(),
    };
  }

  /** Late by what is over the interval; reading memory costs a system call, so that is done now and then. */
  #tick(): void {
    const nowUs = this.#clock.nowUs();
    const lateUs = Math.max(0, nowUs - this.#expectedUs);
    this.#noteDelay(lateUs);
    this.#stallUsMax = Math.max(this.#stallUsMax, lateUs);
    this.#expectedUs = nowUs + TICK_MS * 1000;
    this.#ticks += 1;
    if (this.#ticks % 25 === 0) this.#rssBytesMax = Math.max(this.#rssBytesMax, this.rssBytes());
  }

  #noteDelay(lateUs: number): void {
    this.#delay.record(lateUs);
    this.#latestDelayUs = Math.max(this.#latestDelayUs, lateUs);
  }
}

/** @returns for how long the event loop was ready to run and had no CPU; undefined where nobody says so */
function cpuWaitUs(): number | undefined {
  try {
    const waitNs = Number(readFileSync(SCHEDULER_STATISTICS, 'utf8').split(' ')[1]);
    return Number.isFinite(waitNs) ? waitNs / 1000 : undefined;
  } catch {
    return undefined;
  }
}
