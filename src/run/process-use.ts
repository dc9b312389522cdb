import { Histogram } from '../measure/histogram.ts';
import type { Clock } from '../protocol/ports.ts';
import type { ProcessUse } from './worker-messages.ts';

const TICK_MS = 10;

/** Watches the process it runs in: CPU, memory, and how late its event loop is. */
export class ProcessWatch {
  readonly #clock: Clock;
  #delay = new Histogram();
  #cpu = process.cpuUsage();
  #sinceUs: number;
  #rssBytesMax = 0;
  #latestDelayUs = 0;
  #expectedUs: number;
  #ticks = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceUs = clock.nowUs();
    this.#expectedUs = this.#sinceUs + TICK_MS * 1000;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  /** Forgets what it saw so far: ramp-up is not load. */
  restart(): void {
    this.#delay = new Histogram();
    this.#cpu = process.cpuUsage();
    this.#sinceUs = this.#clock.nowUs();
  }

  /** Largest delay since this was last asked, µs. */
  takeDelayUs(): number {
    const delayUs = this.#latestDelayUs;
    this.#latestDelayUs = 0;
    return delayUs;
  }

  use(): ProcessUse {
    const { user, system } = process.cpuUsage(this.#cpu);
    const wallUs = Math.max(1, this.#clock.nowUs() - this.#sinceUs);
    this.#rssBytesMax = Math.max(this.#rssBytesMax, process.memoryUsage.rss());
    return {
      cpuShare: (user + system) / wallUs,
      rssBytesMax: this.#rssBytesMax,
      eventLoopDelay: this.#delay.summarise(),
    };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Late by what is over the interval; reading memory costs a system call, so that is done now and then. */
  #tick(): void {
    const nowUs = this.#clock.nowUs();
    const lateUs = Math.max(0, nowUs - this.#expectedUs);
    this.#delay.record(lateUs);
    this.#latestDelayUs = Math.max(this.#latestDelayUs, lateUs);
    this.#expectedUs = nowUs + TICK_MS * 1000;
    this.#ticks += 1;
    if (this.#ticks % 25 === 0) this.#rssBytesMax = Math.max(this.#rssBytesMax, process.memoryUsage.rss());
  }
}
