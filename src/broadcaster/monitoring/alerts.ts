import { type Clock, Timer, type Timers } from '../../protocol/ports.ts';
import type { Session } from '../../protocol/session.ts';
import type { BroadcastMetrics } from './broadcast-metrics.ts';

/** With fewer attempts than this a rate says nothing. */
const ATTEMPTS_MIN = 20;
const LOOKS_PER_WINDOW = 10;
const LOOK_MS_MIN = 100;
const LOOK_MS_MAX = 1000;
/** Clients whose buffer is over the limit at a time, each with its own alert. */
const FULL_BUFFERS_MAX = 1000;

export const ALERT_ACTIONS = ['log', 'disconnect', 'scale'] as const;
export type AlertAction = (typeof ALERT_ACTIONS)[number];

export interface AlertSettings {
  /** Over which failures and latency are measured. */
  readonly windowMs: number;
  /** Share of failed attempts, 0..1. */
  readonly failureRatio: number;
  /** Share of the largest buffer of a client, 0..1. */
  readonly bufferRatio: number;
  /** Mean. */
  readonly latencyMs: number;
  readonly actions: readonly AlertAction[];
}

/** Limits that are watched all the time. */
export type ThresholdName = 'failureRate' | 'buffer' | 'latency';

export type AlertName =
  | ThresholdName
  | 'highFailureRate'
  | 'problematicClient'
  /** The hook that was to get more resources did not work. */
  | 'scaleFailed';

/** Something that an operator should know. */
export interface BroadcastAlert {
  readonly name: AlertName;
  readonly atUs: number;
  /** What was measured and what the limit is, in words. */
  readonly detail: string;
  /** The client concerned, or the worst of those. */
  readonly clientId: string | undefined;
}

export interface ThresholdAlert extends BroadcastAlert {
  readonly name: ThresholdName;
}

/**
 * Watches the failure rate, the buffers and the latency, and raises an alert once for each time one of them goes
 * over its limit.
 */
export class AlertWatch {
  readonly #settings: AlertSettings;
  readonly #bufferBytesMax: number;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #metrics: BroadcastMetrics;
  readonly #bufferedBytesOf: (session: Session) => number;
  readonly #worstClient: () => string | undefined;
  readonly #raise: (alert: ThresholdAlert) => void;
  readonly #timer: Timer;
  readonly #lookMs: number;
  readonly #full = new Set<Session>();
  readonly #over = new Set<ThresholdName>();
  /** The slowest send of the latest window or so, and whose it was. */
  #slowestUs = 0;
  #slowestAtUs = 0;
  #slowest: Session | undefined;

  constructor(options: {
    readonly settings: AlertSettings;
    readonly bufferBytesMax: number;
    readonly clock: Clock;
    readonly timers: Timers;
    readonly metrics: BroadcastMetrics;
    readonly bufferedBytesOf: (session: Session) => number;
    /** The client that has failed most. */
    readonly worstClient: () => string | undefined;
    readonly raise: (alert: ThresholdAlert) => void;
  }) {
    this.#settings = options.settings;
    this.#bufferBytesMax = options.bufferBytesMax;
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#metrics = options.metrics;
    this.#bufferedBytesOf = options.bufferedBytesOf;
    this.#worstClient = options.worstClient;
    this.#raise = options.raise;
    this.#timer = new Timer(() => this.#look());
    this.#lookMs = Math.min(LOOK_MS_MAX, Math.max(LOOK_MS_MIN, options.settings.windowMs / LOOKS_PER_WINDOW));
  }

  /** Something is going on: there is something to look at. */
  wake(): void {
    if (!this.#timer.armed) this.#timers.arm(this.#timer, this.#lookMs);
  }

  /** @param latencyUs - what a send took */
  took(session: Session, latencyUs: number): void {
    this.#metrics.took(latencyUs);
    if (latencyUs <= this.#slowestUs) return;
    this.#slowestUs = latencyUs;
    this.#slowest = session;
    this.#slowestAtUs = this.#clock.nowUs();
  }

  /** Looks at the buffer of a session that has just been written to. */
  buffered(session: Session, bytes: number): void {
    if (bytes <= this.#settings.bufferRatio * this.#bufferBytesMax) return;
    if (this.#full.has(session) || this.#full.size >= FULL_BUFFERS_MAX) return;
    this.#full.add(session);
    const full = percent(bytes / this.#bufferBytesMax);
    const { clientId } = session.identity;
    this.#alert(
      'buffer',
      `buffer of ${clientId} is ${full} full, limit ${percent(this.#settings.bufferRatio)}`,
      clientId,
    );
  }

  forget(session: Session): void {
    this.#full.delete(session);
    if (this.#slowest !== session) return;
    this.#slowest = undefined;
    this.#slowestUs = 0;
  }

  stop(): void {
    this.#timers.disarm(this.#timer);
    this.#full.clear();
  }

  #look(): void {
    const { attempts, failureRatio, latencyMeanUs = 0 } = this.#metrics;
    const limits = this.#settings;
    this.#judge('failureRate', failureRatio > limits.failureRatio && attempts >= ATTEMPTS_MIN, () => {
      const detail = `${percent(failureRatio)} of sends failed, limit ${percent(limits.failureRatio)}`;
      return [detail, this.#worstClient()];
    });
    this.#judge('latency', latencyMeanUs > limits.latencyMs * 1000, () => {
      const detail = `a send takes ${Math.round(latencyMeanUs / 1000)} ms on average, limit ${limits.latencyMs} ms`;
      return [detail, this.#slowest?.identity.clientId];
    });
    for (const session of this.#full) {
      if (this.#bufferedBytesOf(session) <= limits.bufferRatio * this.#bufferBytesMax)
        this.#full.delete(session);
    }
    if (this.#clock.nowUs() - this.#slowestAtUs > limits.windowMs * 1000) this.#slowestUs = 0;
    if (attempts > 0 || this.#full.size > 0) this.wake();
  }

  /** One alert for each time that a limit is passed. */
  #judge(name: ThresholdName, over: boolean, about: () => readonly [string, string | undefined]): void {
    if (!over) this.#over.delete(name);
    else if (!this.#over.has(name)) {
      this.#over.add(name);
      this.#alert(name, ...about());
    }
  }

  #alert(name: ThresholdName, detail: string, clientId: string | undefined): void {
    this.#raise({ name, atUs: this.#clock.nowUs(), detail, clientId });
  }
}

/** @param ratio - 0..1 */
export function percent(ratio: number): string {
  return `${Math.round(ratio * 10_000) / 100} %`;
}
