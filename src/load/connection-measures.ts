import { Histogram, type LatencySummary } from '../measure/histogram.ts';

/** Counts by number: by the status of an HTTP answer, or by close code. */
export type CountsByNumber = readonly (readonly [number: number, count: number])[];

/** Measures of connections on their way to another process. */
export interface ConnectionMeasuresRecord {
  readonly attempts: number;
  readonly opened: number;
  readonly failed: number;
  readonly denied: number;
  readonly refused: CountsByNumber;
  readonly closed: CountsByNumber;
  readonly readyUs: number;
  readonly toOpen: LatencySummary;
  readonly toReady: LatencySummary;
  readonly lifetime: LatencySummary;
}

/** What became of the attempts of clients to connect, and of their connections, over any number of clients. */
export class ConnectionMeasures {
  attempts = 0;
  opened = 0;
  /** Attempts that never opened, and got no answer that has a status. */
  failed = 0;
  /** Times that the protocol did not let a client in, or not into a room. */
  denied = 0;
  /** Opening handshakes that the server answered with another status than that of a WebSocket. */
  readonly refused = new Map<number, number>();
  /** Open connections that ended, by close code. */
  readonly closed = new Map<number, number>();
  /** Time that clients had a working connection during load, µs. */
  readyUs = 0;
  /** From dialling to the open socket, and to the working connection. */
  readonly toOpen = new Histogram();
  readonly toReady = new Histogram();
  /** Of connections that ended before the run did. */
  readonly lifetime = new Histogram();
  #loadFromUs = Number.POSITIVE_INFINITY;
  #loadToUs = Number.POSITIVE_INFINITY;

  startLoad(fromUs: number, toUs: number): void {
    this.#loadFromUs = fromUs;
    this.#loadToUs = toUs;
  }

  wasReady(fromUs: number, toUs: number): void {
    this.readyUs += Math.max(0, Math.min(toUs, this.#loadToUs) - Math.max(fromUs, this.#loadFromUs));
  }

  merge(record: ConnectionMeasuresRecord): void {
    this.attempts += record.attempts;
    this.opened += record.opened;
    this.failed += record.failed;
    this.denied += record.denied;
    this.readyUs += record.readyUs;
    for (const [status, count] of record.refused) addTo(this.refused, status, count);
    for (const [code, count] of record.closed) addTo(this.closed, code, count);
    this.toOpen.merge(Histogram.fromSummary(record.toOpen));
    this.toReady.merge(Histogram.fromSummary(record.toReady));
    this.lifetime.merge(Histogram.fromSummary(record.lifetime));
  }

  toRecord(): ConnectionMeasuresRecord {
    const { attempts, opened, failed, denied, readyUs, refused, closed, toOpen, toReady, lifetime } = this;
    return {
      attempts,
      opened,
      failed,
      denied,
      readyUs,
      refused: [...refused],
      closed: [...closed],
      toOpen: toOpen.summarise(),
      toReady: toReady.summarise(),
      lifetime: lifetime.summarise(),
    };
  }
}

/** The connections of one client, one after the other. */
export class ConnectionLife {
  readonly #measures: ConnectionMeasures;
  /** Instants of the present attempt or connection, µs; -1: not yet. */
  #dialledUs = -1;
  #openedUs = -1;
  #readyUs = -1;
  /** The server answered the present attempt with a status. */
  #refused = false;

  constructor(measures: ConnectionMeasures) {
    this.#measures = measures;
  }

  dialled(nowUs: number): void {
    this.#measures.attempts += 1;
    this.#dialledUs = nowUs;
    this.#refused = false;
  }

  /** A second socket beside an open one was dialled by nobody: its time to open is unknown. */
  opened(nowUs: number): void {
    this.#measures.opened += 1;
    if (this.#dialledUs >= 0 && this.#openedUs < 0) this.#measures.toOpen.record(nowUs - this.#dialledUs);
    this.#openedUs = nowUs;
  }

  refused(status: number): void {
    this.#refused = true;
    addTo(this.#measures.refused, status, 1);
  }

  ready(nowUs: number): void {
    if (this.#readyUs >= 0) return;
    this.#readyUs = nowUs;
    if (this.#dialledUs >= 0) this.#measures.toReady.record(nowUs - this.#dialledUs);
    this.#dialledUs = -1;
  }

  closed(nowUs: number, code: number): void {
    if (this.#openedUs >= 0) {
      addTo(this.#measures.closed, code, 1);
      this.#measures.lifetime.record(nowUs - this.#openedUs);
    } else if (!this.#refused) this.#measures.failed += 1;
    this.settle(nowUs);
    this.#dialledUs = -1;
    this.#openedUs = -1;
  }

  /** The older of two sockets is gone; how long it lived is not kept. */
  olderClosed(code: number): void {
    addTo(this.#measures.closed, code, 1);
  }

  /** Counts the time of a connection that works up to now. */
  settle(nowUs: number): void {
    if (this.#readyUs >= 0) this.#measures.wasReady(this.#readyUs, nowUs);
    this.#readyUs = -1;
  }
}

function addTo(counts: Map<number, number>, number: number, count: number): void {
  counts.set(number, (counts.get(number) ?? 0) + count);
}
