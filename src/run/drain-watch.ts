import type { Drain } from '../delivery/loss-judge.ts';
import type { Clock } from '../protocol/ports.ts';
import type { Scenario } from '../scenario/schema.ts';
import type { ReferenceServer } from '../server/reference-server.ts';

/** Without anything new for this long, and with nothing pending at the server, what is missing will not come. */
const QUIET_MS = 500;
/** A worker that had no CPU for a while reports once before it reads what has come meanwhile. */
const QUIET_REPORTS = 3;
/** Each end of a connection gives the other 3 s to close it. */
const CLOSING_MS = 4000;
/** A target does not say what is pending: wait for some of its ack timeouts. */
const TARGET_QUIET_TIMEOUTS = 2.5;

/** What the drain looks at, over all clients. */
export interface DrainCounts {
  readonly ready: number;
  /** Clients that stay away for good. */
  readonly gone: number;
  /** Clients that still wait for something. */
  readonly unfinished: number;
  readonly progress: number;
  /** How often each process with clients has reported at least. */
  readonly reports: number;
}

/** Decides when a drain is over: by what is still missing and how long nothing has moved, never by a mere wait. */
export class DrainWatch {
  readonly #clock: Clock;
  readonly #server: ReferenceServer | undefined;
  readonly #stuckMs: number;
  /** How long a client may think that it is connected where the server has no connection for it. */
  readonly #partingMs: number;
  #moves = -1;
  #movedUs: number;
  #movedAtReport = 0;
  /** How long the server meant to rest when something moved last: a backoff is no standstill. */
  #restUntilUs = 0;
  #complete = false;
  #away = 0;

  constructor(options: {
    readonly scenario: Scenario;
    readonly server: ReferenceServer | undefined;
    readonly clock: Clock;
  }) {
    const { outbox, helloTimeout } = options.scenario.server;
    this.#partingMs = helloTimeout + CLOSING_MS;
    this.#clock = options.clock;
    this.#server = options.server;
    this.#movedUs = options.clock.nowUs();
    this.#stuckMs = Math.min(TARGET_QUIET_TIMEOUTS * outbox.ackTimeout, options.scenario.duration.settle / 2);
  }

  /**
   * Takes in how it stands.
   *
   * @param expected - clients that live
   * @returns whether the drain is complete
   */
  look(counts: DrainCounts, expected: number): boolean {
    this.#away = Math.max(0, expected - counts.gone - counts.ready);
    const server = this.#server;
    const restsUntilUs = server?.restsUntilUs;
    const moves = counts.progress + (server?.transmissions ?? 0);
    if (moves !== this.#moves) {
      this.#moves = moves;
      this.#movedUs = this.#clock.nowUs();
      this.#movedAtReport = counts.reports;
      this.#restUntilUs = restsUntilUs ?? 0;
    }
    this.#complete = restsUntilUs === undefined && this.#isOver(counts);
    return this.#complete;
  }

  /** How it went, once the deadline has come. */
  get outcome(): Drain {
    if (this.#complete) return 'complete';
    return this.#quietMs > this.#stuckMs ? 'stuck' : 'progressing';
  }

  /** Clients without a connection when it was last looked, other than those that are to stay away. */
  get away(): number {
    return this.#away;
  }

  get #quietMs(): number {
    return (this.#clock.nowUs() - Math.max(this.#movedUs, this.#restUntilUs)) / 1000;
  }

  #isOver({ unfinished, ready, reports }: DrainCounts): boolean {
    if (unfinished === 0) return true;
    if (reports - this.#movedAtReport < QUIET_REPORTS) return false;
    // What is missing now is missing for good, when nobody has anything left to send.
    return this.#away === 0 && this.#quietMs > this.#enoughMs(ready);
  }

  #enoughMs(ready: number): number {
    if (this.#server === undefined) return Math.max(QUIET_MS, this.#stuckMs);
    let connected = 0;
    for (const state of this.#server.sessionStates()) if (state.connected) connected += 1;
    return connected < ready ? this.#partingMs : QUIET_MS;
  }
}
