import type { Clock } from '../../protocol/ports.ts';
import { BroadcastMetrics } from './broadcast-metrics.ts';
import type { Failure, FailureKind } from './failure.ts';

/** Failures remembered of one client. */
const FAILURES_MAX = 100;
/** Clients whose failures are remembered at most; half of them, those that failed latest, at least. */
const CLIENTS_MAX = 10_000;
/** With fewer attempts than this a rate says nothing. */
const ATTEMPTS_MIN = 20;
const LAST_ERRORS = 5;

export interface FailureSettings {
  /** Failures within the window that make a client problematic. */
  readonly threshold: number;
  readonly windowMs: number;
  /** Share of all attempts within the window, 0..1, above which there is a warning. */
  readonly globalRatio: number;
  readonly historyMs: number;
  readonly strategy: 'none' | 'disconnect' | 'throttle' | 'degraded';
  /** Throttle: messages a second for a problematic client. */
  readonly throttlePerSec: number;
  /** Degraded: a problematic client gets one of so many messages of a room. */
  readonly keepEvery: number;
}

interface ClientFailures {
  readonly failures: Failure[];
  problematic: boolean;
}

/**
 * Remembers who fails and how, and finds the clients that fail again and again.
 *
 * A client is problematic from its `threshold`-th failure within the window until a whole window has passed without
 * another one. What is done about it is not decided here.
 */
export class FailureHandler {
  readonly #settings: FailureSettings;
  readonly #clock: Clock;
  readonly #rate: BroadcastMetrics;
  readonly #onProblematic: (clientId: string, lastErrors: readonly Failure[]) => void;
  readonly #onHighRate: (ratio: number) => void;
  /**
   * Those that failed latest, and those before them: two generations, since a map that keeps its entries in the order of
   * their latest use walks over what was deleted to find the oldest.
   */
  #young = new Map<string, ClientFailures>();
  #old = new Map<string, ClientFailures>();
  #rateIsHigh = false;
  #recorded = 0;

  constructor(options: {
    readonly settings: FailureSettings;
    readonly clock: Clock;
    /** Once for each time that a client becomes problematic. */
    readonly onProblematic: (clientId: string, lastErrors: readonly Failure[]) => void;
    /** Once for each time that the rate of failures goes over the limit. */
    readonly onHighRate: (ratio: number) => void;
  }) {
    this.#settings = options.settings;
    this.#clock = options.clock;
    this.#onProblematic = options.onProblematic;
    this.#onHighRate = options.onHighRate;
    this.#rate = new BroadcastMetrics({ windowMs: options.settings.windowMs, clock: options.clock });
  }

  /** Failures recorded since the beginning. */
  get recorded(): number {
    return this.#recorded;
  }

  /** Clients with failures that are remembered. */
  get failingClients(): number {
    return this.#young.size + this.#old.size;
  }

  sent(): void {
    this.#rate.sent();
  }

  failed(clientId: string, kind: FailureKind, detail: string): void {
    const nowUs = this.#clock.nowUs();
    this.#recorded += 1;
    const client = this.#remember(clientId, { atUs: nowUs, kind, detail });
    this.#rate.failed(kind);
    this.#checkRate();
    if (client.problematic || this.#recent(client, nowUs) < this.#settings.threshold) return;
    client.problematic = true;
    this.#onProblematic(clientId, client.failures.slice(-LAST_ERRORS));
  }

  isProblematic(clientId: string): boolean {
    const client = this.#clientOf(clientId);
    if (client === undefined || !client.problematic) return false;
    const last = client.failures.at(-1);
    const sinceUs = this.#clock.nowUs() - this.#settings.windowMs * 1000;
    client.problematic = last !== undefined && last.atUs > sinceUs;
    return client.problematic;
  }

  /** What is remembered of a client, oldest first. */
  failuresOf(clientId: string): readonly Failure[] {
    const client = this.#clientOf(clientId);
    if (client !== undefined) this.#forgetOld(client.failures);
    return client?.failures ?? [];
  }

  /** The client with most failures within the window. */
  worst(): string | undefined {
    const nowUs = this.#clock.nowUs();
    let [worst, most] = [undefined as string | undefined, 0];
    for (const [clientId, client] of [...this.#old, ...this.#young]) {
      const count = this.#recent(client, nowUs);
      if (count > most) [worst, most] = [clientId, count];
    }
    return worst;
  }

  /** Starts anew with a client: it has been dealt with. */
  forget(clientId: string): void {
    this.#young.delete(clientId);
    this.#old.delete(clientId);
  }

  #clientOf(clientId: string): ClientFailures | undefined {
    return this.#young.get(clientId) ?? this.#old.get(clientId);
  }

  #remember(clientId: string, failure: Failure): ClientFailures {
    const client = this.#young.get(clientId) ?? this.#rejuvenate(clientId);
    const { failures } = client;
    failures.push(failure);
    if (failures.length > FAILURES_MAX) failures.shift();
    this.#forgetOld(failures);
    return client;
  }

  #rejuvenate(clientId: string): ClientFailures {
    const client = this.#old.get(clientId) ?? { failures: [], problematic: false };
    this.#old.delete(clientId);
    this.#young.set(clientId, client);
    if (this.#young.size >= CLIENTS_MAX / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    return client;
  }

  #forgetOld(failures: Failure[]): void {
    const sinceUs = this.#clock.nowUs() - this.#settings.historyMs * 1000;
    const kept = failures.findIndex(({ atUs }) => atUs >= sinceUs);
    failures.splice(0, kept < 0 ? failures.length : kept);
  }

  #recent({ failures }: ClientFailures, nowUs: number): number {
    const sinceUs = nowUs - this.#settings.windowMs * 1000;
    let count = 0;
    for (let index = failures.length - 1; index >= 0; index -= 1) {
      if ((failures[index]?.atUs ?? 0) <= sinceUs) break;
      count += 1;
    }
    return count;
  }

  #checkRate(): void {
    const ratio = this.#rate.failureRatio;
    const high = ratio > this.#settings.globalRatio && this.#rate.attempts >= ATTEMPTS_MIN;
    if (high && !this.#rateIsHigh) this.#onHighRate(ratio);
    // Only once it is clearly lower: a rate that swings around the limit is one episode.
    if (high || ratio < this.#settings.globalRatio * 0.8) this.#rateIsHigh = high;
  }
}
