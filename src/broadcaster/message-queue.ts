import { utf8Length } from '../protocol/frame.ts';
import { MESSAGE_OVERHEAD_BYTES, OutgoingMessage } from '../protocol/message.ts';
import { type Clock, Timer, type Timers } from '../protocol/ports.ts';
import type { Statistics } from './statistics.ts';

/** Clients remembered as away; the one that left first is forgotten first. */
const AWAY_MAX = 10_000;
/** Of one place in the set of clients that lack a message. */
const RECIPIENT_BYTES = 64;

export interface QueueSettings {
  /** Messages that may be in the queue at a time. */
  readonly size: number;
  /** Bytes of those messages; the last one may go over it. */
  readonly bytesMax: number;
  /** Tries after the first. */
  readonly retries: number;
  /** Wait before a retry, multiplied by its number. */
  readonly retryDelayMs: number;
  /** Interval at which the queue is processed. */
  readonly intervalMs: number;
}

/** What is to be broadcast; each try makes a message of it. */
export type QueuedMessage = ConstructorParameters<typeof OutgoingMessage>[0];

interface Entry {
  readonly message: QueuedMessage;
  readonly recipients: number;
  /** Of its payload and the names it keeps. */
  readonly sizeBytes: number;
  /** Clients that do not have it yet. */
  readonly lacking: Set<string>;
  /** Those of them whose present try has no outcome yet. */
  readonly trying: Set<string>;
  state: 'pending' | 'processing';
  tries: number;
  dueUs: number;
}

/**
 * Reliable broadcast: a message stays in the queue until every recipient has it, or has failed for good.
 *
 * Each try goes only to the recipients that lack it, so that nobody gets it twice. Recipients are the members of the
 * room when the message is queued, and those that have left it without a goodbye so lately that the last try may
 * still find them back.
 */
export class MessageQueue {
  readonly #settings: QueueSettings;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #statistics: Statistics;
  readonly #membersOf: (room: string) => Iterable<string>;
  readonly #send: (message: OutgoingMessage, clientIds: readonly string[]) => void;
  readonly #timer: Timer;
  readonly #entries = new Set<Entry>();
  /** By the message of their present try. */
  readonly #trying = new Map<OutgoingMessage, Entry>();
  readonly #away = new Map<string, { readonly rooms: ReadonlySet<string>; readonly leftUs: number }>();
  readonly #awayMs: number;
  #bytes = 0;

  constructor(options: {
    readonly settings: QueueSettings;
    readonly clock: Clock;
    readonly timers: Timers;
    readonly statistics: Statistics;
    /** Clients in a room. */
    readonly membersOf: (room: string) => Iterable<string>;
    /** Tries to send to single clients; says of each by `reached` or `missed` how it went, at once or later. */
    readonly send: (message: OutgoingMessage, clientIds: readonly string[]) => void;
  }) {
    this.#settings = options.settings;
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#statistics = options.statistics;
    this.#membersOf = options.membersOf;
    this.#send = options.send;
    this.#timer = new Timer(() => this.#look());
    const { retries, retryDelayMs } = options.settings;
    this.#awayMs = (retryDelayMs * retries * (retries + 1)) / 2;
  }

  /** Messages whose outcome is open. */
  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** When the last of the retries that are planned is due, µs; an instant that has passed when none is. */
  get restsUntilUs(): number {
    let untilUs = -1;
    for (const { state, dueUs } of this.#entries) if (state === 'pending') untilUs = Math.max(untilUs, dueUs);
    return untilUs;
  }

  /** @returns undefined when taken, else why not */
  add(message: QueuedMessage): string | undefined {
    if (this.#entries.size >= this.#settings.size || this.#bytes >= this.#settings.bytesMax) {
      this.#statistics.queueRejected += 1;
      return 'queue full';
    }
    const lacking = new Set(this.#membersOf(message.room));
    for (const clientId of this.#awayFrom(message.room)) lacking.add(clientId);
    const entry: Entry = {
      message,
      recipients: lacking.size,
      sizeBytes: utf8Length(message.payloadText) + MESSAGE_OVERHEAD_BYTES + lacking.size * RECIPIENT_BYTES,
      lacking,
      trying: new Set(),
      state: 'pending',
      tries: 0,
      dueUs: this.#clock.nowUs(),
    };
    this.#entries.add(entry);
    this.#bytes += entry.sizeBytes;
    this.#statistics.queueAccepted += 1;
    if (!this.#timer.armed) this.#timers.arm(this.#timer, this.#settings.intervalMs);
    return undefined;
  }

  /** A client has a message. Harmless for a message that was not queued. */
  reached(message: OutgoingMessage, clientId: string): void {
    const entry = this.#trying.get(message);
    if (entry === undefined || !entry.trying.delete(clientId)) return;
    entry.lacking.delete(clientId);
    if (entry.tries > 1) this.#statistics.queueRecovered += 1;
  }

  /** A client did not get a message. Harmless for a message that was not queued. */
  missed(message: OutgoingMessage, clientId: string): void {
    this.#trying.get(message)?.trying.delete(clientId);
  }

  /** A client has lost its connection, and with it its place in these rooms. */
  left(clientId: string, rooms: ReadonlySet<string>): void {
    this.#away.delete(clientId);
    this.#away.set(clientId, { rooms: new Set(rooms), leftUs: this.#clock.nowUs() });
    if (this.#away.size <= AWAY_MAX) return;
    const oldest = this.#away.keys().next();
    if (!oldest.done) this.#away.delete(oldest.value);
  }

  /** A client is back, or has said that it does not come back. */
  forgetAbsence(clientId: string): void {
    this.#away.delete(clientId);
  }

  stop(): void {
    this.#timers.disarm(this.#timer);
    this.#entries.clear();
    this.#bytes = 0;
    this.#trying.clear();
    this.#away.clear();
  }

  *#awayFrom(room: string): Iterable<string> {
    const sinceUs = this.#clock.nowUs() - this.#awayMs * 1000;
    for (const [clientId, { rooms, leftUs }] of this.#away) {
      if (leftUs < sinceUs) this.#away.delete(clientId);
      else if (rooms.has(room)) yield clientId;
    }
  }

  #look(): void {
    const nowUs = this.#clock.nowUs();
    for (const [message, entry] of this.#trying) {
      if (entry.trying.size > 0) continue;
      this.#trying.delete(message);
      this.#settle(entry, nowUs);
    }
    for (const entry of this.#entries) {
      if (entry.state === 'pending' && entry.dueUs <= nowUs) this.#try(entry);
    }
    if (this.#entries.size > 0) this.#timers.arm(this.#timer, this.#settings.intervalMs);
  }

  #try(entry: Entry): void {
    entry.state = 'processing';
    entry.tries += 1;
    if (entry.tries > 1) this.#statistics.queueRetried += entry.lacking.size;
    const message = new OutgoingMessage(entry.message);
    const clientIds = [...entry.lacking];
    for (const clientId of clientIds) entry.trying.add(clientId);
    this.#trying.set(message, entry);
    this.#send(message, clientIds);
  }

  /** A try is over: is another one due? */
  #settle(entry: Entry, nowUs: number): void {
    const { lacking, recipients, tries } = entry;
    if (lacking.size > 0 && tries <= this.#settings.retries) {
      entry.state = 'pending';
      entry.dueUs = nowUs + this.#settings.retryDelayMs * 1000 * tries;
      return;
    }
    this.#entries.delete(entry);
    this.#bytes -= entry.sizeBytes;
    if (lacking.size === 0) this.#statistics.queueCompleted += 1;
    else if (lacking.size < recipients) this.#statistics.queuePartial += 1;
    else this.#statistics.queueFailed += 1;
  }
}
